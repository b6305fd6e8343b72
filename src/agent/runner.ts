/**
 * The one loop: perform an effect, make its outcome an event, ask the machine what comes next, report.
 *
 * Invariants: one effect at a time, so no locks and no overlapping ticks; ends only when its signal is aborted (or when
 * the program itself is at fault, which throws); a new configuration takes effect between two effects, never within one.
 */
import type { Effect, Event, Occurrence } from './messages.ts';
import type { Moment } from './next-effect.ts';
import { EFFECT_LIMIT_MS, perform, type Ports } from './perform.ts';
import type { Dice } from './ports.ts';
import type { Model, Policy } from './state.ts';
import { reconfigured } from './reconfigure.ts';
import { begin, transition, type Transition } from './transition.ts';

/** Hears of everything, in order. Must not throw and must not wait. */
export interface Observer {
  /** `effect` is about to be performed. */
  starting(model: Model, effect: Effect): void;
  /** `asked` ended in `occurrence`, which led from `before` to `after`. */
  happened(before: Model, asked: Effect, occurrence: Occurrence, after: Model): void;
  /** A new configuration is in use from here on. */
  reconfigured(after: Model, configuration: Configuration): void;
}

/** What a configuration gives the loop. */
export interface Configuration {
  readonly policy: Policy;
  readonly ports: Ports;
}

export interface RunOptions {
  readonly model: Model;
  readonly policy: Policy;
  readonly ports: Ports;
  readonly dice: Dice;
  readonly observer: Observer;
  readonly signal: AbortSignal;
}

/** A running loop, and whether it still moves. */
export class Runner {
  readonly #options: RunOptions;
  #inUse: Configuration;
  #next: Configuration | undefined;
  #interrupt = new AbortController();
  #deadlineMono = Number.POSITIVE_INFINITY;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#inUse = { policy: options.policy, ports: options.ports };
  }

  /** Takes effect when the present effect is over; a wait is cut short. Of several, the last one counts. */
  reconfigure(next: Configuration): void {
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
    const { dice, observer, signal } = this.#options;
    let { model } = this.#options;
    let effect = begin(model, this.#now(), this.#inUse.policy);
    while (!signal.aborted) {
      if (this.#next !== undefined) {
        ({ model, effect } = this.#takeNext(model, this.#next));
      }
      const { policy, ports } = this.#inUse;
      observer.starting(model, effect);
      this.#deadlineMono = ports.clock.monotonic() + EFFECT_LIMIT_MS[effect.kind] + GRACE_MS;
      let event: Event;
      try {
        event = await perform(effect, ports, signal, this.#interrupt.signal);
      } catch (error) {
        if (isAborted(signal)) {
          return;
        }
        throw error;
      }
      const occurrence: Occurrence = { event, ...this.#now(), roll: dice() };
      const next = transition(model, effect, occurrence, policy);
      observer.happened(model, effect, occurrence, next.model);
      model = next.model;
      effect = next.effect;
    }
  }

  #takeNext(model: Model, next: Configuration): Transition {
    const before = this.#inUse.policy;
    this.#inUse = next;
    this.#next = undefined;
    this.#interrupt = new AbortController();
    const transition = reconfigured(model, this.#now(), before, next.policy);
    this.#options.observer.reconfigured(transition.model, next);
    return transition;
  }

  #now(): Moment {
    const { clock } = this.#inUse.ports;
    return { at: clock.now(), mono: clock.monotonic() };
  }
}

/** Time for an aborted effect to settle before the loop counts as stuck. */
const GRACE_MS = 60_000;

/** Asked anew: the compiler would otherwise take the loop's condition for still true. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
