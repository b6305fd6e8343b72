/**
 * An address as people may see it: in the journal, which others read, and in status texts. Pure.
 *
 * Invariants:
 * - Neither user and password nor a query is shown.
 * - An address in which a password could be mistaken for a host, a port or a path is not shown at all. An unescaped `/`,
 *   `#` or `?` in a password makes it look like that.
 */
import { printable } from './printable.ts';

/** Stands for an address that is not shown. */
export const HIDDEN_ADDRESS = '(an address that is not shown, since it may hold a password)';

/** Scheme, perhaps user and password, host, perhaps port, perhaps path; a template counts as a letter. */
const PLAIN =
  /^(https?:\/\/)(?:[^\s/?#@\\]*@)?([\w.~$\{\}-]+|\[[\da-f:.]+\])(:\d{1,5})?((?:\/[\w.~$\{\}%:+,;=!-]*)*)$/iu;

/** `https://updates.example.com/p`, or {@link HIDDEN_ADDRESS}. */
export function shownAddress(text: string): string {
  const [withoutQuery = '', ...query] = text.split('?');
  const found = query.length < 2 && !query.some((part) => /[@/#]/.test(part)) && PLAIN.exec(withoutQuery);
  if (!found) {
    return HIDDEN_ADDRESS;
  }
  const [, scheme = '', host = '', port = '', path = ''] = found;
  return printable(`${scheme}${host}${port}${path}`);
}
