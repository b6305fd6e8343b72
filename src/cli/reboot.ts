/** Command `reboot`: reboots into the staged release, if the gates allow it now. */
import { type CallOptions, option } from './agent-client.ts';
import { doneOf, runJob, tellDone } from './act.ts';
import type { CommandOf } from './command-line.ts';
import { runWithAgent } from './run-client.ts';

export function reboot(command: CommandOf<'reboot'>): Promise<number> {
  return runWithAgent(command, async (client, console) => {
    const options = rebootOptions(command.override, command.dryRun);
    const result = await runJob(client, console, 'Reboot', options);
    return tellDone(doneOf(result, 'the reboot is asked for'), command, console);
  });
}

export function rebootOptions(override: readonly string[], dryRun: boolean): CallOptions {
  return {
    ...(override.length === 0 ? {} : { override: option.texts(override) }),
    ...(dryRun ? { 'dry-run': option.flag(true) } : {}),
  };
}
