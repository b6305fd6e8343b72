/**
 * An agent that a test writes: interfaces Agent1 and Job1 on a bus, with the properties and answers that it is told.
 *
 * Invariant: it says nothing that the test has not told it, so that a client is tested and not the agent.
 */
import { requestName } from '../../src/dbus/calls.ts';
import { encodeMessage } from '../../src/dbus/codec.ts';
import { parseAddress } from '../../src/dbus/address.ts';
import { dial } from '../../src/dbus/dial.ts';
import { Link } from '../../src/dbus/link.ts';
import { MESSAGE_TYPE } from '../../src/dbus/message.ts';
import { type BusValue, type Dictionary, isDictionary, Variant } from '../../src/dbus/types.ts';
import { BusError } from '../../src/errors.ts';

const NAME = 'org.coreos.zincati';
const PATH = '/org/coreos/zincati';
const AGENT = `${NAME}.Agent1`;
const JOB = `${NAME}.Job1`;

/** A dictionary for the bus, from plain values. Numbers are `u`, bigints `x`. */
export function dictionary(entries: Readonly<Record<string, Plain>>): Dictionary {
  return new Map(Object.entries(entries).map(([key, value]) => [key, variant(value)]));
}

export type Plain =
  string | number | bigint | boolean | Variant | readonly string[] | readonly Dictionary[] | Dictionary;

function variant(value: Plain): Variant {
  if (value instanceof Variant) {
    return value;
  }
  if (isDictionary(value)) {
    return new Variant('a{sv}', value);
  }
  switch (typeof value) {
    case 'string':
      return new Variant('s', value);
    case 'number':
      return new Variant('u', value);
    case 'bigint':
      return new Variant('x', value);
    case 'boolean':
      return new Variant('b', value);
    default: {
      const isTexts = value.every((one) => typeof one === 'string');
      return new Variant(isTexts && value.length > 0 ? 'as' : 'aa{sv}', value);
    }
  }
}

/** Microseconds, as the bus has them. */
export const micros = (at: number): bigint => BigInt(at) * 1000n;

export interface AgentCall {
  readonly member: string;
  readonly args: readonly BusValue[];
  readonly options: Dictionary;
}

type Answer = (call: AgentCall, agent: FakeAgent) => BusValue | undefined;

const METHODS: Readonly<Record<string, readonly [args: string, out: string]>> = {
  Check: ['', 'o'],
  Stage: ['', 'o'],
  Reboot: ['', 'o'],
  Cancel: ['', 'a{sv}'],
  Discard: ['', 'a{sv}'],
  Hold: ['s', 's'],
  Release: ['s', ''],
  Deny: ['s', ''],
  Allow: ['s', ''],
  Explain: ['', 'a{sv}'],
  History: ['', 'aa{sv}'],
  Calendar: ['', 'aa{sv}'],
  ShowConfiguration: ['', 'aa{sv}'],
};

export class FakeAgent implements AsyncDisposable {
  readonly calls: AgentCall[] = [];
  readonly #link: Link;
  readonly #send: (bytes: Buffer) => void;
  readonly #answers = new Map<string, Answer>();
  #properties: Record<string, Plain> = {};
  #jobs = 0;
  #waiting: (() => void)[] = [];

  private constructor(link: Link, send: (bytes: Buffer) => void) {
    this.#link = link;
    this.#send = send;
  }

  static async start(busAddress: string, properties: Readonly<Record<string, Plain>>): Promise<FakeAgent> {
    const signal = AbortSignal.timeout(10_000);
    const socket = await dial(parseAddress(busAddress)[0]!, 'implied', signal);
    const link = new Link(socket, true, () => undefined);
    await link.open(signal);
    const agent = new FakeAgent(link, (bytes) => socket.write(bytes));
    agent.#properties = { ...properties };
    agent.#export();
    if (!(await requestName(link, NAME))) {
      throw new Error('another process owns the name');
    }
    return agent;
  }

  /** How a method is answered. Throw `refusal(...)` to refuse. */
  on(member: string, answer: Answer): this {
    this.#answers.set(member, answer);
    return this;
  }

  /** A method whose job runs as `run` says, after the call was answered. `run` tells the end. */
  onJob(member: string, run: (job: FakeJob, call: AgentCall) => void): this {
    return this.on(member, (call) => {
      this.#jobs += 1;
      const path = `${PATH}/job/${this.#jobs}`;
      const job: FakeJob = {
        progress: (entries) => this.#emitChanged(path, JOB, { Progress: dictionary(entries) }),
        done: (result) =>
          this.#emit(PATH, AGENT, 'JobDone', 'oa{sv}', [path, dictionary({ changed: true, ...result })]),
      };
      // After the answer, as from a real agent.
      setImmediate(() => run(job, call));
      return path;
    });
  }

  /** Changes properties, and says so. */
  set(properties: Readonly<Record<string, Plain>>): void {
    Object.assign(this.#properties, properties);
    this.#emitChanged(PATH, AGENT, properties);
  }

  /** Tells a new entry of the history. */
  happened(entry: Dictionary): void {
    this.#emit(PATH, AGENT, 'Happened', 'a{sv}', [entry]);
  }

  /** Resolves when `member` has been called. */
  async called(member: string): Promise<AgentCall> {
    for (;;) {
      const found = this.calls.find((call) => call.member === member);
      if (found !== undefined) {
        return found;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link.close();
  }

  #export(): void {
    this.#link.export({
      path: PATH,
      name: 'org.freedesktop.DBus.Properties',
      methods: [{ member: 'GetAll', in: 's', out: 'a{sv}', handle: ([name]) => [this.#getAll(name)] }],
    });
    this.#link.export({
      path: PATH,
      name: AGENT,
      methods: Object.entries(METHODS).map(([member, [args, out]]) => ({
        member,
        in: `${args}a{sv}`,
        out,
        handle: (given: readonly BusValue[]) => this.#answer(member, given),
      })),
    });
  }

  #getAll(name: BusValue | undefined): Dictionary {
    this.#record({ member: 'GetAll', args: [name ?? ''], options: new Map() });
    return dictionary(this.#properties);
  }

  #answer(member: string, given: readonly BusValue[]): readonly BusValue[] {
    const options = given.at(-1);
    const call = { member, args: given.slice(0, -1), options: isDictionary(options) ? options : new Map() };
    this.#record(call);
    const answer = this.#answers.get(member);
    if (answer === undefined) {
      throw refusal('Invalid', `the test has no answer for ${member}`);
    }
    const value = answer(call, this);
    return value === undefined ? [] : [value];
  }

  #record(call: AgentCall): void {
    this.calls.push(call);
    for (const wake of this.#waiting.splice(0)) {
      wake();
    }
  }

  #emitChanged(path: string, name: string, changed: Readonly<Record<string, Plain>>): void {
    const body = [name, dictionary(changed), []];
    this.#emit(path, 'org.freedesktop.DBus.Properties', 'PropertiesChanged', 'sa{sv}as', body);
  }

  #emit(path: string, name: string, member: string, signature: string, body: readonly BusValue[]): void {
    const message = { type: MESSAGE_TYPE.signal, serial: 1, path, interface: name, member, signature, body };
    this.#send(encodeMessage(message));
  }
}

export interface FakeJob {
  progress(entries: Readonly<Record<string, Plain>>): void;
  done(result: Readonly<Record<string, Plain>>): void;
}

/** An error of the agent: the last part of its name, or a whole name. */
export function refusal(code: string, text: string): BusError {
  const errorName = code.includes('.') ? code : `${NAME}.Error.${code}`;
  return new BusError('bus_remote_error', text, { errorName });
}
