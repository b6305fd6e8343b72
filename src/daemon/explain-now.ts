/**
 * Explains on demand why the node does not reboot: a fresh look at every gate and at the people who are logged in.
 *
 * Invariants:
 * - Only looks are made. No slot is taken, rpm-ostree is not woken, and nothing is written.
 * - Callers of one second who override the same share one look, unless the record has changed since. It ends early only when all of them have left.
 * - No more than {@link MOST_LOOKS} looks run at once; others wait for one of them.
 */
import { gateSubject } from '../agent/gate-subject.ts';
import { OVERRIDES, type Override } from '../agent/overrides.ts';
import type { Clock, Sessions } from '../agent/ports.ts';
import type { AgentRecord } from '../agent/record.ts';
import type { Model, Policy } from '../agent/state.ts';
import { takenUp } from '../agent/taken-up.ts';
import { CancelledError } from '../errors.ts';
import type { Survey } from '../gates/survey.ts';
import { SECOND_MS } from '../text/units.ts';
import { explain } from '../why/explain.ts';
import type { Explanation } from '../why/explanation.ts';
import type { Company } from '../why/people.ts';

/** Who asks within so long of a look gets its answer. */
export const SHARED_MS = SECOND_MS;
/** Callers who override different things cannot share. */
export const MOST_LOOKS = 4;

export interface Explainable {
  readonly policy: Policy;
  readonly survey: Pick<Survey, 'explain'>;
  readonly sessions: Pick<Sessions, 'list'>;
}

export interface ExplainNowOptions {
  /** As the machine has it at the moment. */
  readonly model: () => Model;
  readonly configured: () => Explainable;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

/** One look, and who waits for it. */
interface SharedLook {
  readonly beganMono: number;
  /** As it was then: a hold that has come since calls for another look. */
  readonly record: AgentRecord;
  readonly answer: Promise<Explanation>;
  readonly over: AbortController;
  waiting: number;
  ended: boolean;
}

export class ExplainNow {
  readonly #options: ExplainNowOptions;
  readonly #looks = new Map<string, SharedLook>();

  constructor(options: ExplainNowOptions) {
    this.#options = options;
  }

  /**
   * `exempt`: a user whose own holds do not count. Rejects with CancelledError when `signal` is aborted, never otherwise.
   */
  async explain(overrides: readonly Override[], signal: AbortSignal, exempt?: number): Promise<Explanation> {
    const wanted = OVERRIDES.filter((word) => overrides.includes(word));
    for (;;) {
      throwIfAborted(signal);
      const look = this.#lookFor(wanted, exempt);
      if (look !== undefined) {
        return await this.#awaited(look, signal);
      }
      const running = [...this.#looks.values()].filter(({ ended }) => !ended);
      await untilAborted(Promise.race(running.map(({ answer }) => answer.catch(() => undefined))), signal);
    }
  }

  /** Undefined: too many others run. */
  #lookFor(overrides: readonly Override[], exempt: number | undefined): SharedLook | undefined {
    const mono = this.#options.clock.monotonic();
    for (const [key, { ended, beganMono }] of this.#looks) {
      if (ended && mono - beganMono >= SHARED_MS) {
        this.#looks.delete(key);
      }
    }
    const { record } = this.#options.model().memory;
    const key = `${overrides.join(',')}/${exempt ?? ''}`;
    const known = this.#looks.get(key);
    const isFresh = known?.record === record && mono - known.beganMono < SHARED_MS;
    if (known !== undefined && !known.over.signal.aborted && isFresh) {
      return known;
    }
    const running = [...this.#looks.values()].filter(({ ended }) => !ended).length;
    if (running >= MOST_LOOKS || known?.ended === false) {
      return undefined;
    }
    const over = new AbortController();
    const look: SharedLook = {
      beganMono: mono,
      record,
      answer: this.#look(overrides, over.signal, exempt),
      over,
      waiting: 0,
      ended: false,
    };
    const end = (): void => {
      look.ended = true;
    };
    look.answer.then(end, end);
    this.#looks.set(key, look);
    return look;
  }

  async #awaited(look: SharedLook, signal: AbortSignal): Promise<Explanation> {
    look.waiting += 1;
    try {
      return await untilAborted(look.answer, signal);
    } finally {
      look.waiting -= 1;
      if (look.waiting === 0 && !look.ended) {
        look.over.abort(new CancelledError('nobody waits for the explanation any more'));
      }
    }
  }

  async #look(
    overrides: readonly Override[],
    signal: AbortSignal,
    exempt: number | undefined,
  ): Promise<Explanation> {
    const { model, configured, clock } = this.#options;
    const { policy, survey, sessions } = configured();
    const question = { ...gateSubject(model().memory, exempt), at: clock.now(), overrides };
    const [gates, company] = await Promise.all([
      survey.explain(question, signal),
      sessions.list(signal).then(
        (list): Company => ({ sessions: list }),
        (): Company => ({ sessions: undefined }),
      ),
    ]);
    // The instant of the question, and the machine as it is by now: what has moved on meanwhile is not told as past.
    const now = { at: clock.now(), mono: clock.monotonic() };
    const { holds = [] } = question;
    const asIs = model();
    // Who asks for a reboot has what is staged taken up, also where no check names it.
    const asked = exempt === undefined ? undefined : takenUp(asIs, now.mono, policy);
    return explain(asked ?? asIs, policy, gates, now, { overrides, company, holds });
  }
}

/** Rejects with CancelledError as soon as `signal` is aborted, whatever becomes of `promise`. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(cancelled(signal));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) {
    throw cancelled(signal);
  }
}

function cancelled(signal: AbortSignal): CancelledError {
  return new CancelledError('the explanation was given up', { cause: signal.reason });
}
