/**
 * How long people who are logged in hold a reboot back. They get a grace each time it comes up; all graces of one
 * release stay under one ceiling. Pure.
 *
 * Invariants:
 * - Every postponement lasts POSTPONEMENT_MS, and is taken from both the grace and the ceiling.
 * - A gate that blocks interrupts a grace. Only what the ceiling has left is given again.
 * - People who are logged in read a notice before the first postponement of a grace, and before its last.
 * - They also read one before a reboot that no longer waits.
 */
import { MINUTE_MS } from '../text/units.ts';
import { POSTPONEMENT_MS } from './pacing.ts';

export interface GracePolicy {
  /** What people get each time. */
  readonly graceMinutes: number;
  /** The most for one release. */
  readonly maxDelayMinutes: number;
  /** Nobody who is logged in is ever rebooted under; the two numbers mean nothing then. */
  readonly neverWhileLoggedIn: boolean;
}

export interface Grace {
  /** Postponements left of this grace. */
  readonly postponementsLeft: number;
  /** Postponements left for this release altogether. */
  readonly delayLeft: number;
  /** Somebody has read a notice since this grace began. */
  readonly warned: boolean;
}

/** For a release that was just staged. */
export function newGrace(policy: GracePolicy): Grace {
  const delayLeft = postponementsIn(policy.maxDelayMinutes);
  return graceUpTo(delayLeft, policy);
}

/** After an interruption. */
export function renewedGrace({ delayLeft }: Grace, policy: GracePolicy): Grace {
  return graceUpTo(delayLeft, policy);
}

export function isGraceOver({ postponementsLeft }: Grace, { neverWhileLoggedIn }: GracePolicy): boolean {
  return !neverWhileLoggedIn && postponementsLeft <= 0;
}

export function wantsNotice(grace: Grace, { neverWhileLoggedIn }: GracePolicy): boolean {
  return !grace.warned || (!neverWhileLoggedIn && grace.postponementsLeft === 1);
}

/** One postponement later. */
export function spentGrace(grace: Grace, { neverWhileLoggedIn }: GracePolicy): Grace {
  if (neverWhileLoggedIn) {
    return grace;
  }
  return {
    ...grace,
    postponementsLeft: grace.postponementsLeft - 1,
    delayLeft: grace.delayLeft - 1,
  };
}

/** Undefined: the wait has no end. */
export function minutesLeft(
  { postponementsLeft }: Grace,
  { neverWhileLoggedIn }: GracePolicy,
): number | undefined {
  return neverWhileLoggedIn ? undefined : (Math.max(postponementsLeft, 0) * POSTPONEMENT_MS) / MINUTE_MS;
}

function graceUpTo(delayLeft: number, { graceMinutes }: GracePolicy): Grace {
  return { postponementsLeft: Math.min(postponementsIn(graceMinutes), delayLeft), delayLeft, warned: false };
}

function postponementsIn(minutes: number): number {
  return Math.ceil((minutes * MINUTE_MS) / POSTPONEMENT_MS);
}
