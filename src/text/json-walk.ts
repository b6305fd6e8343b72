/**
 * Walks once through JSON in bytes, from left to right, and builds nothing of it. Pure.
 *
 * Invariants:
 * - What it passes up to `end`, `JSON.parse` accepts, and it is within the limits.
 * - It may refuse what is unusual, although that is JSON within the limits. Whoever asks has another way then.
 * - It never recurses, and passes no deep nesting.
 *
 * Each method takes the place of a byte, and returns the place behind what it passed. Places in fields would double the time.
 */
import type { JsonLimits } from './bounded-json.ts';
import {
  BACKSLASH,
  behindEscape,
  type Bracket,
  COLON,
  COMMA,
  ENDS_BARE_VALUE,
  IN_TEXT,
  IS_BLANK,
  LIST,
  OBJECT,
  QUOTE,
  WIDE,
} from './json-bytes.ts';

/** The walk does not pass this. To be caught by whoever asked for the walk. */
export class UnusualJson extends Error {
  constructor(what: string) {
    super(`unusual JSON: ${what}`);
    this.name = new.target.name;
  }
}

/** Values without brackets and quotes. Longer ones are unusual. */
const BARE_VALUE = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;
const LONGEST_BARE_VALUE = 64;
/** Lists and objects in one another, as one bit each. More than twenty are unusual. */
const DEEPEST = 2 ** 21;
/** More different keys are unusual. */
const MOST_KEYS = 64;

export class JsonWalk {
  readonly bytes: Buffer;
  /** Of the last text: whether its bytes are its characters, and all can be printed. */
  isPlain = true;
  /** Of the last key: its place among those that were asked for, then among all others as they came. */
  keyNumber = 0;
  readonly #limits: JsonLimits;
  /** Each with its closing quote. */
  readonly #keys: Buffer[];
  /** Of each key: which one came after it the last time. */
  readonly #after: number[] = [];
  #containers = 0;
  #values = 0;

  constructor(bytes: Buffer, limits: JsonLimits, keys: readonly string[]) {
    this.bytes = bytes;
    this.#limits = limits;
    this.#keys = keys.map((key) => Buffer.from(`${key}"`));
    if (bytes.length > limits.bytes) {
      throw new UnusualJson('bytes');
    }
  }

  /** Passes blanks. */
  blanks(from: number): number {
    let at = from;
    while (IS_BLANK[this.bytes[at] ?? 0] === 1) {
      at += 1;
    }
    return at;
  }

  /** Passes the beginning of a list or an object, and blanks. */
  open(at: number, bracket: Bracket): number {
    if (this.bytes[at] !== bracket) {
      throw new UnusualJson('no list or object');
    }
    this.#containers += 1;
    this.#values += 1;
    return this.blanks(at + 1);
  }

  /** Passes the comma between two entries, and blanks. */
  comma(at: number): number {
    this.#values += 1;
    return this.blanks(at + 1);
  }

  /** Passes the end of a list or an object. */
  close(at: number, bracket: Bracket): number {
    if (this.bytes[at] !== bracket + 2) {
      throw new UnusualJson('no end');
    }
    return at + 1;
  }

  /** Passes a key, its colon and blanks. Sets `keyNumber`. */
  key(from: number): number {
    const { bytes } = this;
    if (bytes[from] !== QUOTE) {
      throw new UnusualJson('no key');
    }
    let at = from + 1;
    const guess = this.#after[this.keyNumber] ?? 0;
    if (!this.#isKey(at, guess)) {
      this.#after[this.keyNumber] = this.#find(at);
    }
    this.keyNumber = this.#after[this.keyNumber] ?? 0;
    at = this.blanks(at + (this.#keys[this.keyNumber]?.length ?? 0));
    if (bytes[at] !== COLON) {
      throw new UnusualJson('no colon');
    }
    this.#values += 1;
    return this.blanks(at + 1);
  }

  #isKey(at: number, number: number): boolean {
    const { bytes } = this;
    const key = this.#keys[number];
    if (key === undefined) {
      return false;
    }
    let place = key.length - 1;
    while (place >= 0 && key[place] === bytes[at + place]) {
      place -= 1;
    }
    return place < 0;
  }

  #find(at: number): number {
    const keys = this.#keys;
    const known = keys.findIndex((_, number) => this.#isKey(at, number));
    if (known !== -1) {
      return known;
    }
    const end = this.text(at - 1);
    // An escape can be another way to write a known key.
    if (!this.isPlain || keys.length >= MOST_KEYS) {
      throw new UnusualJson('keys');
    }
    return keys.push(this.bytes.subarray(at, end)) - 1;
  }

  /** Passes a text. Sets `isPlain`. */
  text(from: number): number {
    const { bytes } = this;
    if (bytes[from] !== QUOTE) {
      throw new UnusualJson('no text');
    }
    let at = from + 1;
    let kinds = 0;
    for (;;) {
      const byte = bytes[at] ?? 0;
      const kind = IN_TEXT[byte] ?? 0;
      if (kind !== 0) {
        kinds |= kind;
        at += 1;
      } else if (byte === BACKSLASH) {
        kinds |= WIDE;
        const behind = behindEscape(bytes, at);
        if (behind === undefined) {
          throw new UnusualJson('an escape');
        }
        at = behind;
      } else if (byte === QUOTE) {
        break;
      } else {
        throw new UnusualJson('no end of a text');
      }
    }
    if (at - from > this.#limits.textLength) {
      throw new UnusualJson('a long text');
    }
    this.isPlain = kinds < WIDE;
    return at + 1;
  }

  /** Passes a value of any kind. */
  skip(from: number): number {
    const { bytes } = this;
    // Of the lists and objects around, the innermost first: 1 for an object. A 1 before them all marks the end.
    let around = 1;
    let at = from;
    for (;;) {
      const byte = bytes[at];
      if (byte === LIST || byte === OBJECT) {
        at = this.open(at, byte);
        if (bytes[at] !== byte + 2) {
          around = around * 2 + Number(byte === OBJECT);
          if (around > DEEPEST) {
            throw new UnusualJson('deep');
          }
          at = byte === OBJECT ? this.key(at) : at;
          continue;
        }
        at = this.close(at, byte);
      } else {
        at = byte === QUOTE ? this.text(at) : this.#bareValue(at);
      }
      while (around > 1) {
        at = this.blanks(at);
        if (bytes[at] === COMMA) {
          break;
        }
        at = this.close(at, around % 2 === 1 ? OBJECT : LIST);
        around >>= 1;
      }
      if (around === 1) {
        return at;
      }
      at = this.comma(at);
      this.#refuseTooMuch();
      at = around % 2 === 1 ? this.key(at) : at;
    }
  }

  /** To be called behind the last value. */
  end(at: number): void {
    if (this.blanks(at) !== this.bytes.length) {
      throw new UnusualJson('more than one value');
    }
    this.#refuseTooMuch();
  }

  #bareValue(from: number): number {
    const { bytes } = this;
    let at = from;
    while (at < bytes.length && at - from <= LONGEST_BARE_VALUE && ENDS_BARE_VALUE[bytes[at] ?? 0] === 0) {
      at += 1;
    }
    if (!BARE_VALUE.test(bytes.toString('latin1', from, at))) {
      throw new UnusualJson('no value');
    }
    return at;
  }

  #refuseTooMuch(): void {
    const { containers, values } = this.#limits;
    if (this.#containers > containers || this.#values > values) {
      throw new UnusualJson('too much');
    }
  }
}
