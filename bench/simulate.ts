/** What a simulated month of 10,000 nodes takes: the example plan, with the launcher's options of Node and without. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { nodeOptions } from '../scripts/node-options.mjs';
import type { BenchOptions, Topic } from './figure.ts';

const PROJECT = join(import.meta.dirname, '..');
const PROGRAM = join(PROJECT, 'dist/fleet/zincati-fleet.mjs');
const PLAN = join(PROJECT, 'examples/fleet/plan.toml');
const MB = 1e6;

interface Cost {
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly peakMb: number;
}

export async function measureSimulate({ quick, say }: BenchOptions): Promise<Topic> {
  const times = quick ? 3 : 7;
  const launchers = [
    { name: 'as it is installed', options: await nodeOptions('zincati-fleet') },
    { name: "with Node's own options", options: [] },
  ].map((launcher) => ({ ...launcher, costs: [] as Cost[] }));
  for (let turn = 1; turn <= times; turn++) {
    say(`simulate: ${turn} of ${times}`);
    for (const { options, costs } of launchers) {
      costs.push(await costOfOneRun(options));
    }
  }
  return {
    title: 'A simulated fleet',
    how:
      'From starting `zincati-fleet simulate examples/fleet/plan.toml` to its exit: 10,000 nodes for 30 days. ' +
      'Processor time is that of all threads, and the peak is the most that was resident.',
    figures: launchers.flatMap(({ name, costs }) => [
      { what: `${name}: time`, unit: 's', samples: costs.map(({ seconds }) => seconds) },
      {
        what: `${name}: processor time`,
        unit: 's',
        samples: costs.map(({ processorSeconds }) => processorSeconds),
      },
      { what: `${name}: peak`, unit: 'MB', samples: costs.map(({ peakMb }) => peakMb) },
    ]),
  };
}

async function costOfOneRun(options: readonly string[]): Promise<Cost> {
  const folder = await mkdtemp(join(tmpdir(), 'zincati-bench-simulate-'));
  try {
    const file = join(folder, 'cost.json');
    const probe = ['--import', join(import.meta.dirname, 'cost-probe.mjs')];
    const startMs = performance.now();
    const child = spawn(process.execPath, [...options, ...probe, PROGRAM, 'simulate', PLAN], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, COST_FILE: file },
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    const seconds = (performance.now() - startMs) / 1000;
    if (code !== 0) {
      throw new Error(`the simulation must end with code 0, got ${String(code)}`);
    }
    const cost: unknown = JSON.parse(await readFile(file, 'utf8'));
    return { seconds, ...parsedCost(cost) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function parsedCost(cost: unknown): Pick<Cost, 'processorSeconds' | 'peakMb'> {
  if (
    typeof cost !== 'object' ||
    cost === null ||
    !('processorMs' in cost && typeof cost.processorMs === 'number') ||
    !('peakBytes' in cost && typeof cost.peakBytes === 'number')
  ) {
    throw new Error(`the probe must write processorMs and peakBytes, got ${JSON.stringify(cost)}`);
  }
  return { processorSeconds: cost.processorMs / 1000, peakMb: cost.peakBytes / MB };
}
