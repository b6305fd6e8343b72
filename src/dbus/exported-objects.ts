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
import { BusError, linesOf, messageOf } from '../errors.ts';
import { introspectionXml } from './introspection.ts';
import {
  ALLOW_INTERACTIVE,
  ERROR_NAME,
  type IncomingMessage,
  MESSAGE_TYPE,
  type OutgoingMessage,
} from './message.ts';
import { isInterfaceName, isMemberName, isObjectPath } from './names.ts';
import { propertiesInterface } from './properties.ts';
import { parseSignature } from './signature.ts';
import type { BusValue, CallGuard, ExportedInterface, ExportedMethod, IncomingCall } from './types.ts';

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

/** Of the text of an error. */
const LONGEST_TEXT = 16_384;

interface Found {
  readonly interface: string;
  readonly method: ExportedMethod;
}

const PEER = 'org.freedesktop.DBus.Peer';
const INTROSPECTABLE = 'org.freedesktop.DBus.Introspectable';

export class ExportedObjects {
  readonly #interfaces = new Set<ExportedInterface>();
  readonly #guard: CallGuard;
  #running = 0;

  /** `guard`: decides about each call that names a method; left out: all are run. */
  constructor(guard: CallGuard = (_call, run) => run()) {
    this.#guard = guard;
  }

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
    const found = this.#find(message);
    if ('kind' in found) {
      return found;
    }
    const { method, interface: name } = found;
    if (message.signature !== method.in) {
      const text = `${method.member} takes "${method.in}", got "${message.signature}"`;
      return failure(ERROR_NAME.invalidArgs, text);
    }
    const call: IncomingCall = {
      sender: message.sender ?? '',
      mayAsk: (message.flags & ALLOW_INTERACTIVE) !== 0,
      path: message.path ?? '',
      interface: name,
      member: method.member,
    };
    try {
      return await this.#guard(call, () => this.#run(message, method, call));
    } catch (error) {
      return toFailure(error);
    }
  }

  async #run(message: IncomingMessage, method: ExportedMethod, call: IncomingCall): Promise<Answer> {
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
      const body = await method.handle(args, { sender: call.sender, mayAsk: call.mayAsk });
      return { kind: 'reply', signature: method.out, body };
    } catch (error) {
      return toFailure(error);
    } finally {
      this.#running -= 1;
    }
  }

  #find(message: IncomingMessage): Found | Failure {
    const path = message.path ?? '';
    const offered = [...this.#at(path), ...this.#standard(path)];
    const known = this.#isKnown(path);
    const called = offered.filter(
      ({ name }) => message.interface === undefined || name === message.interface,
    );
    for (const { name, methods } of called) {
      const method = methods.find(({ member }) => member === message.member);
      if (method !== undefined) {
        return { interface: name, method };
      }
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
          outNames: ['machine_uuid'],
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
      methods: [
        {
          member: 'Introspect',
          in: '',
          out: 's',
          outNames: ['xml_data'],
          handle: () => [this.#introspect(path)],
        },
      ],
    };
    const own = this.#at(path);
    const standard = [
      ...(own.length > 0 ? [propertiesInterface(path, own)] : []),
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
  const { methods, properties = [], signals = [] } = object;
  for (const { member, in: taken, out, argNames = [], outNames = [] } of methods) {
    checkMember(object.name, [member, ...argNames, ...outNames], [taken, out]);
  }
  for (const { member, signature, argNames = [] } of signals) {
    checkMember(object.name, [member, ...argNames], [signature]);
  }
  for (const { name, signature } of properties) {
    checkMember(object.name, [name], [signature]);
  }
}

function checkMember(where: string, names: readonly string[], signatures: readonly string[]): void {
  const wrong = names.find((name) => !isMemberName(name));
  if (wrong !== undefined) {
    throw new TypeError(`cannot export ${where}: member and arguments must be valid, got ${wrong}`);
  }
  signatures.forEach(parseSignature);
}

function toFailure(error: unknown): Failure {
  return error instanceof BusError && error.errorName !== undefined && isInterfaceName(error.errorName)
    ? failure(error.errorName, linesOf(error).slice(0, LONGEST_TEXT).toWellFormed())
    : { ...UNSPEAKABLE, fault: error };
}

function failure(errorName: string, text: string): Failure {
  return { kind: 'error', errorName, text };
}
