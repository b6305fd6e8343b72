/**
 * What logind answers over the system bus: rows that its manager lists, and the properties of its objects.
 *
 * Invariants:
 * - A host without a login manager is told apart from one whose login manager cannot be asked. A logind that fails to
 *   start is of the second kind.
 * - An answer of another shape than logind's own is an error, never an empty answer.
 */
import type { BusLink, BusValue, Reply, SystemBus } from '../dbus/types.ts';
import { BusError } from '../errors.ts';
import { SECOND_MS } from '../text/units.ts';
import { isAbsent } from './absent-service.ts';

const LOGIND = 'org.freedesktop.login1';
/** systemd-logind.service has this alias for the bus. */
const SERVICE = { name: LOGIND, unit: 'dbus-org.freedesktop.login1.service' } as const;
const MANAGER_PATH = '/org/freedesktop/login1';
/** logind answers from memory. A host where that takes longer has other troubles. */
const CALL_TIMEOUT_MS = 10 * SECOND_MS;

/** Errors that say that an object is gone. */
const GONE: ReadonlySet<string> = new Set([
  'org.freedesktop.DBus.Error.UnknownObject',
  'org.freedesktop.login1.NoSuchSession',
]);

export type LogindRow = readonly BusValue[];
export type LogindProperties = ReadonlyMap<unknown, BusValue>;

export class Logind {
  readonly #bus: SystemBus;
  readonly #callTimeoutMs: number;

  constructor(bus: SystemBus, callTimeoutMs: number = CALL_TIMEOUT_MS) {
    this.#bus = bus;
    this.#callTimeoutMs = callTimeoutMs;
  }

  /**
   * Calls a List... method of the manager, which answers with a list of structs. `signature`: of that list.
   *
   * Undefined: the host has no logind. Rejects with BusError or CancelledError.
   */
  async list(
    member: string,
    signature: string,
    signal: AbortSignal,
  ): Promise<readonly LogindRow[] | undefined> {
    const link = await this.#bus.link(signal);
    let reply: Reply;
    try {
      reply = await this.#call(link, MANAGER_PATH, `${LOGIND}.Manager`, member, [], signal);
    } catch (error) {
      if (await isAbsent(link, SERVICE, error, signal)) {
        return undefined;
      }
      throw error;
    }
    const [rows] = reply.body;
    if (reply.signature !== signature || !isRowList(rows)) {
      throw malformed(`${member} must answer with ${signature}, got "${reply.signature}"`);
    }
    return rows;
  }

  /**
   * All properties of one interface of an object. `owner`: the interface.
   *
   * Undefined: the object is gone. Rejects with BusError or CancelledError.
   */
  async properties(
    object: string,
    owner: string,
    signal: AbortSignal,
  ): Promise<LogindProperties | undefined> {
    const link = await this.#bus.link(signal);
    let reply: Reply;
    try {
      reply = await this.#call(link, object, 'org.freedesktop.DBus.Properties', 'GetAll', [owner], signal);
    } catch (error) {
      if (isGone(error)) {
        return undefined;
      }
      throw error;
    }
    const [properties] = reply.body;
    if (reply.signature !== 'a{sv}' || !(properties instanceof Map)) {
      throw malformed(`the properties of ${object} must be a{sv}, got "${reply.signature}"`);
    }
    return properties;
  }

  #call(
    link: BusLink,
    path: string,
    owner: string,
    member: string,
    body: readonly string[],
    signal: AbortSignal,
  ): Promise<Reply> {
    const call = { destination: LOGIND, path, interface: owner, member, timeoutMs: this.#callTimeoutMs };
    return link.call(
      body.length === 0 ? call : { ...call, signature: 's'.repeat(body.length), body },
      signal,
    );
  }
}

export function malformed(what: string): BusError {
  return new BusError('bus_malformed_message', `cannot understand logind: ${what}`);
}

function isGone(error: unknown): boolean {
  return error instanceof BusError && error.kind === 'bus_remote_error' && GONE.has(error.errorName ?? '');
}

function isRowList(value: BusValue | undefined): value is readonly LogindRow[] {
  return Array.isArray(value) && value.every((row) => Array.isArray(row));
}
