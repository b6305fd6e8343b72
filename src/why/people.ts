/**
 * People who are logged in: at best all of them leave now, at worst they stay until their grace is spent. Pure.
 *
 * Invariants:
 * - It counts as src/agent/grace.ts does: a minute at a time, each taken from the grace and from the ceiling.
 * - A gate that closes interrupts a grace. The next one is as long as the ceiling allows.
 */
import {
  isGraceOver,
  minutesLeft,
  newGrace,
  renewedGrace,
  type Grace,
  type GracePolicy,
} from '../agent/grace.ts';
import { POSTPONEMENT_MS } from '../agent/pacing.ts';
import type { PassAfter, Session } from '../agent/ports.ts';
import { firstCommonPass, HORIZON_DAYS } from '../gates/first-pass.ts';
import { OPEN } from '../gates/timing.ts';
import { DAY_MS } from '../text/units.ts';
import type { Candidate, Scene } from './candidate.ts';
import type { Bound } from './explanation.ts';

export const PEOPLE = 'people';

/** So many are named. */
const MOST_NAMED = 3;

/** `sessions`: those of now; undefined: nobody could tell. Left out: those of the machine's last look. */
export interface Company {
  readonly sessions: readonly Session[] | undefined;
}

export function peopleGate({ model, policy, overrides }: Scene, company?: Company): Candidate {
  const { state, memory } = model;
  const grace = state.name === 'UpdateStaged' ? state : undefined;
  const sessions = company === undefined ? (grace?.visitors ?? []) : company.sessions;
  const asOf = company === undefined && memory.look !== undefined ? { asOfAt: memory.look.at } : {};
  const shown = (verdict: 'pass' | 'block' | 'unknown', label: string, reason: string): Candidate => ({
    shown: { gate: PEOPLE, class: 'bounded', verdict, label, reason, ...asOf },
    passAfter: OPEN.passAfter,
    // The worst case is reckoned apart.
    openEnded: false,
  });
  if (sessions?.length === 0) {
    return shown('pass', 'nobody', 'nobody is logged in');
  }
  const who = sessions === undefined ? 'nobody can tell who is logged in' : named(sessions);
  if (overrides.includes('people')) {
    return shown('pass', 'overridden', `overridden: ${who}`);
  }
  if (grace !== undefined && isGraceOver(grace, policy.sessions)) {
    return shown('pass', 'grace_over', `${who}; no longer waited for`);
  }
  const label = sessions === undefined ? 'untold' : 'active_usersessions';
  const candidate = shown(
    sessions === undefined ? 'unknown' : 'block',
    label,
    `${who}; ${patience(grace, policy.sessions)}`,
  );
  return { ...candidate, assumption: 'everybody has logged out by then' };
}

function patience(grace: Grace | undefined, policy: GracePolicy): string {
  const minutes = minutesLeft(grace ?? newGrace(policy), policy);
  return minutes === undefined ? 'waited for without end' : `waited for at most ${minutes} min`;
}

function named(sessions: readonly Session[]): string {
  const first = sessions.slice(0, MOST_NAMED).map(({ user, tty }) => `${user} on ${tty}`);
  const rest = sessions.length - first.length;
  return `${sessions.length} logged in: ${first.join(', ')}${rest > 0 ? `, and ${rest} more` : ''}`;
}

export interface Worst {
  /** All that is known of the gates, with the machine's own pacing. */
  readonly passes: readonly PassAfter[];
  /** Of the present moment. */
  readonly grace: Grace;
  readonly policy: GracePolicy;
  /** When the machine looks first. Wall clock, milliseconds. */
  readonly lookAt: number;
}

/** When the node reboots if somebody is logged in all the time. */
export function latestReboot({ passes, grace, policy, lookAt }: Worst): Bound {
  if (policy.neverWhileLoggedIn) {
    return { kind: 'open' };
  }
  const lastAt = lookAt + HORIZON_DAYS * DAY_MS;
  let left = grace;
  let at = lookAt;
  for (;;) {
    const { pass } = firstCommonPass(passes, at);
    if (pass === undefined || pass.fromAt > lastAt) {
      return { kind: 'never-within', days: HORIZON_DAYS };
    }
    left = pass.fromAt > at ? interrupted(left, policy) : left;
    at = pass.fromAt;
    if (isGraceOver(left, policy)) {
      return { kind: 'at', at };
    }
    const minutes = Math.min(left.postponementsLeft, minutesUntil(pass.untilAt, at));
    left = {
      ...left,
      postponementsLeft: left.postponementsLeft - minutes,
      delayLeft: left.delayLeft - minutes,
    };
    at += minutes * POSTPONEMENT_MS;
  }
}

/** The grace after a gate has closed. */
export function interrupted(grace: Grace, policy: GracePolicy): Grace {
  return renewedGrace(grace, policy);
}

/** Postponements that begin before a pass ends. */
export function minutesUntil(untilAt: number | undefined, at: number): number {
  return untilAt === undefined ? Number.POSITIVE_INFINITY : Math.ceil((untilAt - at) / POSTPONEMENT_MS);
}
