/**
 * Parses TOML 1.0 into plain data. The only file that knows the TOML library.
 *
 * Invariants:
 * - Tables are Maps, so a key `__proto__` does no harm.
 * - Integers are bigints and floats are numbers, so `1` and `1.0` stay distinct.
 * - Dates stay text until they are needed.
 * - Nothing nests deeper than MAX_DEPTH, and the library gets no text that would keep it busy for long.
 */
import { LocalDate, LocalDateTime, LocalTime, OffsetDateTime, parse } from '@ltd/j-toml';

import { ConfigError, messageOf } from '../errors.ts';
import { printable } from '../text/printable.ts';
import { mayBeSecret, SECRET_KEY } from '../text/shown-path.ts';
import { MAX_DEPTH, tooMuchIn } from './toml-shape.ts';

/** A TOML date, time or date-time, as ISO 8601 text. A class, so that it cannot be mistaken for a table or a string. */
export class TomlDate {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type TomlTable = ReadonlyMap<string, TomlValue>;
/** A bigint is an integer; a number is a float, possibly NaN or infinite. */
export type TomlValue = string | boolean | bigint | number | TomlDate | readonly TomlValue[] | TomlTable;

const LONGEST_LINE_SHOWN = 100;

/**
 * Passed to the library as the name of the source, so that its messages mark the line in one fixed way. It is absolute,
 * because the library resolves it where CommonJS is available, as in a bundle.
 */
const SOURCE_NAME = '/drop-in';
const LINE_MARK = /\n\s*at \(\/drop-in:(\d+):\d+\)/;

/** Parses one file; `file` is its name in messages. Throws ConfigError `config_syntax`. */
export function parseToml(bytes: Uint8Array, file: string): TomlTable {
  const text = decodeUtf8(bytes, file);
  const tooMuch = tooMuchIn(text);
  if (tooMuch !== undefined) {
    const { line, key, what } = tooMuch;
    throw what === 'depth' ? tooDeep(file, key) : tooLong(file, key, line);
  }
  let document: unknown;
  try {
    document = parse({ path: SOURCE_NAME, data: text }, { joiner: '\n', bigint: true });
  } catch (error) {
    throw syntaxError(error, text, file);
  }
  const table = plain(document, file, 0, '');
  if (!(table instanceof Map)) {
    throw new ConfigError('config_syntax', `${file}: must be a TOML document`);
  }
  return table;
}

/** Drops a byte order mark at the start, which some editors leave. Anything but UTF-8 is refused. */
function decodeUtf8(bytes: Uint8Array, file: string): string {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new ConfigError(
      'config_syntax',
      `${file}: line ${firstBadLine(bytes)} must be UTF-8 text, got other bytes`,
      { cause },
    );
  }
}

const LINE_FEED = 0x0a;

/** Each line can be checked by itself, because a line feed is never part of a longer UTF-8 sequence. */
function firstBadLine(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found < 0 ? bytes.length : found;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end + 1;
  }
  return line;
}

function syntaxError(error: unknown, text: string, file: string): ConfigError {
  const full = error instanceof Error ? error.message : String(error);
  const mark = LINE_MARK.exec(full);
  const reason = explain(messageOf(new Error(mark === null ? full : full.slice(0, mark.index))));
  if (mark === null) {
    return new ConfigError('config_syntax', `${file}: must be TOML: ${reason}`, { cause: error });
  }
  const number = Number(mark[1]);
  const line = (text.split('\n')[number - 1] ?? '').trim();
  const shown = line.length > LONGEST_LINE_SHOWN ? `${line.slice(0, LONGEST_LINE_SHOWN)}…` : line;
  return new ConfigError(
    'config_syntax',
    `${file}: line ${number} must be TOML: ${reason}; got: ${printable(withoutSecret(shown))}`,
    { cause: error },
  );
}

/** A line with an address, a key or a token, or a part of one, is shown up to its value. */
export function withoutSecret(line: string): string {
  const mayHoldOne = /_url|:\/\/|@|https?:/i.test(line) || SECRET_KEY.test(line) || mayBeSecret(line);
  if (!mayHoldOne) {
    return line;
  }
  const end = line.indexOf('=');
  const name = line.slice(0, end + 1);
  return end < 0 || mayBeSecret(name) ? '…' : `${name} …`;
}

/** Clearer words for the library's most common messages. */
const EXPLANATIONS: readonly (readonly [RegExp, string])[] = [
  [/^Invalid (?:Float|Integer|Local Date|Local Time) .*/, 'the value is none; a text needs quotes around it'],
  [/^Bad atom value.*/, 'the value is none; a text needs quotes around it'],
  [/^Keys must equal something.*/, 'a key needs "=" and a value'],
  [/^Value can not be missing.*/, 'a value is missing after "="'],
  [/^Duplicate property definition.*/, 'the key is given a second time'],
  [/^Duplicate Table definition.*/, 'the table is opened a second time'],
  [/^Table header is not closed.*/, 'the table header lacks its closing bracket'],
  [/^Bad bare key.*/, 'the key has characters that need quotes'],
  [
    /^Bad basic string.*/,
    'the text is not closed, or has a backslash or control character that TOML does not know',
  ],
  [/^Unexpect charachtor after key\/value pair.*/, 'something follows the value'],
  [/^Integer expect 64 bit range.*/, 'the integer does not fit into 64 bits'],
];

function explain(reason: string): string {
  for (const [pattern, words] of EXPLANATIONS) {
    if (pattern.test(reason)) {
      return words;
    }
  }
  return mayBeSecret(reason) ? 'something in it is none' : reason;
}

function tooDeep(file: string, key: string): ConfigError {
  return new ConfigError(
    'config_syntax',
    `${file}: tables and lists must nest at most ${MAX_DEPTH} deep, got more below ${printable(key)}`,
  );
}

function tooLong(file: string, key: string, line: number): ConfigError {
  return new ConfigError(
    'config_syntax',
    `${file}: line ${line}: the value of ${printable(key)} must have fewer entries in one line, got too many; write each on a line of its own`,
  );
}

/** `key`: the top-level key that the value is below; empty for the file itself. */
function plain(value: unknown, file: string, depth: number, key: string): TomlValue {
  if (depth > MAX_DEPTH) {
    throw tooDeep(file, key);
  }
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
    case 'number':
      return value;
    case 'object':
      if (Array.isArray(value)) {
        return value.map((entry: unknown) => plain(entry, file, depth + 1, key));
      }
      if (value === null) {
        break;
      }
      if (isDate(value)) {
        return new TomlDate(value.toISOString());
      }
      return new Map(
        Object.entries(value).map(([name, entry]) => [
          name,
          plain(entry, file, depth + 1, depth === 0 ? name : key),
        ]),
      );
    default:
  }
  throw new ConfigError('config_syntax', `${file}: holds a value of a type that TOML does not have`);
}

function isDate(value: object): value is object & { toISOString(): string } {
  return (
    value instanceof OffsetDateTime ||
    value instanceof LocalDateTime ||
    value instanceof LocalDate ||
    value instanceof LocalTime
  );
}
