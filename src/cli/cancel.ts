/** Command `cancel`: ends staging that runs, and overrides that wait. */
import { tellDone } from './act.ts';
import type { CommandOf } from './command-line.ts';
import { runWithAgent } from './run-client.ts';

export function cancel(command: CommandOf<'cancel'>): Promise<number> {
  return runWithAgent(command, async (client, console) => {
    await client.act('Cancel', '', [], {});
    return tellDone({ text: 'what requests had begun is cancelled', changed: true }, command, console);
  });
}
