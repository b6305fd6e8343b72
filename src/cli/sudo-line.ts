/** The command line that root may use, fit to paste into a shell. Pure. */
import { isPrintable } from '../text/printable.ts';

/** `args`: without Node and the program. A word that cannot be shown makes a line without its words. */
export function sudoLine(args: readonly string[]): string {
  const words = args.every(isPrintable) ? args : [];
  return ['sudo', 'zincati', ...words.map(quoted)].join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
