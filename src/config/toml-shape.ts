/**
 * How much work a TOML text makes, found out before the TOML library sees it. Pure.
 *
 * The library copies the rest of a line for each entry of a list or inline table in it. So its work grows with the
 * square of a line, and with each level of nesting: one mebibyte of `{b=` takes minutes.
 *
 * Invariants:
 * - The text is read once, and nothing of it is kept.
 * - Whether the text is TOML is not decided here. Where it is not, the library says so.
 */

/** What is too much. */
export interface TooMuch {
  /** From 1. */
  readonly line: number;
  /** The key whose value it is, as written; may be empty. */
  readonly key: string;
  readonly what: 'depth' | 'work';
}

/** Settings nest four deep. The bound also keeps recursions over values from overflowing the stack. */
export const MAX_DEPTH = 32;
/**
 * Characters of a line, times the entries that begin in it, for all lines together. The library takes up to a
 * nanosecond for each. A line with 500 checksums makes 18 million.
 */
export const MAX_WORK = 32_000_000;

const LONGEST_KEY = 200;

/** Undefined: the library can be given the text. */
export function tooMuchIn(text: string): TooMuch | undefined {
  let depth = 0;
  let work = 0;
  let line = 1;
  let lineStart = 0;
  let entries = 0;
  let dots = 0;
  let key = '';
  for (let at = 0; at <= text.length; at += 1) {
    const character = at === text.length ? '\n' : text[at];
    switch (character) {
      case '\n':
        work += entries * (at - lineStart);
        if (work > MAX_WORK) {
          return { line, key, what: 'work' };
        }
        line += 1;
        lineStart = at + 1;
        entries = 0;
        dots = 0;
        break;
      case '#':
        at = endOfLine(text, at) - 1;
        break;
      case '"':
      case "'": {
        const end = endOfString(text, at, character);
        const lines = linesIn(text, at, end);
        if (lines > 0) {
          work += entries * (at - lineStart);
          line += lines;
          lineStart = text.lastIndexOf('\n', end - 1) + 1;
          entries = 0;
        }
        at = end - 1;
        break;
      }
      case '[':
        if (depth === 0 && text.slice(lineStart, at).trim() === '') {
          // The header of a table: brackets in it nest nothing.
          const end = endOfLine(text, at);
          const parts = text.slice(at, end).split('.', MAX_DEPTH + 2);
          if (parts.length > MAX_DEPTH + 1) {
            return { line, key: firstPart(parts[0]?.replaceAll('[', '')), what: 'depth' };
          }
          at = end - 1;
          break;
        }
        depth += 1;
        entries += 1;
        dots = 0;
        break;
      case '{':
        depth += 1;
        entries += 1;
        dots = 0;
        break;
      case '.':
        // Each dot in a key opens a table. A value has one at most, in a number or an instant.
        dots += 1;
        if (dots > MAX_DEPTH) {
          return { line, key: depth === 0 ? firstPart(text.slice(lineStart, at)) : key, what: 'depth' };
        }
        break;
      case ']':
      case '}':
        depth = Math.max(depth - 1, 0);
        break;
      case '=':
        if (depth === 0) {
          key = text.slice(lineStart, Math.min(at, lineStart + LONGEST_KEY)).trim();
        }
        entries += 1;
        dots = 0;
        break;
      case ',':
        entries += 1;
        dots = 0;
        break;
      default:
    }
    if (depth > MAX_DEPTH) {
      return { line, key, what: 'depth' };
    }
  }
  return undefined;
}

function firstPart(key = ''): string {
  return (key.split('.', 1)[0] ?? '').slice(0, LONGEST_KEY).trim();
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/**
 * The index after the string that begins at `from`. One that is not closed ends with its line, or with the text.
 * Exported to be put back.
 */
export function endOfString(text: string, from: number, quote: '"' | "'"): number {
  const tripled = quote.repeat(3);
  const isMultiline = text.startsWith(tripled, from);
  const marks = isMultiline ? tripled : quote;
  for (let at = from + marks.length; at < text.length; at += 1) {
    if (quote === '"' && text[at] === '\\') {
      at += 1;
    } else if (text.startsWith(marks, at)) {
      return isMultiline ? afterMarks(text, at, quote) : at + 1;
    } else if (!isMultiline && text[at] === '\n') {
      return at;
    }
  }
  return text.length;
}

/** A text over lines may end with one or two quotes of its own. They stand before its marks and look like them. */
function afterMarks(text: string, from: number, quote: string): number {
  let at = from + 3;
  while (text[at] === quote && at < from + 5) {
    at += 1;
  }
  return at;
}

function linesIn(text: string, from: number, end: number): number {
  let lines = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) {
    lines += 1;
  }
  return lines;
}
