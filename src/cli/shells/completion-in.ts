/** The completion script of a program, for one of the shells. Pure. */
import { bashScript } from './bash-script.ts';
import type { CompletedProgram } from './completed-program.ts';
import { fishScript } from './fish-script.ts';
import { zshScript } from './zsh-script.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completionIn(shell: Shell, program: CompletedProgram): string {
  switch (shell) {
    case 'bash':
      return bashScript(program);
    case 'zsh':
      return zshScript(program);
    case 'fish':
      return fishScript(program);
  }
}
