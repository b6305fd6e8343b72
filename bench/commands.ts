/** How long an operator waits for a command: from starting the launcher, as a shell does, to its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { layOut } from '../scripts/layout.mjs';
import { bareRunMs } from './bare-node.ts';
import { BenchHost } from './bench-host.ts';
import type { BenchOptions, Figure, Topic } from './figure.ts';

/** With the exit code that it must have on the host of the benchmark, which runs the newest release. */
const COMMANDS = [
  { words: ['--help'], code: 0 },
  { words: ['status'], code: 0 },
  { words: ['why'], code: 0 },
  { words: ['history'], code: 0 },
  { words: ['check'], code: 3 },
  { words: ['config', 'check'], code: 0 },
] as const;

export async function measureCommands({ quick, say }: BenchOptions): Promise<Topic> {
  const times = quick ? 5 : 41;
  const bare: number[] = [];
  const samples = COMMANDS.map((): number[] => []);
  const installed = await mkdtemp('/tmp/zincati-bench-installed-');
  try {
    layOut(installed, { layout: 'usr', node: await realpath(process.execPath), addon: undefined });
    const program = join(installed, 'usr/bin/zincati');
    await using host = await BenchHost.prepare();
    const { stop } = await host.startAgent();
    await host.idlePolls(1);
    // The first run of each fills the page cache.
    for (let turn = 0; turn <= times; turn++) {
      say(`commands: ${turn} of ${times}`);
      const bareMs = await bareRunMs();
      if (turn > 0) {
        bare.push(bareMs);
      }
      for (const [index, { words, code }] of COMMANDS.entries()) {
        const ms = await runMs(program, [...words, '--root', host.root], code);
        if (turn > 0) {
          samples[index]?.push(ms);
        }
      }
    }
    await stop();
  } finally {
    await rm(installed, { recursive: true, force: true });
  }
  const figures = COMMANDS.map(({ words }, index): Figure => ({
    what: `\`zincati ${words.join(' ')}\``,
    unit: 'ms',
    samples: samples[index] ?? [],
  }));
  return {
    title: 'Commands',
    how:
      'From starting `/usr/bin/zincati`, as it is installed, to its exit, beside an idle agent and a real bus. ' +
      'Runs alternate with a Node that runs an empty script. Files are in the page cache.',
    figures: [{ what: 'bare `node -e 0`, start to exit', unit: 'ms', samples: bare }, ...figures],
  };
}

async function runMs(program: string, args: readonly string[], expected: number): Promise<number> {
  const startMs = performance.now();
  const child = spawn(program, args, { stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number | null];
  const ms = performance.now() - startMs;
  if (code !== expected) {
    throw new Error(`\`${args.join(' ')}\` must end with code ${expected}, got ${String(code)}`);
  }
  return ms;
}
