/** Command `cancel`: ends staging that runs, and overrides that wait. */
import { tellDone } from './act.ts';
import { inLocalTerms } from './agent-text.ts';
import type { CommandOf } from './command-line.ts';
import { resultFacts } from './decode-agent.ts';
import { runWithAgent } from './run-client.ts';

export function cancel(command: CommandOf<'cancel'>): Promise<number> {
  return runWithAgent(command, async (client, console) => {
    const result = resultFacts(await client.act('Cancel', '', [], {}));
    const { changed, request, release, cancelled } = result;
    // An agent of an older version does not say what it has done.
    const said = result.text ?? 'what requests had begun is cancelled';
    const text = inLocalTerms(said, console.terms(), { far: false });
    return tellDone({ text, changed, request, release, cancelled }, command, console);
  });
}
