/** Command `allow`: lifts the denial of a release. */
import { printable } from '../errors.ts';
import { tellDone } from './act.ts';
import type { CommandOf } from './command-line.ts';
import { runWithAgent } from './run-client.ts';

export function allow(command: CommandOf<'allow'>): Promise<number> {
  return runWithAgent(command, async (client, console) => {
    const { release } = command;
    await client.act('Allow', 's', [release], {});
    const text = `${printable(release)} is no longer denied`;
    return tellDone({ text, changed: true, release }, command, console);
  });
}
