/**
 * Who may come in: looks at each call that anybody makes to the agent, before its arguments are read.
 *
 * Invariants:
 * - Nobody but root calls what is for root, whatever the policy of the bus says.
 * - Each user has limits of their own, so nobody can keep others from being answered.
 * - Nothing is answered while the bus does not say who asks.
 */
import type { Clock } from '../agent/ports.ts';
import { type BusLink, type CallGuard, type IncomingCall } from '../dbus/types.ts';
import { BusError } from '../errors.ts';
import { Callers } from './callers.ts';
import { EXPERIMENTAL_INTERFACE } from './experimental.ts';
import { CALLS_PER_SECOND, Limits, MOST_CALLS_OF_ONE, ROOT } from './limits.ts';
import { denied, refused, tooMany } from './refusals.ts';

/** Calls that wait until the bus has said who makes them, of one connection and in all. */
const MOST_UNKNOWN_OF_ONE = 64;
const MOST_UNKNOWN = 512;

const TOO_FAST = tooMany(`at most ${CALLS_PER_SECOND} calls a second`);
const TOO_MANY = tooMany(`at most ${MOST_CALLS_OF_ONE} calls at a time`);

interface Inside {
  readonly link: BusLink;
  readonly callers: Callers;
}

export class Door {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #limits = new Limits();
  readonly #unknown = new Map<string, number>();
  #unknownOfAll = 0;
  #inside: Inside | undefined;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Lets callers of `link` in until `until`. Rejects as `BusLink.call` does. */
  async open(link: BusLink, until: AbortSignal): Promise<void> {
    const inside = { link, callers: await Callers.on(link, until) };
    this.#inside = inside;
    until.addEventListener('abort', () => {
      if (this.#inside === inside) {
        this.#inside = undefined;
      }
    });
  }

  /** Throws BusError `ShuttingDown` while nobody is let in. */
  get inside(): Inside {
    if (this.#inside === undefined) {
      throw refused('ShuttingDown', 'the agent does not answer now');
    }
    return this.#inside;
  }

  readonly guard: CallGuard = async (call, run) => {
    const { callers } = this.inside;
    const uid = callers.known(call.sender) ?? (await this.#ask(callers, call.sender));
    if (!this.#limits.admit(uid, this.#clock.monotonic())) {
      throw TOO_FAST;
    }
    if (!this.#limits.enter(uid)) {
      // Calls that came together and wait for nothing are over in a moment.
      await nextTurn();
      if (!this.#limits.enter(uid)) {
        throw TOO_MANY;
      }
    }
    try {
      if (uid !== ROOT && isForRoot(call)) {
        throw denied(`${call.member} is for root alone`);
      }
      return await run();
    } finally {
      this.#limits.leave(uid);
    }
  };

  async #ask(callers: Callers, sender: string): Promise<number> {
    const own = this.#unknown.get(sender) ?? 0;
    if (own >= MOST_UNKNOWN_OF_ONE || this.#unknownOfAll >= MOST_UNKNOWN) {
      throw TOO_MANY;
    }
    this.#unknown.set(sender, own + 1);
    this.#unknownOfAll += 1;
    try {
      return await callers.uidOf(sender);
    } catch (error) {
      if (error instanceof BusError) {
        throw denied('the bus does not say who calls');
      }
      throw error;
    } finally {
      const left = (this.#unknown.get(sender) ?? 1) - 1;
      if (left === 0) {
        this.#unknown.delete(sender);
      } else {
        this.#unknown.set(sender, left);
      }
      this.#unknownOfAll -= 1;
    }
  }
}

/** Exported, so that a test can show what comes of a door without it. */
export function isForRoot({ interface: name, member }: IncomingCall): boolean {
  return name === EXPERIMENTAL_INTERFACE || member === 'GetMachineId';
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
