/**
 * The fields of a message header, in both directions. Pure.
 *
 * Invariants:
 * - Every field that is read has the type that the specification gives it, and no required field is missing.
 * - Every name that is written is well-formed, because a bus disconnects the sender of any other.
 */
import { printable } from '../text/printable.ts';
import { MESSAGE_TYPE, type MessageHeader, type OutgoingMessage } from './message.ts';
import { isBusName, isInterfaceName, isMemberName, isObjectPath } from './names.ts';
import { type BusValue, isList, Variant } from './types.ts';

/** The field codes of the specification, with their signatures. Other fields are ignored, as it demands. */
const FIELDS: ReadonlyMap<number, { readonly name: FieldName; readonly signature: string }> = new Map([
  [1, { name: 'path', signature: 'o' }],
  [2, { name: 'interface', signature: 's' }],
  [3, { name: 'member', signature: 's' }],
  [4, { name: 'errorName', signature: 's' }],
  [5, { name: 'replySerial', signature: 'u' }],
  [6, { name: 'destination', signature: 's' }],
  [7, { name: 'sender', signature: 's' }],
  [8, { name: 'signature', signature: 'g' }],
]);

const REQUIRED: ReadonlyMap<number, readonly FieldName[]> = new Map([
  [MESSAGE_TYPE.methodCall, ['path', 'member']],
  [MESSAGE_TYPE.methodReturn, ['replySerial']],
  [MESSAGE_TYPE.error, ['errorName', 'replySerial']],
  [MESSAGE_TYPE.signal, ['path', 'interface', 'member']],
]);

type FieldName = Exclude<keyof MessageHeader, 'type' | 'flags' | 'serial'>;

export interface RawHeader {
  readonly type: number;
  readonly flags: number;
  readonly serial: number;
  /** Array of structs of code and variant, as decoded. */
  readonly fields: BusValue | undefined;
}

/** The header, once checked. Throws TypeError when it is malformed. */
export function checkedHeader(raw: RawHeader): MessageHeader {
  if (raw.type === 0 || raw.serial === 0) {
    throw new TypeError(`type and serial must not be 0, got ${raw.type} and ${raw.serial}`);
  }
  const found = new Map<FieldName, string | number>();
  for (const field of asList(raw.fields)) {
    const [code, variant] = asList(field);
    const known = typeof code === 'number' ? FIELDS.get(code) : undefined;
    if (known !== undefined) {
      found.set(known.name, checkedField(known, variant));
    }
  }
  for (const name of REQUIRED.get(raw.type) ?? []) {
    if (!found.has(name)) {
      throw new TypeError(`field ${name} must be present in a message of type ${raw.type}`);
    }
  }
  const text = (name: FieldName) => {
    const value = found.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const replySerial = found.get('replySerial');
  return {
    type: raw.type,
    flags: raw.flags,
    serial: raw.serial,
    path: text('path'),
    interface: text('interface'),
    member: text('member'),
    errorName: text('errorName'),
    replySerial: typeof replySerial === 'number' ? replySerial : undefined,
    destination: text('destination'),
    sender: text('sender'),
    signature: text('signature') ?? '',
  };
}

/** The fields of `message` as an array of structs of code and variant. Throws TypeError when a name is malformed. */
export function outgoingFields(message: OutgoingMessage): readonly BusValue[] {
  checkNames(message);
  return [...FIELDS].flatMap(([code, { name, signature }]) => {
    // The bus fills in the sender.
    const value = name === 'sender' ? undefined : message[name];
    return value === undefined || value === '' ? [] : [[code, new Variant(signature, value)]];
  });
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

function checkedField(
  known: { readonly name: FieldName; readonly signature: string },
  variant: BusValue | undefined,
): string | number {
  if (variant instanceof Variant && variant.signature === known.signature) {
    const { value } = variant;
    if (typeof value === 'string' || typeof value === 'number') {
      return value;
    }
  }
  throw new TypeError(`field ${known.name} must have signature ${known.signature}`);
}

function asList(value: BusValue | undefined): readonly BusValue[] {
  return isList(value) ? value : [];
}
