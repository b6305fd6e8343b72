/** Command `check`: asks the update server now. */
import { doneOf, runJob, tellDone } from './act.ts';
import type { CommandOf } from './command-line.ts';
import { runWithAgent } from './run-client.ts';

export function check(command: CommandOf<'check'>): Promise<number> {
  return runWithAgent(command, async (client, console) => {
    const result = await runJob(client, console, 'Check', {});
    return tellDone(doneOf(result, 'the update server was asked'), command, console);
  });
}
