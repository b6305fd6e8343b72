/**
 * Several lenders as one: all of them must lend.
 *
 * Invariants:
 * - They are asked in the order of the configuration. The first that does not lend ends the asking.
 * - A refusal lends nothing: what others lent before it is given back at once.
 * - Giving back is tried with every lender, even when one of them fails.
 * - What a lender lent that is no longer configured is given back to it. Who that is, the caller knows from its record.
 */
import type {
  Lenders as LendersPort,
  SlotAnswer,
  SlotRequest,
  SlotReturn,
  SlotsLeft,
} from '../agent/ports.ts';
import type { SlotPlace } from '../agent/slot-place.ts';
import { kindOf, messageOf } from '../errors.ts';
import type { Lender } from './lender.ts';

/** Of those that lent before one refused, where they cannot be told that at once. */
const ASK_AGAIN_MS = 30_000;

export class Lenders implements LendersPort {
  readonly #configured: readonly Lender[];
  readonly #formerAt: (place: SlotPlace) => Lender;

  /** `formerAt`: a lender that is no longer configured, only to give something back. */
  constructor(configured: readonly Lender[], formerAt: (place: SlotPlace) => Lender) {
    this.#configured = configured;
    this.#formerAt = formerAt;
  }

  async acquire(request: SlotRequest, signal: AbortSignal): Promise<SlotAnswer> {
    const lent: Lender[] = [];
    for (const lender of this.#configured) {
      let answer: SlotAnswer;
      try {
        answer = await lender.acquire(request, signal);
      } catch (error) {
        if ((await this.#giveBack(lent, request, signal)).length > 0) {
          const reason = messageOf(error);
          return mayBeHeld({ reason, label: lender.name, errorKind: kindOf(error) });
        }
        throw error;
      }
      if (answer.kind === 'refused' && (await this.#giveBack(lent, request, signal)).length > 0) {
        return mayBeHeld({ reason: answer.reason, label: answer.label });
      }
      if (answer.kind !== 'granted') {
        return answer;
      }
      lent.push(lender);
    }
    return { kind: 'granted' };
  }

  async release(request: SlotReturn, signal: AbortSignal): Promise<SlotsLeft | undefined> {
    const { configured, former } = request;
    const present = configured ? this.#configured : [];
    const [failures, formerFailures] = await Promise.all([
      this.#giveBack(present, request, signal),
      Promise.all(
        former.map(async (place) =>
          (await this.#giveBack([this.#formerAt(place)], request, signal)).map((error) => ({ place, error })),
        ),
      ),
    ]);
    signal.throwIfAborted();
    const left = formerFailures.flat();
    const errors = [...failures, ...left.map(({ error }) => error)];
    return errors.length === 0
      ? undefined
      : { configured: failures.length > 0, former: left.map(({ place }) => place), error: errors[0] };
  }

  /** The failures. */
  async #giveBack(lenders: readonly Lender[], request: SlotRequest, signal: AbortSignal): Promise<unknown[]> {
    const results = await Promise.allSettled(lenders.map((lender) => lender.release(request, signal)));
    return results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  }
}

function mayBeHeld(why: {
  readonly reason: string;
  readonly label: string;
  readonly errorKind?: string;
}): SlotAnswer {
  return { kind: 'may-be-held', ...why, askAgainMs: ASK_AGAIN_MS };
}
