/** Files below the share folder of a prefix that are made from the table of commands. Pure. */
import { completionScript } from './completion.ts';
import { COMMANDS } from './commands.ts';
import { PROGRAM } from './command-line.ts';
import { manualPage } from './manual-page.ts';

/** Name below `share`, and contents. */
export function sharedFiles(): Readonly<Record<string, string>> {
  return {
    [`bash-completion/completions/${PROGRAM}`]: completionScript('bash', COMMANDS),
    [`zsh/site-functions/_${PROGRAM}`]: completionScript('zsh', COMMANDS),
    [`fish/vendor_completions.d/${PROGRAM}.fish`]: completionScript('fish', COMMANDS),
    [`man/man1/${PROGRAM}.1`]: manualPage(COMMANDS),
  };
}
