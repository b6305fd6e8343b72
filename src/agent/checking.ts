/** Asking the update graph: what is asked, and when it is asked again. Pure. */
import { skippedBy } from './admin-lists.ts';
import { deniedPayloads } from './denylist.ts';
import type { EffectOf, Failure } from './messages.ts';
import { checkRetryMs, withJitter } from './pacing.ts';
import { termsOf } from './pending.ts';
import type { CheckQuery, HostStatus } from './ports.ts';
import type { AgentRecord } from './record.ts';
import type { Payload } from './release.ts';
import { streamOf } from './slots.ts';
import type { Memory, Policy } from './state.ts';
import type { Turn, View } from './turn.ts';

/** The effect of every step `check`. They are entered only with a booted deployment that can be compared. */
export function checkEffect({ memory, policy, at }: View): EffectOf<'check'> {
  const { host } = memory;
  if (host?.booted.payload === undefined) {
    throw new Error('a check was asked for before the deployments were read');
  }
  return {
    kind: 'check',
    stream: streamOf(memory, policy),
    query: {
      ...checkQuery(host, host.booted.payload, memory.record, policy, at),
      skip: skippedBy(memory, policy),
      ...termsOf(memory),
    },
  };
}

export function checkQuery(
  host: HostStatus,
  payload: Payload,
  record: AgentRecord,
  { skip, allowDowngrade }: Policy,
  at: number,
): CheckQuery {
  return {
    booted: { version: host.booted.version, payload },
    denied: deniedPayloads(host, record, at),
    skip,
    allowDowngrade,
  };
}

export function steadyMs({ roll, policy }: Turn): number {
  return withJitter(policy.steadyIntervalMs, policy.jitter ? roll : 0);
}

export function retryMs({ roll, policy }: Turn): number {
  return withJitter(policy.retryIntervalMs, policy.jitter ? roll : 0);
}

export function checkDue(memory: Memory, dueMono: number): Memory {
  return { ...memory, check: { ...memory.check, dueMono, putOffUntilAt: undefined } };
}

/** The memory after a check that was answered: the next one comes a steady interval later. */
export function afterCheck(turn: Turn): Memory {
  return checkDue(turn.memory, turn.mono + steadyMs(turn));
}

/** So many answers in a row that know the booted release and do not offer what is staged, and it is withdrawn. */
export const ANSWERS_THAT_WITHDRAW = 2;

/** One answer may be a server that has just started, or one of several that are not of one mind. */
export function isWithdrawn({ check }: Memory): boolean {
  return check.unoffered >= ANSWERS_THAT_WITHDRAW;
}

/** The memory after a check that failed: the next one comes when the back-off and the server's own word allow it. */
export function afterFailedCheck(failure: Failure, turn: Turn): Memory {
  const { memory, policy, at, mono, roll } = turn;
  const base = checkRetryMs(memory.check.streak?.count ?? 1, policy.steadyIntervalMs, failure.retryAfterMs);
  const waitMs = withJitter(base, policy.jitter ? roll : 0);
  const next = checkDue(memory, mono + waitMs);
  if (base <= policy.steadyIntervalMs) {
    return next;
  }
  const untilAt = at + waitMs;
  turn.tell({ kind: 'check-put-off', untilAt, repeated: turn.was.memory.check.putOffUntilAt !== undefined });
  return { ...next, check: { ...next.check, putOffUntilAt: untilAt } };
}
