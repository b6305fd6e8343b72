/**
 * The one loop: perform an effect, make its outcome an event, ask the machine what comes next, report.
 *
 * Invariants:
 * - One effect at a time, so no locks and no overlapping ticks.
 * - It ends only when its signal is aborted, or when the program itself is at fault, which throws.
 * - A new configuration takes effect between two effects, never within one.
 */
import { MINUTE_MS } from '../text/units.ts';
import { advance, begin, type Advance, type Machine } from './advance.ts';
import { beginning } from './beginning.ts';
import type { Beginning, Happening } from './happenings.ts';
import type { Event } from './messages.ts';
import { limitMsOf, perform, type Ports } from './perform.ts';
import type { Dice } from './ports.ts';
import { reconfigured } from './reconfigure.ts';
import type { Model, Policy } from './state.ts';
import type { Moment } from './moment.ts';

/** Hears of everything, in order. Must not throw and must not wait. */
export interface Observer<C extends Configuration = Configuration> {
  /** `machine.effect` is about to be performed. `at`: wall clock, milliseconds. */
  begins(beginning: Beginning, at: number, machine: Machine): void;
  /** `happenings` led to `model`. */
  happened(model: Model, happenings: readonly Happening[], at: number): void;
  /** From here on `configuration` is in use; its happenings follow. */
  configured(configuration: C): void;
}

/** What a configuration gives the loop. */
export interface Configuration {
  readonly policy: Policy;
  readonly ports: Ports;
}

export interface RunOptions<C extends Configuration = Configuration> {
  readonly model: Model;
  /** As it is at the start. */
  readonly configuration: C;
  readonly dice: Dice;
  readonly observer: Observer<C>;
  readonly signal: AbortSignal;
}

/** Time for an aborted effect to settle before the loop counts as stuck. */
const GRACE_MS = MINUTE_MS;

/** A running loop, and whether it still moves. `C`: whatever its owner wants to be told when it is taken into use. */
export class Runner<C extends Configuration = Configuration> {
  readonly #options: RunOptions<C>;
  #inUse: C;
  #next: C | undefined;
  #interrupt = new AbortController();
  #deadlineMono = Number.POSITIVE_INFINITY;

  constructor(options: RunOptions<C>) {
    this.#options = options;
    this.#inUse = options.configuration;
  }

  /** Takes effect when the present effect is over; a wait is cut short. Of several, the last one counts. */
  reconfigure(next: C): void {
    this.#next = next;
    this.#interrupt.abort();
  }

  /**
   * False when the present effect has outlived its limit by a minute: something below ignores its signal, and only a
   * restart helps. The service manager's watchdog is fed only while this is true.
   */
  isAlive(): boolean {
    return this.#inUse.ports.clock.monotonic() < this.#deadlineMono;
  }

  /** Resolves when the signal is aborted and the last effect has let go. */
  async run(): Promise<void> {
    const { model, dice, observer, signal } = this.#options;
    let machine: Machine = begin(model, this.#now(), this.#inUse.policy);
    while (!signal.aborted) {
      if (this.#next !== undefined) {
        machine = this.#takeNext(machine.model, this.#next);
      }
      const { policy, ports } = this.#inUse;
      observer.begins(beginning(machine), ports.clock.now(), machine);
      this.#deadlineMono = ports.clock.monotonic() + limitMsOf(machine.effect.kind) + GRACE_MS;
      let event: Event;
      try {
        event = await perform(machine.effect, ports, signal, this.#interrupt.signal);
      } catch (error) {
        if (isAborted(signal)) {
          return;
        }
        throw error;
      }
      const now = this.#now();
      const step = advance(machine, { event, ...now, roll: dice() }, policy);
      observer.happened(step.model, step.happenings, now.at);
      machine = step;
    }
  }

  #takeNext(model: Model, next: C): Advance {
    const before = this.#inUse.policy;
    this.#inUse = next;
    this.#next = undefined;
    this.#interrupt = new AbortController();
    const now = this.#now();
    const step = reconfigured(model, now, before, next.policy);
    this.#options.observer.configured(next);
    this.#options.observer.happened(step.model, step.happenings, now.at);
    return step;
  }

  #now(): Moment {
    const { clock } = this.#inUse.ports;
    return { at: clock.now(), mono: clock.monotonic() };
  }
}

/** Asked anew: the compiler would otherwise take the loop's condition for still true. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
