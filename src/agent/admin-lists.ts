/**
 * The lists that people keep through requests: holds and denials. Pure.
 *
 * Invariants:
 * - Both are bounded. Holds that are over are dropped with the next change.
 * - The id of a hold is never that of another one in force.
 */
import type { DropReason } from './happenings.ts';
import type { AgentRecord } from './record.ts';
import { isSkipped } from './skip.ts';
import type { Target } from './release.ts';
import { isHoldInForce, type AdminDenial, type Hold } from './requests.ts';
import type { Memory, Policy } from './state.ts';

/** What must not be chosen because a person says so: by configuration, or by request. */
export function skippedBy(
  { record }: Pick<Memory, 'record'>,
  { skip }: Pick<Policy, 'skip'>,
): readonly string[] {
  return [...skip, ...record.adminDenials.map(({ release }) => release)];
}

/** Why a staged `release` goes. */
export function dropReason(
  { record }: Pick<Memory, 'record'>,
  { skip }: Pick<Policy, 'skip'>,
  release: Target,
): DropReason {
  if (isSkipped(skip, release)) {
    return 'skipped';
  }
  const names = record.adminDenials.map((denial) => denial.release);
  return isSkipped(names, release) ? 'request' : 'denied-or-withdrawn';
}

/** As people write it: of an image that is pinned, the digest counts. */
export function denialName(release: string): string {
  return release.slice(release.lastIndexOf('@') + 1);
}

export function holdsNow({ holds }: AgentRecord, at: number): readonly Hold[] {
  return holds.filter((hold) => isHoldInForce(hold, at));
}

export function nextHoldId(holds: readonly Hold[]): string {
  return `h${Math.max(0, ...holds.map(({ id }) => Number(id.slice(1)))) + 1}`;
}

export function withHold(record: AgentRecord, hold: Hold, at: number): AgentRecord {
  return { ...record, holds: [...holdsNow(record, at), hold] };
}

export function withoutHold(record: AgentRecord, id: string, at: number): AgentRecord {
  return { ...record, holds: holdsNow(record, at).filter((hold) => hold.id !== id) };
}

export function withAdminDenial(record: AgentRecord, denial: AdminDenial): AgentRecord {
  const others = record.adminDenials.filter(({ release }) => release !== denial.release);
  return { ...record, adminDenials: [...others, denial] };
}

export function withoutAdminDenial(record: AgentRecord, release: string): AgentRecord {
  return { ...record, adminDenials: record.adminDenials.filter((denial) => denial.release !== release) };
}
