/**
 * JSON from outside. Its shape is checked before anything of it is built, since a few kilobytes of brackets can build
 * structures of gigabytes. Pure.
 *
 * Invariants:
 * - The check reads the text once and keeps nothing of it but the names of keys, of which it allows a bounded number.
 * - It never recurses, so no depth of nesting overflows the stack.
 * - Whatever it lets through, `JSON.parse` builds in memory that the limits bound. Whether it is JSON, only that says.
 */
import { KIBIBYTE, MEBIBYTE } from './units.ts';

export interface JsonLimits {
  /** Of the text in UTF-8; where it comes as a string, of its characters. */
  readonly bytes: number;
  /** Lists and objects within one another. */
  readonly depth: number;
  /** Lists and objects in all. Even an empty one takes 56 bytes. */
  readonly containers: number;
  /** Entries of lists, keys and values of objects, in all. */
  readonly values: number;
  /** Characters of one text, as written. */
  readonly textLength: number;
  /** Different keys. Each may make objects of yet another layout. */
  readonly keys: number;
}

/** An error document has a word and a sentence. */
export const SMALL_JSON: JsonLimits = {
  bytes: 64 * KIBIBYTE,
  depth: 16,
  containers: 1000,
  values: 4000,
  textLength: 16 * KIBIBYTE,
  keys: 500,
};

/** Real update graphs have 0.07 MB with 200 releases. This has room for fifty times as many. */
export const GRAPH_JSON: JsonLimits = {
  bytes: 4 * MEBIBYTE,
  // An edge that nests is one bad edge; the count of containers bounds it.
  depth: 60_000,
  containers: 60_000,
  values: 300_000,
  textLength: 64 * KIBIBYTE,
  keys: 1000,
};

/** The agent's record has some hundred short entries. It allows for a thousand of each kind. */
export const RECORD_JSON: JsonLimits = {
  bytes: 4 * MEBIBYTE,
  depth: 16,
  containers: 20_000,
  values: 100_000,
  textLength: 64 * KIBIBYTE,
  keys: 1000,
};

/** What images and rpm-ostree say about a deployment: real ones have up to 0.6 MB, and a few thousand labels. */
export const METADATA_JSON: JsonLimits = {
  bytes: 4 * MEBIBYTE,
  depth: 64,
  containers: 50_000,
  values: 200_000,
  textLength: MEBIBYTE,
  keys: 20_000,
};

/** The text is larger than a limit allows. The message begins with "it must". */
export class JsonLimitError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** Parses bytes, in which a byte order mark may lead. Throws JsonLimitError, or SyntaxError when it is not JSON. */
export function parseJsonBytes(bytes: Uint8Array, limits: JsonLimits): unknown {
  if (bytes.length > limits.bytes) {
    throw tooMuch('have at most', limits.bytes, 'bytes', bytes.length);
  }
  return parseJsonText(new TextDecoder().decode(bytes), limits);
}

/** Parses a text. Throws as {@link parseJsonBytes} does. */
export function parseJsonText(text: string, limits: JsonLimits): unknown {
  checkJson(text, limits);
  const value: unknown = JSON.parse(text);
  return value;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** Blank, tab, line feed and carriage return are all that JSON allows between its parts. */
const BLANK = 0x20;

/** Throws JsonLimitError when building what the text says could take more than `limits` allow. */
export function checkJson(text: string, limits: JsonLimits): void {
  if (text.length > limits.bytes) {
    throw tooMuch('have at most', limits.bytes, 'characters', text.length);
  }
  const keys = new Set<string>();
  let depth = 0;
  let containers = 0;
  let values = 0;
  // Stryker disable next-line EqualityOperator: behind the end is no character that counts.
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfText(text, at + 1);
        if (end - at - 1 > limits.textLength) {
          throw tooMuch('have texts of at most', limits.textLength, 'characters', end - at - 1);
        }
        if (text.charCodeAt(afterBlanks(text, end + 1)) === COLON) {
          keys.add(text.slice(at + 1, end));
          if (keys.size > limits.keys) {
            throw new JsonLimitError(`it must have at most ${limits.keys} different keys, got more`);
          }
        }
        at = end;
        break;
      }
      case OPEN_LIST:
      case OPEN_OBJECT:
        depth += 1;
        containers += 1;
        values += 1;
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth -= 1;
        break;
      case COMMA:
      case COLON:
        values += 1;
        break;
      default:
    }
    if (depth > limits.depth) {
      throw new JsonLimitError(`it must nest at most ${limits.depth} deep, got more`);
    }
    if (containers > limits.containers) {
      throw new JsonLimitError(`it must have at most ${limits.containers} lists and objects, got more`);
    }
    if (values > limits.values) {
      throw new JsonLimitError(`it must have at most ${limits.values} values, got more`);
    }
  }
}

/** The index of the closing quote, or the length of the text where there is none. */
function endOfText(text: string, from: number): number {
  let at = from;
  // Stryker disable next-line EqualityOperator: behind the end is no quote.
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      return at;
    }
    at += code === BACKSLASH ? 2 : 1;
  }
  return text.length;
}

/** Behind the end of the text there is no character, and so no blank. */
function afterBlanks(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) <= BLANK) {
    at += 1;
  }
  return at;
}

function tooMuch(what: string, most: number, unit: string, got: number): JsonLimitError {
  return new JsonLimitError(`it must ${what} ${most} ${unit}, got ${got}`);
}
