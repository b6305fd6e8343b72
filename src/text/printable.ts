/** Text from outside, made fit for people to read. Pure. */

const LONGEST_PRINTED = 1000;

/**
 * Control characters, line and paragraph separators, bidirectional overrides: a text with one of them does not look
 * like what it is.
 */
const UNPRINTABLE = String.raw`[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]`;
const SOME_UNPRINTABLE = new RegExp(UNPRINTABLE, 'u');
const EACH_UNPRINTABLE = new RegExp(UNPRINTABLE, 'gu');

/**
 * Makes a text fit for one log line or status text. Line breaks become blanks and other unprintable characters U+FFFD;
 * whatever exceeds 1,000 characters is cut.
 */
export function printable(text: string): string {
  const cut = text.length > LONGEST_PRINTED ? `${text.slice(0, LONGEST_PRINTED)}…` : text;
  return cut.replaceAll(/\s*[\r\n]\s*/g, ' ').replaceAll(EACH_UNPRINTABLE, '\uFFFD');
}

/** True when every character can be shown as it is. */
export function isPrintable(text: string): boolean {
  return !SOME_UNPRINTABLE.test(text);
}
