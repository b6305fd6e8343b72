/** What the transitions of all states share: when things are due, and the ways back to polling and on to staging. Pure. */
import type { Failure, Occurrence } from './messages.ts';
import { checkRetryMs, withJitter } from './pacing.ts';
import type { Deployment } from './ports.ts';
import { samePayload } from './release.ts';
import type { Memory, Model, Policy } from './state.ts';

/** A staged deployment that this agent did not stage: somebody wants to boot into it. */
export function foreignStaged({ host, record }: Memory): Deployment | undefined {
  const staged = host?.staged;
  if (staged === undefined || staged.finalizationLocked === true) {
    return undefined;
  }
  const isOurs =
    staged.payload !== undefined &&
    record.staged !== undefined &&
    samePayload(staged.payload, record.staged.payload);
  return isOurs ? undefined : staged;
}

export function steadyMs(occurrence: Occurrence, policy: Policy): number {
  return withJitter(policy.steadyIntervalMs, policy.jitter ? occurrence.roll : 0);
}

export function retryMs(occurrence: Occurrence, policy: Policy): number {
  return withJitter(policy.retryIntervalMs, policy.jitter ? occurrence.roll : 0);
}

/** When to check again after a failed check; `memory` counts that failure already. */
export function afterFailedCheck(
  memory: Memory,
  failure: Failure,
  occurrence: Occurrence,
  policy: Policy,
): Memory {
  const base = checkRetryMs(memory.check.streak?.count ?? 1, policy.steadyIntervalMs, failure.retryAfterMs);
  const waitMs = withJitter(base, policy.jitter ? occurrence.roll : 0);
  const putOffUntilAt = base > policy.steadyIntervalMs ? occurrence.at + waitMs : undefined;
  const next = checkDue(memory, occurrence.mono + waitMs);
  return { ...next, check: { ...next.check, putOffUntilAt } };
}

export function checkDue(memory: Memory, dueMono: number): Memory {
  return { ...memory, check: { ...memory.check, dueMono, putOffUntilAt: undefined } };
}

/** Back to polling, at once: the deployments are read and the graph is asked without waiting. */
export function pollNow(memory: Memory): Model {
  return { state: { name: 'NoNewUpdate', step: 'refresh' }, memory: checkDue(memory, 0) };
}

/**
 * Back to polling after somebody took the staged deployment away. After a pause: whoever does that again and again must
 * not make the agent download without end.
 */
export function startOver(memory: Memory, occurrence: Occurrence, policy: Policy): Model {
  const dueMono = occurrence.mono + retryMs(occurrence, policy);
  return { state: { name: 'NoNewUpdate', step: 'rest' }, memory: checkDue(memory, dueMono) };
}
