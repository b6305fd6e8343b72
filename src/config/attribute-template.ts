/**
 * Machine attributes in configured texts: `${AFTERBURN_AWS_REGION}`. Pure.
 *
 * Invariants:
 * - A text without `${AFTERBURN_` is left untouched.
 */
import type { Checker } from './checker.ts';
import type { Parser } from './checks.ts';

/** The file that Afterburn writes its findings to. */
export const ATTRIBUTES_FILE = '/run/metadata/afterburn';

/** Values by name. */
export type Attributes = ReadonlyMap<string, string>;

const TEMPLATE = /\$\{(AFTERBURN_[A-Za-z0-9_]+)\}/g;

/** The names of the attributes in a text, in their order. */
export function attributesIn(text: string): string[] {
  return [...text.matchAll(TEMPLATE)].map(([, name = '']) => name);
}

/** Replaces every attribute with its value. */
export function fillIn(text: string, valueOf: (name: string) => string): string {
  return text.replaceAll(TEMPLATE, (_whole, name: string) => valueOf(name));
}

/**
 * Allows attributes in the texts that `parse` accepts. Their values are not known yet, so the text around them is
 * checked now, as if each attribute were a letter.
 */
export function withAttributes(parse: Parser<string>): Parser<string> {
  return (value, at) => {
    if (typeof value !== 'string' || !value.includes('${AFTERBURN_')) {
      return parse(value, at);
    }
    const problem = problemOf(value);
    if (problem !== undefined) {
      return at.refuse(problem, value);
    }
    const parsed = parse(
      fillIn(value, () => 'x'),
      at.standingFor(value),
    );
    return typeof parsed === 'string' ? value : parsed;
  };
}

function problemOf(text: string): Parameters<Checker['refuse']>[0] | undefined {
  const rest = text.replaceAll(TEMPLATE, '');
  const broken = /\$\{AFTERBURN_[^}]*(\}?)/.exec(rest);
  if (broken?.[1] === '') {
    return 'a text in which every ${AFTERBURN_ is closed by }';
  }
  if (broken !== null) {
    return 'a text in which ${AFTERBURN_...} holds the name of an attribute: letters, digits and "_"';
  }
  // The value would become part of the percent escape.
  if (/%[0-9A-Fa-f]?\$\{AFTERBURN_/.test(text)) {
    return 'a text in which no % stands right before ${AFTERBURN_...}';
  }
  return undefined;
}
