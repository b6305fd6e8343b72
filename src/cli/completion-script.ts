/**
 * Completion scripts, from the table of commands. Pure.
 *
 * Invariants:
 * - A script is all that is needed: nothing is run when somebody presses TAB.
 * - Hidden commands are completed only when their first word is there.
 */
import { bashScript } from './shells/bash-script.ts';
import { fishScript } from './shells/fish-script.ts';
import { zshScript } from './shells/zsh-script.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return bashScript();
    case 'zsh':
      return zshScript();
    case 'fish':
      return fishScript();
  }
}
