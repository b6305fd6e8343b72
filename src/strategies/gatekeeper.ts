/**
 * Several strategies as one: all must allow.
 *
 * Invariants: local strategies and remote ones are asked apart, in the order of the configuration; the first remote one
 * that denies ends the asking, so that nothing is taken in vain; giving back is tried with every remote strategy even
 * when one fails.
 */
import type { Gatekeeper, JointVerdict } from '../agent/ports.ts';
import type { Strategy, Verdict } from './strategy.ts';

export class Strategies implements Gatekeeper {
  readonly #local: readonly Strategy[];
  readonly #remote: readonly Strategy[];

  constructor(strategies: readonly Strategy[]) {
    this.#local = strategies.filter((strategy) => !strategy.remote);
    this.#remote = strategies.filter((strategy) => strategy.remote);
  }

  async askLocal(nowMs: number, signal: AbortSignal): Promise<JointVerdict> {
    return joinVerdicts(
      await Promise.all(this.#local.map((strategy) => strategy.canFinalize(nowMs, signal))),
    );
  }

  async askRemote(nowMs: number, signal: AbortSignal): Promise<JointVerdict> {
    for (const strategy of this.#remote) {
      const verdict = await strategy.canFinalize(nowMs, signal);
      if (verdict.verdict === 'deny') return joinVerdicts([verdict]);
    }
    return joinVerdicts([]);
  }

  async reportSteady(signal: AbortSignal): Promise<void> {
    const results = await Promise.allSettled(this.#remote.map((strategy) => strategy.reportSteady(signal)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }
}

/**
 * The joint answer and the earliest instant at which it can become "allow": the latest one of those that deny, since
 * all of them have to change their mind.
 */
export function joinVerdicts(verdicts: readonly Verdict[]): JointVerdict {
  const denials = verdicts.filter((verdict) => verdict.verdict === 'deny');
  const [first] = denials;
  if (first === undefined) return { verdict: 'allow', reason: '', label: 'allowed' };
  const reason = denials.map((denial) => denial.reason).join('; ');
  const instants = denials.flatMap((denial) => (denial.until === undefined ? [] : [denial.until]));
  const joint: JointVerdict = { verdict: 'deny', reason, label: first.label };
  return instants.length === 0 ? joint : { ...joint, untilAt: Math.max(...instants) };
}
