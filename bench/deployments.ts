/** What it costs the agent to read the deployments of an image-based host. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchOptions, Topic } from './figure.ts';
import { bundledWork } from './bundled-work.ts';
import { runMeasured } from './measured-process.ts';

const DEPLOYMENTS = 4;
const METADATA_BYTES = 300_000;
const SCRIPT = join(import.meta.dirname, 'deployments-work.ts');

export async function measureDeployments({ quick, say }: BenchOptions): Promise<Topic> {
  const times = quick ? 2 : 15;
  const dbus = { ms: [] as number[], peak: [] as number[] };
  const json = { ms: [] as number[], peak: [] as number[] };
  const folder = await mkdtemp('/tmp/zincati-bench-');
  try {
    const script = await bundledWork(SCRIPT, folder);
    const kinds = [
      { mode: 'dbus', series: dbus },
      { mode: 'json', series: json },
    ].map((kind) => ({ ...kind, args: [kind.mode, join(folder, kind.mode), String(DEPLOYMENTS)] }));
    for (const { args } of kinds) {
      execFileSync(process.execPath, [script, ...args, String(METADATA_BYTES)]);
    }
    for (let turn = 1; turn <= times; turn++) {
      say(`deployments: ${turn} of ${times}`);
      for (const { args, series } of kinds) {
        const { ms, peakMb } = await runMeasured(script, args);
        series.ms.push(ms);
        series.peak.push(peakMb);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return {
    title: 'Reading the deployments',
    how:
      `${DEPLOYMENTS} deployments, each with ${METADATA_BYTES / 1000} kB of image metadata: from the bytes of the D-Bus message to ` +
      'the reduced deployments that are kept. Each run is in a new process. Runs alternate with the same data as JSON text, ' +
      'as `rpm-ostree status --json` prints it (without running that program).',
    figures: [
      { what: 'from JSON text', unit: 'ms', samples: json.ms },
      { what: 'from D-Bus', unit: 'ms', samples: dbus.ms },
      { what: 'from JSON text, peak', unit: 'MB', samples: json.peak },
      { what: 'from D-Bus, peak', unit: 'MB', samples: dbus.peak },
    ],
  };
}
