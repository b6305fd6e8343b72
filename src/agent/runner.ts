/**
 * The one loop: perform an effect, make its outcome an event, ask the machine what comes next, report.
 *
 * Invariants: one effect at a time, so no locks and no overlapping ticks; ends only when its signal is aborted (or when
 * the program itself is at fault, which throws).
 */
import type { Effect, Event, Occurrence } from './messages.ts';
import { EFFECT_LIMIT_MS, perform, type Ports } from './perform.ts';
import type { Dice } from './ports.ts';
import type { Model, Policy } from './state.ts';
import { begin, transition } from './transition.ts';

/** Hears of everything, in order. Must not throw and must not wait. */
export interface Observer {
  /** `effect` is about to be performed. */
  starting(model: Model, effect: Effect): void;
  /** `asked` ended in `occurrence`, which led from `before` to `after`. */
  happened(before: Model, asked: Effect, occurrence: Occurrence, after: Model): void;
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
  #deadlineMono = Number.POSITIVE_INFINITY;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  /**
   * False when the present effect has outlived its limit by a minute: something below ignores its signal, and only a
   * restart helps. The service manager's watchdog is fed only while this is true.
   */
  isAlive(): boolean {
    return this.#options.ports.clock.monotonic() < this.#deadlineMono;
  }

  /** Resolves when the signal is aborted and the last effect has let go. */
  async run(): Promise<void> {
    const { policy, ports, dice, observer, signal } = this.#options;
    const { clock } = ports;
    let model = this.#options.model;
    let effect = begin(model, { at: clock.now(), mono: clock.monotonic() }, policy);
    while (!signal.aborted) {
      observer.starting(model, effect);
      this.#deadlineMono = clock.monotonic() + EFFECT_LIMIT_MS[effect.kind] + GRACE_MS;
      let event: Event;
      try {
        event = await perform(effect, ports, signal);
      } catch (error) {
        if (isAborted(signal)) return;
        throw error;
      }
      const occurrence: Occurrence = { event, at: clock.now(), mono: clock.monotonic(), roll: dice() };
      const next = transition(model, effect, occurrence, policy);
      observer.happened(model, effect, occurrence, next.model);
      model = next.model;
      effect = next.effect;
    }
  }
}

/** Time for an aborted effect to settle before the loop counts as stuck. */
const GRACE_MS = 60_000;

/** Asked anew: the compiler would otherwise take the loop's condition for still true. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
