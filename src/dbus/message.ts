/**
 * A D-Bus message as the link sees it: plain data. The body of an incoming message is decoded only on demand. Types and
 * the constants of the protocol.
 */
import type { BusValue } from './types.ts';

export const MESSAGE_TYPE = { methodCall: 1, methodReturn: 2, error: 3, signal: 4 } as const;

/** The flag of a call whose caller does not wait for an answer. */
export const NO_REPLY_EXPECTED = 1;
/** The flag of a call whose caller waits while somebody is asked for a password. */
export const ALLOW_INTERACTIVE = 4;

/** The specification's limit on nested arrays, structs and variants. It also bounds our recursion. */
export const DEEPEST_CONTAINERS = 64;

/** The bus itself, as destination and as sender. */
export const BUS_NAME = 'org.freedesktop.DBus';
export const BUS_PATH = '/org/freedesktop/DBus';

/** The specification's errors that this agent answers with or expects. */
export const ERROR_NAME = {
  accessDenied: 'org.freedesktop.DBus.Error.AccessDenied',
  failed: 'org.freedesktop.DBus.Error.Failed',
  interactiveRequired: 'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired',
  invalidArgs: 'org.freedesktop.DBus.Error.InvalidArgs',
  limitsExceeded: 'org.freedesktop.DBus.Error.LimitsExceeded',
  nameHasNoOwner: 'org.freedesktop.DBus.Error.NameHasNoOwner',
  notSupported: 'org.freedesktop.DBus.Error.NotSupported',
  propertyReadOnly: 'org.freedesktop.DBus.Error.PropertyReadOnly',
  unknownInterface: 'org.freedesktop.DBus.Error.UnknownInterface',
  unknownMethod: 'org.freedesktop.DBus.Error.UnknownMethod',
  unknownObject: 'org.freedesktop.DBus.Error.UnknownObject',
  unknownProperty: 'org.freedesktop.DBus.Error.UnknownProperty',
} as const;

export interface MessageHeader {
  /** One of MESSAGE_TYPE, or an unknown type, which must be ignored. */
  readonly type: number;
  readonly flags: number;
  readonly serial: number;
  readonly path: string | undefined;
  readonly interface: string | undefined;
  readonly member: string | undefined;
  readonly errorName: string | undefined;
  readonly replySerial: number | undefined;
  readonly destination: string | undefined;
  readonly sender: string | undefined;
  /** Empty when there is no body. */
  readonly signature: string;
}

export interface IncomingMessage extends MessageHeader {
  /** Decodes the body. Throws BusError `bus_malformed_message`. Only valid until the handler of the message returns. */
  readonly body: () => readonly BusValue[];
}

/** Undefined fields are not sent. */
export interface OutgoingMessage {
  readonly type: number;
  readonly serial: number;
  readonly flags?: number;
  readonly path?: string | undefined;
  readonly interface?: string | undefined;
  readonly member?: string | undefined;
  readonly errorName?: string | undefined;
  readonly replySerial?: number | undefined;
  readonly destination?: string | undefined;
  readonly signature?: string | undefined;
  readonly body?: readonly BusValue[] | undefined;
}
