/**
 * The one loop: perform an effect, make its outcome an event, ask the machine what comes next, report.
 *
 * Invariants:
 * - One effect at a time, so no locks and no overlapping ticks. Only the record is written beside what can take long.
 * - It ends only when its signal is aborted, or when the program itself is at fault, which throws.
 * - A request enters between two effects, and ends by a happening; nothing else keeps account of it.
 * - A new configuration takes effect between two effects, never within one.
 */
import { MINUTE_MS } from '../text/units.ts';
import { advance, begin, type Advance, type Machine } from './advance.ts';
import { beginning } from './beginning.ts';
import { isJoined, saveBeside, takenBeside } from './beside.ts';
import { cutsShort } from './cut-short.ts';
import type { Beginning, Happening } from './happenings.ts';
import type { EffectKind, Event } from './messages.ts';
import { limitMsOf, perform, type Ports } from './perform.ts';
import type { Dice } from './ports.ts';
import { reconfigured } from './reconfigure.ts';
import { endedWithAgent, ENDING } from './request-ends.ts';
import { refused } from './request-outcomes.ts';
import { requested } from './requested.ts';
import { MOST_REQUESTS, type Outcome, type Request } from './requests.ts';
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

interface Waiting {
  readonly request: Request;
  readonly resolve: (outcome: Outcome) => void;
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
  /** The present effect, or the last one. Undefined: there was none yet. */
  #performing: EffectKind | undefined;
  #queue: Request[] = [];
  #knock = Promise.withResolvers<undefined>();
  /** By the id of the request. */
  readonly #waiting = new Map<string, Waiting>();
  #model: Model;
  #isOver = false;
  #deadlineMono = Number.POSITIVE_INFINITY;

  constructor(options: RunOptions<C>) {
    this.#options = options;
    this.#inUse = options.configuration;
    this.#model = options.model;
  }

  /** Takes effect when the present effect is over; a wait is cut short. Of several, the last one counts. */
  reconfigure(next: C): void {
    this.#next = next;
    this.#interrupt.abort();
  }

  /**
   * Hands `request` to the machine when the present effect is over, or has been cut short; see cut-short.ts. Resolves
   * with the outcome that happenings tell, and never rejects. Not taken at all: `Busy`, with too many that wait;
   * `Invalid`, with the id of one that waits; `ShuttingDown`.
   */
  request(request: Request): Promise<Outcome> {
    if (this.#isOver || this.#options.signal.aborted) {
      return Promise.resolve(ENDING);
    }
    if (this.#waiting.has(request.id)) {
      return Promise.resolve(refused('Invalid', 'a request must have an id of its own'));
    }
    if (this.#waiting.size >= MOST_REQUESTS) {
      return Promise.resolve(refused('Busy', 'too many requests wait: ask again when they have ended'));
    }
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#waiting.set(request.id, { request, resolve });
    this.#queue.push(request);
    if (this.#performing !== undefined && cutsShort(request.wish, this.#performing)) {
      this.#cut.abort();
    }
    this.#knock.resolve(undefined);
    return promise;
  }

  /**
   * False when the present effect has outlived its limit by a minute: something below ignores its signal, and only a
   * restart helps. The service manager's watchdog is fed only while this is true.
   */
  isAlive(): boolean {
    return this.#inUse.ports.clock.monotonic() < this.#deadlineMono;
  }

