/**
 * The one loop: perform an effect, make its outcome an event, ask the machine what comes next, report.
 *
 * Invariants:
 * - One effect at a time, so no locks and no overlapping ticks.
 * - It ends only when its signal is aborted, or when the program itself is at fault, which throws.
 * - A new configuration, and a request, takes effect between two effects, never within one. What a request may cut
 *   short stands in requested.ts.
 * - Each request ends once, also when the agent ends.
 */
import { CancelledError } from '../errors.ts';
import { MINUTE_MS } from '../text/units.ts';
import { advance, begin, type Advance, type Machine } from './advance.ts';
import { beginning } from './beginning.ts';
import type { Beginning, Happening } from './happenings.ts';
import type { Event } from './messages.ts';
import { limitMsOf, perform, type Ports } from './perform.ts';
import type { Dice } from './ports.ts';
import { reconfigured } from './reconfigure.ts';
import { cutBy, requested } from './requested.ts';
import { endedWithAgent } from './request-ends.ts';
import type { Outcome, Request } from './requests.ts';
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
  #cut = new AbortController();
  #machine: Machine | undefined;
  #isOver = false;
  readonly #requests: Request[] = [];
  readonly #outcomes = new Map<string, (outcome: Outcome) => void>();
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
   * Hands a request to the machine. Of two with one id the first counts. Never rejects: what goes wrong is an outcome.
   */
  request(request: Request): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    if (this.#isOver) {
      resolve({ kind: 'refused', error: 'ShuttingDown', text: 'the agent ends' });
      return promise;
    }
    this.#outcomes.set(request.id, resolve);
    this.#requests.push(request);
    const machine = this.#machine;
    if (machine === undefined || machine.effect.kind === 'wait') {
      this.#interrupt.abort();
    } else if (cutBy(request.wish, machine.model).includes(machine.effect.kind)) {
      this.#cut.abort(new CancelledError(`a request to ${request.wish.kind} came`));
    }
    return promise;
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
    const { model, signal } = this.#options;
    let machine: Machine = begin(model, this.#now(), this.#inUse.policy);
    try {
      while (!signal.aborted) {
        const next = await this.#turn(machine);
        if (next === undefined) {
          return;
        }
        machine = next;
      }
    } finally {
      this.#end(machine.model);
    }
  }

  /** One effect, and what comes of it. Undefined: the agent's life ended meanwhile. */
  async #turn(before: Machine): Promise<Machine | undefined> {
    const { dice, observer, signal } = this.#options;
    const machine = this.#takeRequests(
      this.#next === undefined ? before : this.#takeNext(before.model, this.#next),
    );
    const { policy, ports } = this.#inUse;
    observer.begins(beginning(machine), ports.clock.now(), machine);
    this.#deadlineMono = ports.clock.monotonic() + limitMsOf(machine.effect.kind) + GRACE_MS;
    this.#machine = machine;
    let event: Event;
    try {
      event = await perform(machine.effect, ports, signal, this.#interrupt.signal, this.#cut.signal);
    } catch (error) {
      if (signal.aborted) {
        return undefined;
      }
      throw error;
    }
    const now = this.#now();
    const step = advance(machine, { event, ...now, roll: dice() }, policy);
    this.#tell(step, now.at);
    return step;
  }

  #takeRequests(before: Machine): Machine {
    let machine = before;
    if (this.#requests.length > 0) {
      this.#cut = new AbortController();
      this.#interrupt = new AbortController();
    }
    for (const request of this.#requests.splice(0)) {
      const now = this.#now();
      const step = requested(machine.model, now, this.#inUse.policy, request);
      this.#tell(step, now.at);
      machine = step;
    }
    return machine;
  }

  #tell({ model, happenings }: Advance, at: number): void {
    this.#options.observer.happened(model, happenings, at);
    for (const happening of happenings) {
      if (happening.kind === 'request-ended') {
        this.#outcomes.get(happening.request.id)?.(happening.outcome);
        this.#outcomes.delete(happening.request.id);
      }
    }
  }

  /** Whoever still waits is told that the agent ends. */
  #end(model: Model): void {
    this.#isOver = true;
    this.#options.observer.happened(model, endedWithAgent(model.memory.requests), this.#now().at);
    for (const resolve of this.#outcomes.values()) {
      resolve({ kind: 'refused', error: 'ShuttingDown', text: 'the agent ends' });
    }
    this.#outcomes.clear();
  }

  #takeNext(model: Model, next: C): Advance {
    const before = this.#inUse.policy;
    this.#inUse = next;
    this.#next = undefined;
    this.#interrupt = new AbortController();
    const now = this.#now();
    const step = reconfigured(model, now, before, next.policy);
    this.#options.observer.configured(next);
    this.#tell(step, now.at);
    return step;
  }

  #now(): Moment {
    const { clock } = this.#inUse.ports;
    return { at: clock.now(), mono: clock.monotonic() };
  }
}
