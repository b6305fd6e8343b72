/**
 * Who is behind a unique name, and when they leave.
 *
 * Invariants:
 * - The bus says who somebody is. It is asked once for each name, since no name is ever given to another connection.
 * - Nobody is remembered after they left, and no more than MOST_CALLERS at a time.
 */
import { signalRule } from '../dbus/calls.ts';
import { BUS_NAME, BUS_PATH } from '../dbus/message.ts';
import { type BusLink, isDictionary, Variant } from '../dbus/types.ts';
import { BusError } from '../errors.ts';
import { SECOND_MS } from '../text/units.ts';

/** A bus lets one user have 256 connections. */
export const MOST_CALLERS = 1024;
const TIMEOUT_MS = 10 * SECOND_MS;

interface Known {
  readonly uid: Promise<number>;
  /** Once the bus has answered. */
  settled: number | undefined;
  readonly gone: AbortController;
}

export class Callers {
  readonly #link: BusLink;
  readonly #known = new Map<string, Known>();

  private constructor(link: BusLink) {
    this.#link = link;
  }

  /** Rejects as `BusLink.call` does. `until`: the callers are no longer listened for. */
  static async on(link: BusLink, until: AbortSignal): Promise<Callers> {
    const callers = new Callers(link);
    const place = { path: BUS_PATH, interface: BUS_NAME, member: 'NameOwnerChanged' };
    const stop = link.onSignal(place, ({ sender, body: [name, , owner] }) => {
      if (sender === BUS_NAME && typeof name === 'string' && owner === '') {
        callers.#forget(name);
      }
    });
    until.addEventListener('abort', stop, { once: true });
    // Without those that come: an empty third argument is somebody who left.
    await link.addMatch(`${signalRule({ sender: BUS_NAME, ...place })},arg2=''`, until);
    return callers;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#known.size;
  }

  /** The uid, if the bus has already been asked. */
  known(sender: string): number | undefined {
    return this.#known.get(sender)?.settled;
  }

  /** Rejects with BusError when the bus does not say. */
  async uidOf(sender: string): Promise<number> {
    return this.#of(sender).uid;
  }

  /** Aborts when the caller leaves the bus. */
  goneOf(sender: string): AbortSignal {
    return this.#of(sender).gone.signal;
  }

  #of(sender: string): Known {
    const before = this.#known.get(sender);
    if (before !== undefined) {
      return before;
    }
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST_CALLERS && oldest !== undefined) {
      this.#known.delete(oldest);
    }
    const known: Known = { uid: this.#ask(sender), settled: undefined, gone: new AbortController() };
    this.#known.set(sender, known);
    known.uid.then(
      (uid) => (known.settled = uid),
      () => this.#forget(sender),
    );
    return known;
  }

  async #ask(sender: string): Promise<number> {
    const reply = await this.#link.call({
      destination: BUS_NAME,
      path: BUS_PATH,
      interface: BUS_NAME,
      member: 'GetConnectionCredentials',
      signature: 's',
      body: [sender],
      timeoutMs: TIMEOUT_MS,
    });
    const [credentials] = reply.body;
    const uid = isDictionary(credentials) ? credentials.get('UnixUserID') : undefined;
    if (uid instanceof Variant && uid.signature === 'u' && typeof uid.value === 'number') {
      return uid.value;
    }
    throw new BusError('bus_malformed_message', `cannot tell who ${sender} is: the bus must say the user`);
  }

  #forget(sender: string): void {
    const known = this.#known.get(sender);
    this.#known.delete(sender);
    known?.gone.abort();
  }
}
