/**
 * Calls that every D-Bus client makes: for names, properties and match rules. They reject as `BusLink.call` does. Those
 * that return a part of the reply also reject with BusError `bus_malformed_message`, when it has an unexpected type.
 */
import { BusError } from '../errors.ts';
import { SECOND_MS } from '../text/units.ts';
import { BUS_NAME, BUS_PATH, ERROR_NAME } from './message.ts';
import {
  type BusLink,
  type BusValue,
  isDictionary,
  isList,
  type MethodCall,
  type Reply,
  Variant,
} from './types.ts';

/** The bus itself answers these, at once. */
const BUS_CALL_TIMEOUT_MS = 10 * SECOND_MS;

const DO_NOT_QUEUE = 4;
const PRIMARY_OWNER = 1;
const ALREADY_OWNER = 4;

/** True when the name is now ours; false when another process owns it. */
export async function requestName(link: BusLink, name: string, signal?: AbortSignal): Promise<boolean> {
  const call = busCall('RequestName', 'su', [name, DO_NOT_QUEUE]);
  const [code] = (await link.call(call, signal)).body;
  return code === PRIMARY_OWNER || code === ALREADY_OWNER;
}

export async function nameHasOwner(link: BusLink, name: string, signal?: AbortSignal): Promise<boolean> {
  const call = busCall('NameHasOwner', 's', [name]);
  const reply = await link.call(call, signal);
  const [has] = reply.body;
  if (typeof has !== 'boolean') {
    throw unexpected(call, 'b', reply);
  }
  return has;
}

/** The unique name of the owner of `name`; undefined when it has none. */
export async function getNameOwner(
  link: BusLink,
  name: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const call = busCall('GetNameOwner', 's', [name]);
  try {
    const reply = await link.call(call, signal);
    const [owner] = reply.body;
    if (typeof owner !== 'string') {
      throw unexpected(call, 's', reply);
    }
    return owner;
  } catch (error) {
    if (error instanceof BusError && error.errorName === ERROR_NAME.nameHasNoOwner) {
      return undefined;
    }
    throw error;
  }
}

/** The names that the bus can have somebody start. The bus's own name is among them. */
export async function listActivatableNames(link: BusLink, signal?: AbortSignal): Promise<readonly string[]> {
  const call = busCall('ListActivatableNames');
  const reply = await link.call(call, signal);
  const [names] = reply.body;
  if (reply.signature !== 'as' || !isTextList(names)) {
    throw unexpected(call, 'as', reply);
  }
  return names;
}

/** Whose properties to read. `interface`: the one that has the properties. */
export interface PropertySource {
  readonly destination?: string;
  readonly path: string;
  readonly interface: string;
  readonly timeoutMs?: number;
}

/** The value of one property, unwrapped from its variant. */
export async function getProperty(
  link: BusLink,
  source: PropertySource,
  name: string,
  signal?: AbortSignal,
): Promise<BusValue> {
  const call = propertiesCall(source, 'Get', 'ss', [source.interface, name]);
  const reply = await link.call(call, signal);
  const [variant] = reply.body;
  if (!(variant instanceof Variant)) {
    throw unexpected(call, 'v', reply);
  }
  return variant.value;
}

/** The values of all properties by name, each unwrapped from its variant. */
export async function getAllProperties(
  link: BusLink,
  source: PropertySource,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, BusValue>> {
  const call = propertiesCall(source, 'GetAll', 's', [source.interface]);
  const reply = await link.call(call, signal);
  const [dictionary] = reply.body;
  if (reply.signature !== 'a{sv}' || !isDictionary(dictionary)) {
    throw unexpected(call, 'a{sv}', reply);
  }
  const properties = new Map<string, BusValue>();
  for (const [name, variant] of dictionary) {
    if (typeof name === 'string' && variant instanceof Variant) {
      properties.set(name, variant.value);
    }
  }
  return properties;
}

/** A match rule for signals, with its values quoted. */
export function signalRule(conditions: {
  readonly sender?: string;
  readonly path?: string;
  readonly interface?: string;
  readonly member?: string;
  readonly arg0?: string;
}): string {
  const pairs = Object.entries(conditions).map(
    ([key, value]) => `${key}='${value.replaceAll("'", String.raw`'\''`)}'`,
  );
  return ["type='signal'", ...pairs].join(',');
}

function busCall(member: string, signature?: string, body?: readonly BusValue[]): MethodCall {
  const address = { destination: BUS_NAME, path: BUS_PATH, interface: BUS_NAME };
  const call = { ...address, member, timeoutMs: BUS_CALL_TIMEOUT_MS };
  return signature === undefined || body === undefined ? call : { ...call, signature, body };
}

function isTextList(value: BusValue | undefined): value is readonly string[] {
  return isList(value) && value.every((one) => typeof one === 'string');
}

function propertiesCall(
  source: PropertySource,
  member: 'Get' | 'GetAll',
  signature: string,
  body: readonly BusValue[],
): MethodCall {
  return { ...source, interface: 'org.freedesktop.DBus.Properties', member, signature, body };
}

function unexpected(call: MethodCall, signature: string, reply: Reply): BusError {
  const what = `cannot use the reply to ${call.interface}.${call.member}`;
  return new BusError(
    'bus_malformed_message',
    `${what}: signature must be ${signature}, got "${reply.signature}"`,
  );
}
