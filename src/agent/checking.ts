/** Asking the update graph: what is asked, and when it is asked again. Pure. */
import { deniedPayloads } from './denylist.ts';
import { skipOf } from './holds.ts';
import type { EffectOf, Failure } from './messages.ts';
import { checkRetryMs, withJitter } from './pacing.ts';
import type { CheckQuery, HostStatus } from './ports.ts';
import type { AgentRecord } from './record.ts';
import type { Payload } from './release.ts';
import { stageRequest } from './pending.ts';
import { streamOf } from './slots.ts';
import type { Memory, Policy } from './state.ts';
import type { Turn, View } from './turn.ts';

/** The effect of every step `check`. They are entered only with a booted deployment that can be compared. */
export function checkEffect({ memory, policy, at }: View): EffectOf<'check'> {
  const { host } = memory;
  const payload = host?.booted.payload;
  if (host === undefined || payload === undefined) {
    throw new Error('a check was asked for before the deployments were read');
  }
  const request = stageRequest(memory);
  return {
    kind: 'check',
    stream: streamOf(memory, policy),
    query: { ...checkQuery(host, payload, memory.record, policy, at), ...wishesOf(memory) },
    ...(request !== undefined && { request: request.id }),
  };
}

/** What a person asked for: now, or before of what is on its way. */
function wishesOf(memory: Memory): Pick<CheckQuery, 'ignoreRollout' | 'only'> {
  const { wanted } = memory.record;
  const wish = stageRequest(memory)?.wish;
  const ignoreRollout = wish?.ignoreRollout ?? wanted?.ignoreRollout ?? false;
  const only = wish === undefined ? (wanted?.only === true ? wanted.version : undefined) : wish.to;
  return { ...(ignoreRollout && { ignoreRollout }), ...(only !== undefined && { only }) };
}

export function checkQuery(
  host: HostStatus,
  payload: Payload,
  record: AgentRecord,
  policy: Policy,
  at: number,
): CheckQuery {
  return {
    booted: { version: host.booted.version, payload },
    denied: deniedPayloads(host, record, at),
    skip: skipOf(record, policy),
    allowDowngrade: policy.allowDowngrade,
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
  const due = checkDue(memory, mono + waitMs);
  const next =
    failure.retryAfterMs === undefined
      ? due
      : { ...due, check: { ...due.check, serverDueMono: mono + failure.retryAfterMs } };
  if (base <= policy.steadyIntervalMs) {
    return next;
  }
  const untilAt = at + waitMs;
  turn.tell({ kind: 'check-put-off', untilAt, repeated: turn.was.memory.check.putOffUntilAt !== undefined });
  return { ...next, check: { ...next.check, putOffUntilAt: untilAt } };
}
