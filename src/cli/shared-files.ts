/** The files of the package that are made of the table of commands. The build writes them. Pure. */
import { completionScript } from './completion-script.ts';
import { KINDS } from './json-document.ts';
import { schemaOf } from './json-schemas.ts';
import { manualPage } from './manual-page.ts';

/** Their texts, by their paths below /usr/share. */
export function sharedFiles(): Readonly<Record<string, string>> {
  const files: Record<string, string> = {
    'man/man8/zincati.8': manualPage(),
    'bash-completion/completions/zincati': completionScript('bash'),
    'zsh/site-functions/_zincati': completionScript('zsh'),
    'fish/vendor_completions.d/zincati.fish': completionScript('fish'),
  };
  for (const kind of KINDS) {
    files[`zincati/schemas/v1/${kind}.json`] = `${JSON.stringify(schemaOf(kind), null, 2)}\n`;
  }
  return files;
}
