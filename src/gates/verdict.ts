/** Verdicts, made short. Pure. */
import type { AllowLabel, DenyLabel } from './labels.ts';
import type { Verdict } from './strategy.ts';

export function allow(label: AllowLabel, reason: string): Verdict {
  return { verdict: 'allow', reason, label };
}

/** `until` as {@link Verdict} has it. */
export function deny(label: DenyLabel, reason: string, until?: number): Verdict {
  return until === undefined ? { verdict: 'deny', reason, label } : { verdict: 'deny', reason, label, until };
}
