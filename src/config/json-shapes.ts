/**
 * What an editor may know of a value: shapes of JSON Schema (draft 7, which editors of TOML know). Pure.
 *
 * Invariant: a shape refuses nothing that the parser of the key accepts. What only the parser can tell, it lets pass.
 */
export interface JsonShape {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: JsonShape;
  readonly anyOf?: readonly JsonShape[];
  readonly properties?: Readonly<Record<string, JsonShape>>;
  readonly additionalProperties?: boolean;
  readonly required?: readonly string[];
}

export const TRUTH: JsonShape = { type: 'boolean' };
export const TEXT: JsonShape = { type: 'string' };
export const TEXTS: JsonShape = { type: 'array', items: TEXT };
export const FRACTION: JsonShape = { type: 'number', minimum: 0, maximum: 1 };
export const SECONDS: JsonShape = { type: 'integer', exclusiveMinimum: 0 };
/** Empty: as if not set. Begins with a slash and does not end with one. */
export const PATH: JsonShape = { type: 'string', pattern: '^(/(.*[^/])?)?$' };
/** Editors give dates as texts, or as values of their own. */
export const DATE_SHAPE: JsonShape = {};

export function integer(minimum: number, maximum: number): JsonShape {
  return { type: 'integer', minimum, maximum };
}

export function matching(pattern: string): JsonShape {
  return { type: 'string', pattern };
}

/** One of them, a list of them, or an empty text. */
export function choices(names: readonly string[]): JsonShape {
  const one: JsonShape = { enum: names };
  return { anyOf: [{ enum: [...names, ''] }, { type: 'array', items: one, minItems: 1 }] };
}

export function oneOrMany(one: JsonShape): JsonShape {
  return { anyOf: [one, { type: 'array', items: one }] };
}
