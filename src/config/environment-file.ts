/**
 * Parses what systemd calls an environment file: `KEY=value` to a line, with comments, quotes and escapes. Pure.
 *
 * Invariant: for every text the result is that of systemd's own parser. Differs by version: after a comment that ends in
 * a backslash the next line counts, as it does from systemd 254 on.
 */

/** `\r` ends a line as well. */
const BLANKS = /[ \t\n\r]*/y;
const COMMENT = /[#;][^\n\r]*/y;
/** What is before `=`, which does not count as the first letter; a line without one says nothing. */
const KEY = /([^\n\r][^=\n\r]*)(=?)/y;
/** A quote that is never closed goes on to the end. */
const SINGLE_QUOTED = /[ \t]*'([^']*)'?/y;
const DOUBLE_QUOTED = /[ \t]*"((?:\\[^]|[^"\\])*)\\?"?/y;
/** Behind quotes, or without any: to the end of the line. Quotes in it are letters. */
const BARE = /[ \t]*((?:\\[^]|[^\\\n\r])*(?:\\$)?)/y;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A key that is there twice has its last value; keys that no variable can have are left out. */
export function parseEnvironmentFile(text: string): Map<string, string> {
  const entries = new Map<string, string>();
  let at = 0;
  /** What the pattern finds right here, or nothing. */
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) {
      at = pattern.lastIndex;
    }
    return found;
  };

  for (take(BLANKS); at < text.length; take(BLANKS)) {
    if (take(COMMENT) !== null) {
      continue;
    }
    const [, key = '', equals = ''] = take(KEY) ?? [];
    if (equals === '') {
      continue;
    }
    let value = '';
    for (;;) {
      const single = take(SINGLE_QUOTED);
      const double = single === null ? take(DOUBLE_QUOTED) : null;
      if (single === null && double === null) {
        break;
      }
      value += single?.[1] ?? unescapeQuoted(double?.[1] ?? '');
    }
    value += unescapeBare(take(BARE)?.[1] ?? '');
    const name = key.replace(/[ \t]+$/, '');
    if (NAME.test(name)) {
      entries.set(name, value);
    }
  }
  return entries;
}

/** Between double quotes a backslash protects only what a shell would act upon, and joins lines. */
function unescapeQuoted(text: string): string {
  return text.replace(/\\([^])/g, (both, next: string) => {
    if (next === '\n') {
      return '';
    }
    return '"\\`$'.includes(next) ? next : both;
  });
}

/** Blanks at the end go, but for those that a backslash protects, or stand before one. */
function unescapeBare(text: string): string {
  const letters = text.match(/\\[^]|\\$|[^\\]/g) ?? [];
  let length = letters.length;
  while (length > 0 && /^[ \t]$/.test(letters[length - 1] ?? '')) {
    length -= 1;
  }
  return letters
    .slice(0, length)
    .map((letter) => (letter.startsWith('\\') ? letter.slice(1).replace(/[\n\r]/, '') : letter))
    .join('');
}
