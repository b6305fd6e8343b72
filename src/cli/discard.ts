/** Command `discard`: drops the staged release, and denies it. */
import { tellDone } from './act.ts';
import type { CommandOf } from './command-line.ts';
import { resultFacts } from './decode-agent.ts';
import { runWithAgent } from './run-client.ts';

export function discard(command: CommandOf<'discard'>): Promise<number> {
  return runWithAgent(command, async (client, console) => {
    const { staged } = await client.facts();
    const result = resultFacts(await client.act('Discard', '', [], {}));
    const { changed, request } = result;
    const release = result.release ?? staged?.version;
    // An agent of an older version does not say what it has done.
    const done = result.text ?? `${release ?? 'what was staged'} is dropped and denied`;
    const allow = release === undefined ? 'allow' : `allow ${release}`;
    const text = `${done}; \`zincati ${allow}\` lifts the denial`;
    return tellDone({ text, changed, request, release }, command, console);
  });
}
