/**
 * JSON with the place of each value, for programs that tell people where a fault is. Pure.
 *
 * Invariants:
 * - It takes what `JSON.parse` takes, and refuses the rest at the first character that does not fit.
 * - A key that is written twice is there twice.
 * - It never recurses, so no depth of nesting overflows the stack. Callers bound the text beforehand.
 */

/** Offsets count in characters of the text; `end` is behind the last one. */
interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Member {
  readonly key: string;
  readonly keyAt: number;
  readonly value: Placed;
}

export type Placed = Span &
  (
    | { readonly kind: 'object'; readonly members: readonly Member[] }
    | { readonly kind: 'list'; readonly items: readonly Placed[] }
    | { readonly kind: 'scalar'; readonly value: string | number | boolean | null }
  );

/** The text is no JSON. The message says what was expected. */
export class JsonPlaceError extends SyntaxError {
  /** Offset of the first character that does not fit. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.name = new.target.name;
    this.at = at;
  }
}

type Open =
  | { readonly start: number; readonly members: Member[]; key: { text: string; at: number } | undefined }
  | { readonly start: number; readonly items: Placed[] };

const BLANKS = /[ \t\r\n]*/y;
const TEXT = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null/y;
const PUNCTUATION = /[{}[\],:]/y;

/** Throws JsonPlaceError. */
export function placeJson(text: string): Placed {
  let at = 0;
  const open: Open[] = [];

  const take = (form: RegExp): string | undefined => {
    form.lastIndex = at;
    const found = form.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const next = (mark: string): boolean => {
    take(BLANKS);
    PUNCTUATION.lastIndex = at;
    const isNext = PUNCTUATION.exec(text)?.[0] === mark;
    at += isNext ? 1 : 0;
    return isNext;
  };
  const refuse = (expected: string): never => {
    throw new JsonPlaceError(`it must be JSON: expected ${expected}, got ${shownAt(text, at)}`, at);
  };
  const readKey = (): { text: string; at: number } => {
    take(BLANKS);
    const keyAt = at;
    const key = take(TEXT);
    if (key === undefined) {
      return refuse('a key in double quotes');
    }
    if (!next(':')) {
      refuse('a colon');
    }
    return { text: decoded(key), at: keyAt };
  };

  for (;;) {
    let done: Placed | undefined = begin();
    // A value that is whole goes into the one around it, which may be whole then, too.
    while (done !== undefined) {
      const around = open.at(-1);
      if (around === undefined) {
        take(BLANKS);
        return at < text.length ? refuse('the end') : done;
      }
      done = add(around, done);
    }
  }

  /** The value at this place, or undefined: one with others inside it was begun. */
  function begin(): Placed | undefined {
    take(BLANKS);
    const start = at;
    if (next('{')) {
      if (next('}')) {
        return { kind: 'object', members: [], start, end: at };
      }
      open.push({ start, members: [], key: readKey() });
      return undefined;
    }
    if (next('[')) {
      if (next(']')) {
        return { kind: 'list', items: [], start, end: at };
      }
      open.push({ start, items: [] });
      return undefined;
    }
    const scalar = take(TEXT) ?? take(NUMBER) ?? take(WORD);
    return scalar === undefined
      ? refuse('a value')
      : { kind: 'scalar', value: scalarOf(scalar), start, end: at };
  }

  /** Undefined: another value follows in the same list or object. */
  function add(around: Open, value: Placed): Placed | undefined {
    if ('items' in around) {
      around.items.push(value);
      if (next(',')) {
        return undefined;
      }
      if (!next(']')) {
        refuse('a comma or ]');
      }
      open.pop();
      return { kind: 'list', items: around.items, start: around.start, end: at };
    }
    const { key } = around;
    around.members.push({ key: key?.text ?? '', keyAt: key?.at ?? value.start, value });
    if (next(',')) {
      around.key = readKey();
      return undefined;
    }
    if (!next('}')) {
      refuse('a comma or }');
    }
    open.pop();
    return { kind: 'object', members: around.members, start: around.start, end: at };
  }
}

/** The last member of that name, which is the one that `JSON.parse` keeps. */
export function memberOf(place: Placed | undefined, key: string): Member | undefined {
  return place?.kind === 'object' ? place.members.findLast((member) => member.key === key) : undefined;
}

/** From offsets to lines and columns, both counted from 1. */
export class LineIndex {
  readonly #starts: readonly number[];

  constructor(text: string) {
    const starts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
      starts.push(at + 1);
    }
    this.#starts = starts;
  }

  placeOf(offset: number): { readonly line: number; readonly column: number } {
    let [low, high] = [0, this.#starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      [low, high] = (this.#starts[middle] ?? 0) <= offset ? [middle, high] : [low, middle];
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}

function decoded(text: string): string {
  const value: unknown = JSON.parse(text);
  return typeof value === 'string' ? value : '';
}

function scalarOf(text: string): string | number | boolean | null {
  const value: unknown = JSON.parse(text);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

const LONGEST_SHOWN = 20;

function shownAt(text: string, at: number): string {
  const [line = ''] = text.slice(at, at + LONGEST_SHOWN).split(/[\r\n]/);
  return at >= text.length ? 'the end' : JSON.stringify(line === '' ? text.slice(at, at + 1) : line);
}
