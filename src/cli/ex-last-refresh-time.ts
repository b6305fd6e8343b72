/** Command `ex last-refresh-time`: prints when the agent last went to work, in seconds since 1970 UTC. */
import { askAgent } from './agent-proxy.ts';
import type { CommandOf } from './command-line.ts';
import { exitCodeOf } from './exit-code-of.ts';
import { out } from './standard-streams.ts';

export function exLastRefreshTime({ root }: CommandOf<'ex last-refresh-time'>): Promise<number> {
  return exitCodeOf(async () => {
    const seconds = await askAgent(root, 'LastRefreshTime');
    out(`${seconds}\n`);
  });
}
