/**
 * Several lenders as one: all of them must lend.
 *
 * Invariants:
 * - They are asked in the order of the configuration. The first refusal ends the asking, so that nothing is taken in vain.
 * - Giving back is tried with every lender, even when one of them fails.
 * - What a lender of an earlier configuration may have lent is given back to it. That is tried before anything is taken.
 * - A lender of an earlier configuration is asked to take back only as long as it may have lent something.
 */
import type { Lenders as LendersPort, SlotAnswer, SlotRequest } from '../agent/ports.ts';
import type { Lender } from './lender.ts';

export class Lenders implements LendersPort {
  readonly #configured: readonly Lender[];

  /** Those that may have lent something. */
  readonly #owed: Set<Lender>;
  #before: Lenders | undefined;

  /** `before`: those that these replace. Without it, an agent before this one may have left a slot with any of these. */
  constructor(configured: readonly Lender[], before?: Lenders) {
    this.#configured = configured;
    this.#owed = new Set(before === undefined ? configured : []);
    this.#before = before;
  }

  async acquire(request: SlotRequest, signal: AbortSignal): Promise<SlotAnswer> {
    const owed = this.#allOwed();
    const former = [...owed].filter((lender) => !this.#configured.includes(lender));
    // A server that is gone for good must not hold the node. The next `release` tries again.
    await this.#giveBack(former, request, signal);
    for (const lender of this.#configured) {
      owed.add(lender);
      const answer = await lender.acquire(request, signal);
      if (answer.kind === 'refused') {
        return answer;
      }
    }
    return { kind: 'granted' };
  }

  async release(request: SlotRequest, signal: AbortSignal): Promise<void> {
    const everybody = new Set([...this.#configured, ...this.#allOwed()]);
    for (const result of await this.#giveBack([...everybody], request, signal)) {
      if (result.status === 'rejected') {
        throw result.reason;
      }
    }
  }

  #giveBack(
    lenders: readonly Lender[],
    request: SlotRequest,
    signal: AbortSignal,
  ): Promise<PromiseSettledResult<void>[]> {
    return Promise.allSettled(
      lenders.map(async (lender) => {
        await lender.release(request, signal);
        this.#owed.delete(lender);
      }),
    );
  }

  /** With those of the lenders before. These are asked only now: until now they were in use and could lend more. */
  #allOwed(): Set<Lender> {
    if (this.#before !== undefined) {
      for (const lender of this.#before.#allOwed()) {
        this.#owed.add(lender);
      }
      this.#before = undefined;
    }
    return this.#owed;
  }
}
