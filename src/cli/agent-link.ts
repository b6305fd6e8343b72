/**
 * A connection to the agent that runs on this host: calls of Agent1, and its signals.
 *
 * Invariants:
 * - Signals count only from the connection that owned the agent's name when it was opened.
 * - Every wait ends when the agent's name changes hands, when the bus is gone, or when it is aborted.
 */
import { getAllProperties, getNameOwner, signalRule } from '../dbus/calls.ts';
import { connectBus } from '../dbus/connect.ts';
import { BUS_NAME } from '../dbus/message.ts';
import { systemBusAddress } from '../dbus/system-bus-address.ts';
import type { BusLink, BusSignal, BusValue } from '../dbus/types.ts';
import { EXPERIMENTAL_PATH, SERVICE_NAME } from '../service/experimental.ts';
import { MINUTE_MS, SECOND_MS } from '../text/units.ts';
import { type CallOptions, option } from './call-options.ts';
import { NoAgent } from './failure.ts';

export const AGENT_INTERFACE = `${SERVICE_NAME}.Agent1`;
export const PROPERTIES = 'org.freedesktop.DBus.Properties';

/** The agent answers from memory. */
export const READ_TIMEOUT_MS = 10 * SECOND_MS;
/** Polkit may ask a person for a password. */
const ACT_TIMEOUT_MS = 5 * MINUTE_MS;

export class AgentLink implements AsyncDisposable {
  readonly #link: BusLink;
  readonly #owner: string;
  readonly #mayAsk: boolean;
  readonly #nameLost = new AbortController();
  #isListening = false;
  /** Aborts when the agent is not there any more, with what happened as its reason. Needs `listen`. */
  readonly lost: AbortSignal;

  /** `owner`: of the agent's name, on the bus of `link`. `mayAsk`: polkit may ask the caller for a password. */
  constructor(link: BusLink, owner: string, mayAsk: boolean) {
    this.#link = link;
    this.#owner = owner;
    this.#mayAsk = mayAsk;
    this.lost = AbortSignal.any([this.#nameLost.signal, link.gone]);
  }

  /** Rejects with NoAgent when nobody has the agent's name, and with BusError when there is no bus. */
  static async open(root: string, mayAsk: boolean): Promise<AgentLink> {
    const address = systemBusAddress(root, process.env);
    const link = await connectBus(address, AbortSignal.timeout(READ_TIMEOUT_MS));
    try {
      const owner = await getNameOwner(link, SERVICE_NAME);
      if (owner === undefined) {
        throw new NoAgent();
      }
      return new AgentLink(link, owner, mayAsk);
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link.close();
  }

  /** All properties of `name` at `path`. Rejects as a call does. */
  properties(path: string, name: string): Promise<ReadonlyMap<string, BusValue>> {
    return getAllProperties(this.#link, {
      destination: this.#owner,
      path,
      interface: name,
      timeoutMs: READ_TIMEOUT_MS,
    });
  }

  /** Calls a method of Agent1. Resolves with its answer, if it has one. */
  async call(
    member: string,
    signature: string,
    args: readonly BusValue[],
    options: CallOptions,
    timeoutMs = READ_TIMEOUT_MS,
  ): Promise<BusValue | undefined> {
    const { body } = await this.#link.call({
      destination: this.#owner,
      path: EXPERIMENTAL_PATH,
      interface: AGENT_INTERFACE,
      member,
      signature: `${signature}a{sv}`,
      body: [...args, new Map(Object.entries(options))],
      timeoutMs,
    });
    return body[0];
  }

  /** Calls a method that acts: polkit may ask for a password meanwhile. */
  act(
    member: string,
    signature: string,
    args: readonly BusValue[],
    options: CallOptions,
  ): Promise<BusValue | undefined> {
    const interactive = this.#mayAsk ? { interactive: option.flag(true) } : {};
    return this.call(member, signature, args, { ...options, ...interactive }, ACT_TIMEOUT_MS);
  }

  /** Calls `handler` with each such signal of the agent, until the returned function is called. Needs `listen`. */
  onSignal(name: string, member: string, handler: (signal: BusSignal) => void): () => void {
    return this.#link.onSignal({ interface: name, member }, (signal) => {
      if (signal.sender === this.#owner) {
        handler(signal);
      }
    });
  }

  /** Asks the bus for the agent's signals, once. */
  async listen(): Promise<void> {
    if (this.#isListening) {
      return;
    }
    this.#isListening = true;
    this.#link.onSignal(
      { interface: BUS_NAME, member: 'NameOwnerChanged' },
      ({ sender, body: [name, before] }) => {
        if (sender === BUS_NAME && name === SERVICE_NAME && before === this.#owner) {
          this.#nameLost.abort(new NoAgent());
        }
      },
    );
    await Promise.all([
      this.#link.addMatch(signalRule({ sender: this.#owner })),
      this.#link.addMatch(signalRule({ sender: BUS_NAME, member: 'NameOwnerChanged', arg0: SERVICE_NAME })),
    ]);
    if ((await getNameOwner(this.#link, SERVICE_NAME)) !== this.#owner) {
      this.#nameLost.abort(new NoAgent());
    }
  }
}
