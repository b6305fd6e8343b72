/** The second act of the demo: a policy is tried on a fleet that does not exist. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { nodeOptions } from '../scripts/node-options.mjs';

const PROJECT = join(import.meta.dirname, '..');

/** Resolves with the exit code of the simulation, which Ctrl-C ends. */
export async function simulateExample(): Promise<number> {
  const plan = 'examples/fleet/plan.toml';
  process.stdout.write(
    `zincati-fleet simulate ${plan}: 10,000 nodes for 30 days, in some ten seconds.\n` +
      'Its groups and their drop-ins are in examples/fleet; change a window there, and run it again.\n\n',
  );
  const program = join(PROJECT, 'dist/fleet/zincati-fleet.mjs');
  const child = spawn(
    process.execPath,
    [...(await nodeOptions('zincati-fleet')), program, 'simulate', join(PROJECT, plan)],
    { stdio: 'inherit' },
  );
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? (signal === 'SIGINT' ? 130 : 1);
}
