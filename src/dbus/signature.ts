/**
 * Parses D-Bus type signatures. Pure.
 *
 * Invariants:
 * - Only signatures that the specification allows are accepted.
 * - So every array element takes at least one byte, and a reader that follows the tree always ends.
 */

/** One complete type. `child`: the element of an array, the fields of a struct, or the key and value of an entry. */
export interface TypeTree {
  readonly type: string;
  readonly child: readonly TypeTree[];
}

/** The specification's limits on the length of a signature, and on the nesting of arrays and of structs in it. */
const LONGEST_SIGNATURE = 255;
const DEEPEST_ARRAYS = 32;
const DEEPEST_STRUCTS = 32;

const BASIC_TYPES = 'ybnqiuxtdsogh';

const LEAVES: ReadonlyMap<string, TypeTree> = new Map(
  Array.from(`${BASIC_TYPES}v`, (type) => [type, { type, child: [] }]),
);

export class SignatureError extends Error {}

/** The complete types that `signature` consists of; throws SignatureError. */
export function parseSignature(signature: string): readonly TypeTree[] {
  const leaf = LEAVES.get(signature);
  // Stryker disable next-line ConditionalExpression,BlockStatement: the parser would say the same, later.
  if (leaf !== undefined) {
    return [leaf];
  }
  if (signature.length > LONGEST_SIGNATURE) {
    throw new SignatureError(
      `signature must have at most ${LONGEST_SIGNATURE} characters, got ${signature.length}`,
    );
  }
  const parser = new Parser(signature);
  const types: TypeTree[] = [];
  while (!parser.atEnd()) {
    types.push(parser.completeType(0, 0));
  }
  return types;
}

/** The signature of each complete type in `signature`; throws SignatureError. */
export function splitSignature(signature: string): readonly string[] {
  return parseSignature(signature).map(signatureOf);
}

export function signatureOf(tree: TypeTree): string {
  const inner = tree.child.map(signatureOf).join('');
  switch (tree.type) {
    case '(':
      return `(${inner})`;
    case '{':
      return `{${inner}}`;
    default:
      return tree.type + inner;
  }
}

/**
 * Values of a type start at a multiple of 8 bytes. All others may start where the length of an array ends, which has 4.
 * `type`: the first character of a signature.
 */
export function isAlignedTo8(type: string): boolean {
  return 'xtd({'.includes(type);
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  completeType(arrays: number, structs: number): TypeTree {
    const type = this.#text[this.#at] ?? '';
    this.#at += 1;
    const leaf = LEAVES.get(type);
    if (leaf !== undefined) {
      return leaf;
    }
    switch (type) {
      case 'a':
        if (arrays === DEEPEST_ARRAYS) {
          throw this.#wrong(`at most ${DEEPEST_ARRAYS} arrays inside each other`);
        }
        return { type, child: [this.#element(arrays + 1, structs)] };
      case '(':
        if (structs === DEEPEST_STRUCTS) {
          throw this.#wrong(`at most ${DEEPEST_STRUCTS} structs inside each other`);
        }
        return { type, child: this.#fields(arrays, structs + 1) };
      default:
        throw this.#wrong('a sequence of complete types');
    }
  }

  #element(arrays: number, structs: number): TypeTree {
    if (this.#text[this.#at] !== '{') {
      return this.completeType(arrays, structs);
    }
    if (structs === DEEPEST_STRUCTS) {
      throw this.#wrong(`at most ${DEEPEST_STRUCTS} structs inside each other`);
    }
    this.#at += 1;
    const key = this.completeType(arrays, structs);
    if (!BASIC_TYPES.includes(key.type)) {
      throw this.#wrong('a basic type as the key of a dictionary');
    }
    const value = this.completeType(arrays, structs + 1);
    this.#expect('}');
    return { type: '{', child: [key, value] };
  }

  #fields(arrays: number, structs: number): readonly TypeTree[] {
    const fields = [this.completeType(arrays, structs)];
    while (this.#text[this.#at] !== ')') {
      fields.push(this.completeType(arrays, structs));
    }
    this.#expect(')');
    return fields;
  }

  #expect(bracket: string): void {
    if (this.#text[this.#at] !== bracket) {
      throw this.#wrong(`"${bracket}" at position ${this.#at}`);
    }
    this.#at += 1;
  }

  #wrong(expected: string): SignatureError {
    return new SignatureError(`signature must be ${expected}, got ${JSON.stringify(this.#text)}`);
  }
}
