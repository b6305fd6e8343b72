/** Command `completion`: prints the completion script of a shell. */
import type { CommandOf } from './command-line.ts';
import { completionScript } from './completion-script.ts';
import { EXIT } from './exit-codes.ts';
import { out } from './standard-streams.ts';

export function completion({ shell }: CommandOf<'completion'>): Promise<number> {
  out(completionScript(shell));
  return Promise.resolve(EXIT.ok);
}
