/**
 * Command `update`: looks for an update, stages it, and on request reboots into it.
 *
 * Invariant: an override is part of the request to reboot, and nothing of it is left behind.
 */
import { option } from './agent-client.ts';
import { doneOf, runJob, tellDone } from './act.ts';
import type { CommandOf } from './command-line.ts';
import { Failure } from './failure.ts';
import { rebootOptions } from './reboot.ts';
import { runWithAgent } from './run-client.ts';

export function update(command: CommandOf<'update'>): Promise<number> {
  return runWithAgent(command, async (client, console) => {
    const { to, ignoreRollout, reboot, override } = command;
    const staged = await runJob(client, console, 'Stage', {
      ...(ignoreRollout ? { 'ignore-rollout': option.flag(true) } : {}),
      ...(to === undefined ? {} : { to: option.text(to) }),
    });
    const done = doneOf(staged, 'the update is staged');
    if (!reboot) {
      return tellDone(done, command, console);
    }
    const { staged: there } = await client.facts();
    if (there === undefined) {
      throw new Failure('nothing', done.text);
    }
    if (!command.json) {
      console.out(`${done.text}\n`);
    }
    const result = await runJob(client, console, 'Reboot', rebootOptions(override, false));
    return tellDone(doneOf(result, 'the reboot is asked for'), command, console);
  });
}
