/**
 * Several strategies as one: all must allow.
 *
 * Invariants: local strategies and remote ones are asked apart, in the order of the configuration; the first remote one
 * that denies ends the asking, so that nothing is taken in vain; giving back is tried with every remote strategy even
 * when one fails; what strategies of a configuration before this one may have lent is given back to them, and that is
 * tried before anything new is taken.
 */
import type { Gatekeeper, JointVerdict } from '../agent/ports.ts';
import type { Strategy, Verdict } from './strategy.ts';

export class Strategies implements Gatekeeper {
  readonly #local: readonly Strategy[];
  readonly #remote: readonly Strategy[];

  /** Remote strategies that may have lent something. */
  readonly #lenders: Set<Strategy>;
  #before: Strategies | undefined;

  /** `before`: those that these replace. Without: an agent before this one may have left anything with anybody. */
  constructor(strategies: readonly Strategy[], before?: Strategies) {
    this.#local = strategies.filter((strategy) => !strategy.remote);
    this.#remote = strategies.filter((strategy) => strategy.remote);
    this.#lenders = new Set(before === undefined ? this.#remote : []);
    this.#before = before;
  }

  async askLocal(nowMs: number, signal: AbortSignal): Promise<JointVerdict> {
    return joinVerdicts(
      await Promise.all(this.#local.map((strategy) => strategy.canFinalize(nowMs, signal))),
    );
  }

  async askRemote(nowMs: number, signal: AbortSignal): Promise<JointVerdict> {
    const lenders = this.#allLenders();
    const former = [...lenders].filter((strategy) => !this.#remote.includes(strategy));
    // A server that is gone for good must not hold the node: the steady report goes on trying.
    await this.#giveBack(former, signal);
    for (const strategy of this.#remote) {
      lenders.add(strategy);
      const verdict = await strategy.canFinalize(nowMs, signal);
      if (verdict.verdict === 'deny') {
        return joinVerdicts([verdict]);
      }
    }
    return joinVerdicts([]);
  }

  async reportSteady(signal: AbortSignal): Promise<void> {
    const everybody = new Set([...this.#remote, ...this.#allLenders()]);
    for (const result of await this.#giveBack([...everybody], signal)) {
      if (result.status === 'rejected') {
        throw result.reason;
      }
    }
  }

  #giveBack(strategies: readonly Strategy[], signal: AbortSignal): Promise<PromiseSettledResult<void>[]> {
    return Promise.allSettled(
      strategies.map(async (strategy) => {
        await strategy.reportSteady(signal);
        this.#lenders.delete(strategy);
      }),
    );
  }

  /** With what those before have not given back: they are asked only now, since they were in use until now. */
  #allLenders(): Set<Strategy> {
    if (this.#before !== undefined) {
      for (const lender of this.#before.#allLenders()) {
        this.#lenders.add(lender);
      }
      this.#before = undefined;
    }
    return this.#lenders;
  }
}

/**
 * The joint answer and the earliest instant at which it can become "allow": the latest one of those that deny, since
 * all of them have to change their mind.
 */
export function joinVerdicts(verdicts: readonly Verdict[]): JointVerdict {
  const denials = verdicts.filter((verdict) => verdict.verdict === 'deny');
  const [first] = denials;
  if (first === undefined) {
    return { verdict: 'allow', reason: '', label: 'allowed' };
  }
  const reason = denials.map((denial) => denial.reason).join('; ');
  const instants = denials.flatMap((denial) => (denial.until === undefined ? [] : [denial.until]));
  const joint: JointVerdict = { verdict: 'deny', reason, label: first.label };
  return instants.length === 0 ? joint : { ...joint, untilAt: Math.max(...instants) };
}
