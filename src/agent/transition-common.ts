/** What the transitions of all states share: when things are due, and the ways back to polling and on to staging. Pure. */
import type { Failure, Occurrence } from './messages.ts';
import { checkRetryMs, withJitter } from './pacing.ts';
import { attemptsOf } from './record.ts';
import type { Release } from './release.ts';
import type { AgentState, Memory, Model, Policy } from './state.ts';

/** A release that has been selected, with the attempts that were made for it before, in this life or an earlier one. */
export function available(
  release: Release,
  memory: Memory,
): Extract<AgentState, { name: 'UpdateAvailable' }> {
  const failedAttempts = attemptsOf(memory.record, release).stages;
  return { name: 'UpdateAvailable', release, failedAttempts, step: 'stage', dueMono: 0 };
}

export function steadyMs(occurrence: Occurrence, policy: Policy): number {
  return withJitter(policy.steadyIntervalMs, policy.jitter ? occurrence.roll : 0);
}

export function retryMs(occurrence: Occurrence, policy: Policy): number {
  return withJitter(policy.retryIntervalMs, policy.jitter ? occurrence.roll : 0);
}

/** Milliseconds to the next check after a failed one; `memory` counts that failure already. */
export function checkFailedMs(
  memory: Memory,
  failure: Failure,
  occurrence: Occurrence,
  policy: Policy,
): number {
  const base = checkRetryMs(memory.check.streak?.count ?? 1, policy.steadyIntervalMs, failure.retryAfterMs);
  return withJitter(base, policy.jitter ? occurrence.roll : 0);
}

export function checkDue(memory: Memory, dueMono: number): Memory {
  return { ...memory, check: { ...memory.check, dueMono } };
}

/** Back to polling, at once: the deployments are read and the graph is asked without waiting. */
export function pollNow(memory: Memory): Model {
  return { state: { name: 'NoNewUpdate', step: 'refresh' }, memory: checkDue(memory, 0) };
}
