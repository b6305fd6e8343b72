/**
 * Parses what systemd calls an environment file: one `KEY=value` on each line, with comments, quotes and escapes. Pure.
 *
 * Invariants:
 * - For every text, the result is that of systemd's own parser.
 * - Where versions differ, systemd 254 is followed: a backslash at the end of a comment does not continue the comment.
 */

/** `\r` ends a line too. */
const BLANKS = /[ \t\n\r]*/y;
const COMMENT = /[#;][^\n\r]*/y;
/** Everything before `=`, which cannot be the first character. A line without `=` is ignored. */
const KEY = /([^\n\r][^=\n\r]*)(=?)/y;
/** A quote that is never closed extends to the end of the file. */
const SINGLE_QUOTED = /[ \t]*'([^']*)'?/y;
const DOUBLE_QUOTED = /[ \t]*"((?:\\[^]|[^"\\])*)\\?"?/y;
/** After quotes, or without any, to the end of the line. Quotes in it are ordinary characters. */
const BARE = /[ \t]*((?:\\[^]|[^\\\n\r])*(?:\\$)?)/y;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The last value of each key. Keys that are not valid variable names are left out. */
export function parseEnvironmentFile(text: string): Map<string, string> {
  const entries = new Map<string, string>();
  let at = 0;
  /** Matches the pattern at the current position, and moves past the match. */
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

/** Within double quotes, a backslash escapes only characters that are special to a shell, and joins lines. */
function unescapeQuoted(text: string): string {
  return text.replace(/\\([^])/g, (both, next: string) => {
    if (next === '\n') {
      return '';
    }
    return '"\\`$'.includes(next) ? next : both;
  });
}

/** Removes blanks at the end, except those that a backslash escapes and those right before a last backslash. */
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