  /** Resolves when the signal is aborted and the last effect has let go. Then every request has its outcome. */
  async run(): Promise<void> {
    try {
      await this.#run();
    } finally {
      this.#isOver = true;
      const happenings = endedWithAgent([...this.#waiting.values()].map(({ request }) => request));
      if (happenings.length > 0) {
        this.#tell(this.#model, happenings, this.#now().at);
      }
    }
  }

  async #run(): Promise<void> {
    const { model, dice, observer, signal } = this.#options;
    let machine: Machine = begin(model, this.#now(), this.#inUse.policy);
    while (!signal.aborted) {
      if (this.#next !== undefined) {
        machine = this.#takeNext(machine.model, this.#next);
      }
      for (const request of this.#queue.splice(0)) {
        machine = this.#take(machine.model, request);
      }
      const { policy, ports } = this.#inUse;
      observer.begins(beginning(machine), ports.clock.now(), machine);
      this.#deadlineMono = ports.clock.monotonic() + limitMsOf(machine.effect.kind) + GRACE_MS;
      let event: Event;
      try {
        this.#performing = machine.effect.kind;
        this.#cut = new AbortController();
        ({ machine, event } = await this.#perform(machine));
      } catch (error) {
        if (isAborted(signal)) {
          return;
        }
        throw error;
      }
      machine = this.#joined(machine);
      const now = this.#now();
      const step = advance(machine, { event, ...now, roll: dice() }, policy);
      this.#tell(step.model, step.happenings, now.at);
      machine = step;
    }
  }

  /** The event that ends the effect, and the machine with what people had written down meanwhile. */
  async #perform(machine: Machine): Promise<{ readonly machine: Machine; readonly event: Event }> {
    const { ports } = this.#inUse;
    const { signal } = this.#options;
    const over = perform(machine.effect, ports, signal, this.#interrupt.signal, this.#cut.signal);
    let at = machine;
    try {
      for (;;) {
        // Before the queue is looked at: whoever comes from then on is not missed.
        this.#knock = Promise.withResolvers<undefined>();
        at = await this.#takeBeside(at);
        const event = await Promise.race([over, this.#knock.promise]);
        if (event !== undefined) {
          return { machine: at, event };
        }
      }
    } finally {
      // What is written beside it may fail first, where the agent ends; it has to let go all the same.
      await over.catch(() => undefined);
    }
  }

  /** Takes what can be taken while an effect goes on, and writes it down. See beside.ts. */
  async #takeBeside(machine: Machine): Promise<Machine> {
    const { policy, ports } = this.#inUse;
    const { effect } = machine;
    const beside = takenBeside(
      machine.model,
      effect.kind,
      this.#queue,
      this.#now(),
      policy,
      this.#next !== undefined,
    );
    this.#queue = [...beside.left];
    for (const step of beside.taken) {
      this.#tell(step.model, step.happenings, this.#now().at);
    }
    if (beside.isCut) {
      this.#cut.abort();
    }
    const save = saveBeside(beside.model, this.#now());
    if (save === undefined) {
      return { model: beside.model, effect };
    }
    const event = await perform(save, ports, this.#options.signal);
    const now = this.#now();
    const step = advance({ model: beside.model, effect: save }, { event, ...now, roll: 0 }, policy);
    this.#tell(step.model, step.happenings, now.at);
    return { model: step.model, effect };
  }

  #takeNext(model: Model, next: C): Advance {
    const before = this.#inUse.policy;
    this.#inUse = next;
    this.#next = undefined;
    this.#interrupt = new AbortController();
    const now = this.#now();
    const step = reconfigured(model, now, before, next.policy);
    this.#options.observer.configured(next);
    this.#tell(step.model, step.happenings, now.at);
    return step;
  }

  #take(model: Model, request: Request): Advance {
    const now = this.#now();
    const step = requested(model, now, this.#inUse.policy, request);
    this.#tell(step.model, step.happenings, now.at);
    return step;
  }

  /** Who asks for a check while one runs gets its answer. */
  #joined(machine: Machine): Machine {
    const joining = this.#queue.filter((request) => isJoined(request, machine.effect));
    this.#queue = this.#queue.filter((request) => !joining.includes(request));
    const model = joining.reduce((before, request) => this.#take(before, request).model, machine.model);
    return { model, effect: machine.effect };
  }

  #tell(model: Model, happenings: readonly Happening[], at: number): void {
    this.#model = model;
    this.#options.observer.happened(model, happenings, at);
    for (const happening of happenings) {
      if (happening.kind === 'request-ended') {
        const { id } = happening.request;
        this.#waiting.get(id)?.resolve(happening.outcome);
        this.#waiting.delete(id);
      }
    }
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
