/** Command `deny`: keeps a release from being staged or booted. */
import { printable } from '../errors.ts';
import { option } from './agent-client.ts';
import { tellDone } from './act.ts';
import type { CommandOf } from './command-line.ts';
import { runWithAgent } from './run-client.ts';

export function deny(command: CommandOf<'deny'>): Promise<number> {
  return runWithAgent(command, async (client, console) => {
    const { release, reason } = command;
    await client.act('Deny', 's', [release], reason === undefined ? {} : { reason: option.text(reason) });
    return tellDone({ text: `${printable(release)} is denied`, changed: true, release }, command, console);
  });
}
