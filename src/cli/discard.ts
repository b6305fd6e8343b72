/** Command `discard`: drops the staged release, and denies it. */
import { tellDone } from './act.ts';
import type { CommandOf } from './command-line.ts';
import { runWithAgent } from './run-client.ts';

export function discard(command: CommandOf<'discard'>): Promise<number> {
  return runWithAgent(command, async (client, console) => {
    const { staged } = await client.facts();
    await client.act('Discard', '', [], {});
    const release = staged?.version;
    const text = `${release ?? 'what was staged'} is dropped and denied; \`zincati allow\` lifts the denial`;
    return tellDone({ text, changed: true, release }, command, console);
  });
}
