/**
 * Holds and denials of people, as they stand in the record. Pure.
 *
 * Invariants:
 * - A hold is in force from the moment it is made until `untilAt`, by the wall clock. One that was set back lengthens
 *   it, which is the safe side.
 * - A release that a person denies is denied like one that the configuration denies.
 */
import type { AgentRecord } from './record.ts';
import type { Target } from './release.ts';
import { MOST_ADMIN_DENIALS, MOST_HOLDS, type AdminDenial, type Hold, type Holdable } from './requests.ts';
import { isSkipped } from './skip.ts';
import type { Policy } from './state.ts';

/** Those of `what` that are in force at `at` (wall clock, milliseconds), in the order in which they were made. */
export function holdsInForce({ holds = [] }: AgentRecord, what: Holdable, at: number): readonly Hold[] {
  return holds.filter((hold) => hold.what === what && isHoldInForce(hold, at));
}

export function isHoldInForce({ untilAt }: Hold, at: number): boolean {
  return untilAt === undefined || at < untilAt;
}

/** The first `hN` that no hold has. */
export function nextHoldId({ holds = [] }: AgentRecord): string {
  let number = 1;
  while (holds.some(({ id }) => id === `h${number}`)) {
    number += 1;
  }
  return `h${number}`;
}

/** Holds that are over go with it. Undefined: there are as many in force as there may be. */
export function withHold(record: AgentRecord, hold: Hold, at: number): AgentRecord | undefined {
  const inForce = (record.holds ?? []).filter((other) => isHoldInForce(other, at));
  return inForce.length >= MOST_HOLDS ? undefined : { ...record, holds: [...inForce, hold] };
}

/** The same record where there is no such hold. */
export function withoutHold(record: AgentRecord, id: string): AgentRecord {
  const { holds = [] } = record;
  return holds.some((hold) => hold.id === id)
    ? { ...record, holds: holds.filter((hold) => hold.id !== id) }
    : record;
}

/** A release is denied once, by the one who came last. Undefined: as many are denied as may be. */
export function withAdminDenial(record: AgentRecord, denial: AdminDenial): AgentRecord | undefined {
  const others = (record.adminDenials ?? []).filter(({ release }) => release !== denial.release);
  return others.length >= MOST_ADMIN_DENIALS ? undefined : { ...record, adminDenials: [...others, denial] };
}

/** Lifts every denial of a release, those of the agent itself included. The same record where there is none. */
export function withoutDenials(record: AgentRecord, name: string): AgentRecord {
  const adminDenials = (record.adminDenials ?? []).filter(({ release }) => release !== name);
  const denials = record.denials.filter((denial) => !isSkipped([name], denial));
  const isSame =
    adminDenials.length === (record.adminDenials ?? []).length && denials.length === record.denials.length;
  return isSame ? record : { ...record, adminDenials, denials };
}

/** What people deny: in the configuration, and by request. */
export function skipOf(
  { adminDenials = [] }: AgentRecord,
  { skip }: Pick<Policy, 'skip'>,
): readonly string[] {
  return adminDenials.length === 0 ? skip : [...skip, ...adminDenials.map(({ release }) => release)];
}

export function isDeniedByPeople(record: AgentRecord, policy: Pick<Policy, 'skip'>, target: Target): boolean {
  return isSkipped(skipOf(record, policy), target);
}
