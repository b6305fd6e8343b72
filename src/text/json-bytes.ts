/** Bytes that mean something in JSON. Pure. */

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
/** Blank, tab, line feed and carriage return are all that JSON allows between its parts. */
const BLANK = 0x20;
const BLANKS = [BLANK, 0x09, 0x0a, 0x0d];

/** How a list and an object begin. Each ends with the byte two further on. */
export const LIST = 0x5b;
export const OBJECT = 0x7b;
export type Bracket = typeof LIST | typeof OBJECT;

const PLAIN = 1;
export const WIDE = 2;
/** Of each byte: what it is in a text; 0 when it is not just a part of it. Plain are those of ASCII that can be printed. */
export const IN_TEXT = tableOf((byte) =>
  byte < BLANK || byte === QUOTE || byte === BACKSLASH ? 0 : byte < 0x7f ? PLAIN : WIDE,
);
export const IS_BLANK = tableOf((byte) => Number(BLANKS.includes(byte)));
const IS_ESCAPED = tableOf((byte) => Number(String.raw`"\/bfnrt`.includes(String.fromCodePoint(byte))));
const IS_HEX = tableOf((byte) => Number(/[\da-fA-F]/.test(String.fromCodePoint(byte))));

export const ENDS_BARE_VALUE = tableOf((byte) => Number([...BLANKS, ...Buffer.from(',]}')].includes(byte)));

function tableOf(entry: (byte: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => entry(byte));
}

/** The place behind an escape; undefined when it is none. `backslash`: where it begins. */
export function behindEscape(bytes: Buffer, backslash: number): number | undefined {
  const byte = bytes[backslash + 1] ?? 0;
  let at = backslash + 2;
  if (byte === LETTER_U) {
    const end = at + 4;
    while (at < end && IS_HEX[bytes[at] ?? 0] === 1) {
      at += 1;
    }
    if (at === end) {
      return at;
    }
  } else if (IS_ESCAPED[byte] === 1) {
    return at;
  }
  return undefined;
}
