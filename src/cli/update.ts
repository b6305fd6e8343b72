/**
 * Command `update`: looks for an update, stages it, and on request reboots into it.
 *
 * Invariants:
 * - An override is part of the request to reboot, and nothing of it is left behind.
 * - With `--reboot`, a reboot that is on its way already is what was asked for, unless `--to` names a release.
 * - "Nothing to do" means that there is no update. A staged one that cannot be booted is blocked.
 */
import { type AgentClient, option } from './agent-client.ts';
import { doneOf, runJob, tellDone } from './act.ts';
import type { CommandOf } from './command-line.ts';
import type { Console } from './console.ts';
import type { ExitName } from './exit-codes.ts';
import { Failure, failureOf } from './failure.ts';
import { rebootOptions } from './reboot.ts';
import { runWithAgent } from './run-client.ts';

export function update(command: CommandOf<'update'>): Promise<number> {
  return runWithAgent(command, async (client, console) => {
    try {
      return await updateWith(client, console, command);
    } catch (error) {
      const { code, message } = failureOf(error, undefined);
      if (command.reboot && code === 'TooLate' && command.to === undefined) {
        return tellDone({ text: message, changed: true }, command, console);
      }
      throw command.reboot && code === 'NotStaged' ? new Failure('blocked', message, { code }) : error;
    }
  });
}

async function updateWith(
  client: AgentClient,
  console: Console,
  command: CommandOf<'update'>,
): Promise<ExitName> {
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
}
