/**
 * Our messages in the form that dbus-next's marshaller takes: a variant as `[signature, value]`, a dictionary as an
 * array of `[key, value]`. Says what is wrong in our own words, and refuses what the marshaller would let through
 * although a bus disconnects the sender for it. Ranges of numbers are the marshaller's to check; it also refuses the
 * smallest INT64 and doubles that are not finite. Pure.
 */
import { printable } from '../errors.ts';
import { DEEPEST_CONTAINERS, type OutgoingMessage } from './message.ts';
import { isBusName, isInterfaceName, isMemberName, isObjectPath } from './names.ts';
import { parseSignature, signatureOf, type TypeTree } from './signature.ts';
import { type BusValue, Variant } from './types.ts';

export interface Marshallable extends Omit<OutgoingMessage, 'body'> {
  readonly flags: number;
  readonly body: readonly unknown[];
}

/** Throws TypeError when a name is malformed or the body does not fit the signature. */
export function toMarshallable(message: OutgoingMessage): Marshallable {
  checkNames(message);
  const signature = message.signature ?? '';
  return {
    ...message,
    flags: message.flags ?? 0,
    signature: signature === '' ? undefined : signature,
    body: structure(parseSignature(signature), message.body ?? [], 0),
  };
}

function checkNames(message: OutgoingMessage): void {
  const rules = [
    ['path', message.path, isObjectPath],
    ['interface', message.interface, isInterfaceName],
    ['member', message.member, isMemberName],
    ['error name', message.errorName, isInterfaceName],
    ['destination', message.destination, isBusName],
  ] as const;
  for (const [what, name, isValid] of rules) {
    if (name !== undefined && !isValid(name)) {
      throw new TypeError(`${what} must be valid, got ${printable(name)}`);
    }
  }
}

function structure(
  types: readonly TypeTree[],
  values: readonly BusValue[],
  depth: number,
): readonly unknown[] {
  if (types.length !== values.length) {
    throw new TypeError(
      `values for ${types.map(signatureOf).join('')} must be ${types.length}, got ${values.length}`,
    );
  }
  return types.map((type, index) => {
    const value = values[index];
    if (value === undefined) {
      throw misfit(type, value);
    }
    return convert(type, value, depth);
  });
}

function convert(type: TypeTree, value: BusValue, depth: number): unknown {
  const [element] = type.child;
  if ((element !== undefined || type.type === 'v') && depth === DEEPEST_CONTAINERS) {
    throw new TypeError(`containers must be at most ${DEEPEST_CONTAINERS} deep`);
  }
  switch (type.type) {
    case 'v':
      return variant(type, value, depth + 1);
    case '(':
      if (isList(value)) {
        return structure(type.child, value, depth + 1);
      }
      throw misfit(type, value);
    case 'a':
      if (element === undefined) {
        throw misfit(type, value);
      }
      return array(type, element, value, depth + 1);
    default:
      return basic(type, value);
  }
}

function variant(type: TypeTree, value: BusValue, depth: number): unknown {
  if (!(value instanceof Variant)) {
    throw misfit(type, value);
  }
  const [inner, ...more] = parseSignature(value.signature);
  if (inner === undefined || more.length > 0) {
    throw new TypeError(`variant must have one complete type, got ${JSON.stringify(value.signature)}`);
  }
  return [value.signature, convert(inner, value.value, depth)];
}

function array(type: TypeTree, element: TypeTree, value: BusValue, depth: number): unknown {
  if (element.type === '{') {
    const [keyType, valueType] = element.child;
    if (keyType === undefined || valueType === undefined || !(value instanceof Map)) {
      throw misfit(type, value);
    }
    const entries: unknown[] = [];
    for (const [key, item] of value as ReadonlyMap<string | number | bigint | boolean, BusValue>) {
      entries.push([basic(keyType, key), convert(valueType, item, depth)]);
    }
    return entries;
  }
  if (element.type === 'y' && value instanceof Uint8Array) {
    return value;
  }
  if (!isList(value)) {
    throw misfit(type, value);
  }
  return value.map((item) => convert(element, item, depth));
}

const JS_TYPE: Readonly<Record<string, 'string' | 'number' | 'bigint' | 'boolean'>> = {
  s: 'string',
  o: 'string',
  g: 'string',
  b: 'boolean',
  x: 'bigint',
  t: 'bigint',
  y: 'number',
  n: 'number',
  q: 'number',
  i: 'number',
  u: 'number',
  d: 'number',
};

function basic(type: TypeTree, value: BusValue): unknown {
  if (typeof value !== JS_TYPE[type.type]) {
    throw misfit(type, value);
  }
  if (type.type === 'o' && typeof value === 'string' && !isObjectPath(value)) {
    throw new TypeError(`object path must be valid, got ${printable(value)}`);
  }
  if (type.type === 'g' && typeof value === 'string') {
    parseSignature(value);
  }
  return value;
}

function isList(value: BusValue): value is readonly BusValue[] {
  return Array.isArray(value);
}

function misfit(type: TypeTree, value: BusValue | undefined): TypeError {
  const got = typeof value === 'object' ? value.constructor.name : typeof value;
  return new TypeError(`value must fit D-Bus type ${signatureOf(type)}, got ${got}`);
}
