/** Command `ex moo`: shows that the agent runs and can be reached. */
import { askAgent } from './agent-proxy.ts';
import type { CommandOf } from './command-line.ts';
import { exitCodeOf } from './exit-code-of.ts';
import { out } from './standard-streams.ts';

export function exMoo({ root, talkative }: CommandOf<'ex moo'>): Promise<number> {
  return exitCodeOf(async () => {
    const answer = await askAgent(root, 'Moo', { signature: 'b', body: [talkative] });
    out(`${answer}\n`);
  });
}
