/**
 * A D-Bus message as the link sees it: plain data, with the body of an incoming one decoded only when asked for. Types
 * and the protocol's own constants.
 */
import type { BusValue } from './types.ts';

export const MESSAGE_TYPE = { methodCall: 1, methodReturn: 2, error: 3, signal: 4 } as const;

/** The caller waits for no answer. */
export const NO_REPLY_EXPECTED = 1;

/** The specification's limit on arrays, structs and variants inside each other; also bounds our recursion. */
export const DEEPEST_CONTAINERS = 64;

/** The bus itself, as destination and as sender. */
export const BUS_NAME = 'org.freedesktop.DBus';
export const BUS_PATH = '/org/freedesktop/DBus';

/** Errors that the specification names and this agent answers with or waits for. */
export const ERROR_NAME = {
  failed: 'org.freedesktop.DBus.Error.Failed',
  invalidArgs: 'org.freedesktop.DBus.Error.InvalidArgs',
  limitsExceeded: 'org.freedesktop.DBus.Error.LimitsExceeded',
  nameHasNoOwner: 'org.freedesktop.DBus.Error.NameHasNoOwner',
  notSupported: 'org.freedesktop.DBus.Error.NotSupported',
  unknownInterface: 'org.freedesktop.DBus.Error.UnknownInterface',
  unknownMethod: 'org.freedesktop.DBus.Error.UnknownMethod',
  unknownObject: 'org.freedesktop.DBus.Error.UnknownObject',
} as const;

export interface MessageHeader {
  /** One of MESSAGE_TYPE, or a type from the future, which is to be ignored. */
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
  /** Decodes the body. Throws BusError `bus_malformed_message`. Valid until the handler of the message returns. */
  readonly body: () => readonly BusValue[];
}

/** What is left out is not sent. */
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
