/**
 * How long a release has been known without the node getting on. Pure.
 *
 * Invariants:
 * - It begins with the first offer, and ends when the node boots something else or nothing is offered any more. Another
 *   release offered meanwhile does not begin it anew.
 * - Waiting for an instant that a gate names is getting on; so is waiting for a person who has to decide.
 * - It outlives the agent: the record keeps the wall clock's instant, and the monotonic clock counts from there.
 */
import { DAY_MS } from '../text/units.ts';
import { momentOf, type Moment } from './moment.ts';
import type { CheckResult } from './ports.ts';
import { plain } from './record.ts';
import { recorded, type Memory, type Pursuit } from './state.ts';

/** A clock that was wrong at the start must not make days into years. */
const LONGEST_CARRIED_MS = 30 * DAY_MS;

/** Gates that wait for somebody's decision, by label. */
const DECIDED_BY_PEOPLE: ReadonlySet<string> = new Set(['manual', 'marker_missing', 'held']);

/** The memory after the graph has answered. */
export function pursuing(memory: Memory, { outcome }: CheckResult, now: Moment): Memory {
  switch (outcome.kind) {
    case 'off-graph':
      return memory;
    case 'no-update':
    case 'downgrade-refused':
      return withPursuit(memory, undefined);
    case 'update':
      return withPursuit(memory, {
        release: plain(outcome.release),
        since: memory.pursuit?.since ?? carried(memory, now),
      });
  }
}

/** The memory after a gate or a lender has said no. `untilAt`: the instant at which the answer can change. */
export function held(memory: Memory, label: string, untilAt: number | undefined, now: Moment): Memory {
  const { pursuit } = memory;
  if (pursuit === undefined) {
    return memory;
  }
  if (DECIDED_BY_PEOPLE.has(label)) {
    return withPursuit(memory, { ...pursuit, since: momentOf(now) });
  }
  if (untilAt === undefined || untilAt <= now.at) {
    return memory;
  }
  return withPursuit(memory, { ...pursuit, since: { at: untilAt, mono: now.mono + (untilAt - now.at) } });
}

function carried({ record }: Memory, now: Moment): Moment {
  const { stalledSinceAt } = record;
  if (stalledSinceAt === undefined) {
    return momentOf(now);
  }
  const lastedMs = Math.min(now.at - stalledSinceAt, LONGEST_CARRIED_MS);
  return { at: now.at - lastedMs, mono: now.mono - lastedMs };
}

/** What moves by less is not worth writing to the disk. */
export const WORTH_WRITING_MS = DAY_MS / 4;

function withPursuit(memory: Memory, pursuit: Pursuit | undefined): Memory {
  const { stalledSinceAt, ...rest } = memory.record;
  const next = { ...memory, pursuit };
  if (pursuit === undefined) {
    return stalledSinceAt === undefined ? next : recorded(next, rest);
  }
  const isWritten =
    stalledSinceAt !== undefined && Math.abs(pursuit.since.at - stalledSinceAt) < WORTH_WRITING_MS;
  return isWritten ? next : recorded(next, { ...rest, stalledSinceAt: pursuit.since.at });
}
