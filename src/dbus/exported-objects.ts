/**
 * The objects that this process exports on a link, and its answers to incoming calls. Properties is served at exported
 * objects, Introspectable there and at all paths above them, Peer everywhere. What an object exports itself under one
 * of these names takes their place.
 *
 * Invariants:
 * - `answer` never rejects.
 * - A caller sees a handler's error only if it is a BusError with `errorName`. It never sees a stack trace.
 * - No more than MOST_RUNNING handlers run at a time.
 */
import { BusError, messageOf } from '../errors.ts';
import { introspectionXml } from './introspection.ts';
import { ERROR_NAME, type IncomingMessage, MESSAGE_TYPE, type OutgoingMessage } from './message.ts';
import { isInterfaceName, isMemberName, isObjectPath } from './names.ts';
import { noProperties } from './no-properties.ts';
import { parseSignature } from './signature.ts';
import type { BusValue, ExportedInterface, ExportedMethod } from './types.ts';

/** Any local user may be allowed to call, and each running call takes memory until its handler is done. */
export const MOST_RUNNING = 64;

export interface Failure {
  readonly kind: 'error';
  readonly errorName: string;
  readonly text: string;
  /** An error of our own, which the caller does not see. */
  readonly fault?: unknown;
}

export type Answer =
  { readonly kind: 'reply'; readonly signature: string; readonly body: readonly BusValue[] } | Failure;

/** The answer for an error of our own, whose text could say more than callers may know. */
export const UNSPEAKABLE: Failure = { kind: 'error', errorName: ERROR_NAME.failed, text: 'the call failed' };

const PEER = 'org.freedesktop.DBus.Peer';
const INTROSPECTABLE = 'org.freedesktop.DBus.Introspectable';

export class ExportedObjects {
  readonly #interfaces = new Set<ExportedInterface>();
  #running = 0;

  /**
   * Exports an interface until the returned function is called. Throws TypeError for malformed names and for an
   * interface that the path already has.
   */
  add(object: ExportedInterface): () => void {
    check(object);
    if (this.#at(object.path).some((other) => other.name === object.name)) {
      throw new TypeError(`cannot export ${object.name}: ${object.path} has it already`);
    }
    // A copy, so that withdrawing twice cannot withdraw a later export of the same object.
    const entry = { ...object };
    this.#interfaces.add(entry);
    return () => this.#interfaces.delete(entry);
  }

  async answer(message: IncomingMessage): Promise<Answer> {
    const method = this.#find(message);
    if ('kind' in method) {
      return method;
    }
    if (message.signature !== method.in) {
      const text = `${method.member} takes "${method.in}", got "${message.signature}"`;
      return failure(ERROR_NAME.invalidArgs, text);
    }
    if (this.#running >= MOST_RUNNING) {
      return failure(ERROR_NAME.limitsExceeded, `at most ${MOST_RUNNING} calls at a time`);
    }
    let args: readonly BusValue[];
    try {
      args = message.body();
    } catch (error) {
      return failure(ERROR_NAME.invalidArgs, messageOf(error));
    }
    this.#running += 1;
    try {
      const body = await method.handle(args, { sender: message.sender ?? '' });
      return { kind: 'reply', signature: method.out, body };
    } catch (error) {
      if (error instanceof BusError && error.errorName !== undefined && isInterfaceName(error.errorName)) {
        return failure(error.errorName, messageOf(error));
      }
      return { ...UNSPEAKABLE, fault: error };
    } finally {
      this.#running -= 1;
    }
  }

  #find(message: IncomingMessage): ExportedMethod | Failure {
    const path = message.path ?? '';
    const offered = [...this.#at(path), ...this.#standard(path)];
    const known = this.#isKnown(path);
    const called = offered.filter(
      ({ name }) => message.interface === undefined || name === message.interface,
    );
    const method = called.flatMap(({ methods }) => methods).find(({ member }) => member === message.member);
    if (method !== undefined) {
      return method;
    }
    if (!known) {
      return failure(ERROR_NAME.unknownObject, 'no such object');
    }
    return called.length === 0
      ? failure(ERROR_NAME.unknownInterface, 'no such interface')
      : failure(ERROR_NAME.unknownMethod, 'no such method');
  }

  #at(path: string): readonly ExportedInterface[] {
    return [...this.#interfaces].filter((exported) => exported.path === path);
  }

  /** True for an exported path and every path above it. */
  #isKnown(path: string): boolean {
    const below = path === '/' ? '/' : `${path}/`;
    return [...this.#interfaces].some(
      (exported) => exported.path === path || exported.path.startsWith(below),
    );
  }

  #standard(path: string): readonly ExportedInterface[] {
    const peer: ExportedInterface = {
      path,
      name: PEER,
      methods: [
        { member: 'Ping', in: '', out: '', handle: () => [] },
        {
          member: 'GetMachineId',
          in: '',
          out: 's',
          handle: () => {
            // The machine id must stay on the machine: it is for those to answer who know their callers.
            throw new BusError('bus_remote_error', 'not offered', { errorName: ERROR_NAME.notSupported });
          },
        },
      ],
    };
    const introspectable: ExportedInterface = {
      path,
      name: INTROSPECTABLE,
      methods: [{ member: 'Introspect', in: '', out: 's', handle: () => [this.#introspect(path)] }],
    };
    const own = this.#at(path);
    const standard = [
      ...(own.length > 0
        ? [noProperties(path, (name) => own.some((exported) => exported.name === name))]
        : []),
      peer,
      ...(this.#isKnown(path) ? [introspectable] : []),
    ];
    return standard.filter(({ name }) => own.every((exported) => exported.name !== name));
  }

  #introspect(path: string): string {
    const paths = [...this.#interfaces].map((exported) => exported.path);
    return introspectionXml(path, [...this.#at(path), ...this.#standard(path)], paths);
  }
}

/** The message that answers the call with serial `to.serial`. */
export function replyTo(
  to: { readonly destination: string | undefined; readonly serial: number },
  answer: Answer,
): Omit<OutgoingMessage, 'serial'> {
  const address = { destination: to.destination, replySerial: to.serial };
  if (answer.kind === 'error') {
    const { errorName, text } = answer;
    return { ...address, type: MESSAGE_TYPE.error, errorName, signature: 's', body: [text] };
  }
  return { ...address, type: MESSAGE_TYPE.methodReturn, signature: answer.signature, body: answer.body };
}

function check(object: ExportedInterface): void {
  if (!isObjectPath(object.path) || !isInterfaceName(object.name)) {
    throw new TypeError(`cannot export ${object.name} at ${object.path}: both names must be valid`);
  }
  for (const method of object.methods) {
    if (![method.member, ...(method.argNames ?? [])].every(isMemberName)) {
      throw new TypeError(
        `cannot export ${object.name}: member and arguments must be valid, got ${method.member}`,
      );
    }
    parseSignature(method.in);
    parseSignature(method.out);
  }
}

function failure(errorName: string, text: string): Failure {
  return { kind: 'error', errorName, text };
}
