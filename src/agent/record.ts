/**
 * What the agent must still know after a reboot or a SIGKILL. It has the denied releases and why, what was asked for and
 * booted, and how often things were tried. Pure; src/history/record-store.ts keeps it on disk.
 *
 * Invariants:
 * - Every list is bounded.
 * - A release is told apart by its payload alone.
 * - A release that this node left by going back is denied from then on, until somebody boots it again.
 * - A target that was rebooted for and not booted is denied for good after {@link MAX_REBOOTS_PER_TARGET} times.
 */
import type { BootFinding } from './boot-finding.ts';
import { denialMs, LONGEST_DENIAL_MS, REBOOT_RETRY_MS } from './pacing.ts';
import { samePayload, type Target } from './release.ts';
import type { AdminDenial, Hold } from './requests.ts';
import type { MayHold } from './slot-place.ts';

/** Reboots for one target without a boot into it: then it is held, and only a person or another release leads on. */
export const MAX_REBOOTS_PER_TARGET = 2;

const MOST_DENIALS = 64;
const MOST_BOOTS = 16;
const MOST_ATTEMPTS = 32;

export const DENIAL_REASONS = ['abandoned', 'wrong-stream', 'rolled-back', 'boot-failed'] as const;
export type DenialReason = (typeof DENIAL_REASONS)[number];

/** A release that must not be chosen, beyond the deployments on disk. Instants are of the wall clock, milliseconds. */
export interface Denial extends Target {
  readonly reason: DenialReason;
  readonly sinceAt: number;
  /** Over at this instant; undefined: for good. The entry outlives it, for its strikes. */
  readonly untilAt?: number;
  /** How many times it was given up. */
  readonly strikes: number;
}

/** How often something was tried for a release, without success so far. */
export interface Attempts extends Target {
  readonly stages: number;
  readonly reboots: number;
  /** Of the first failure in this run of them. */
  readonly sinceAt: number;
}

/** "Asked for X": the reboot that was asked for in one boot of the machine; the next boot says what came of it. */
export interface Asked extends Target {
  readonly at: number;
  readonly bootId: string;
}

/** On which terms a person had a release staged; see pending.ts. */
export interface StageTerms {
  readonly ignoreRollout?: true;
  readonly to?: string;
}

export interface StagedTarget extends Target {
  /** Left out: those of the configuration. */
  readonly terms?: StageTerms;
  /** Of the deployment, as it was read back. Left out: written by a version that did not keep it. */
  readonly deploymentId?: string;
}

export interface AgentRecord {
  readonly denials: readonly Denial[];
  /** Releases this node has booted, oldest first, the present one last. */
  readonly boots: readonly Target[];
  readonly attempts: readonly Attempts[];
  readonly asked: Asked | undefined;
  /** What this agent staged last: a staged deployment that is something else was staged by somebody. */
  readonly staged: StagedTarget | undefined;
  /** Holds of people, those that are over included until the next change. */
  readonly holds: readonly Hold[];
  /** What people have denied. */
  readonly adminDenials: readonly AdminDenial[];
  /** Slots that may be held, see slots.ts. */
  readonly slots: readonly MayHold[];
  /** Since when a release has been known without the node getting on; see pursuit.ts. */
  readonly stalledSinceAt?: number;
  /** Which installation all of this is about: the node's id. Undefined: written by a version that did not know. */
  readonly installation?: string;
}

export const EMPTY_RECORD: AgentRecord = {
  denials: [],
  boots: [],
  attempts: [],
  asked: undefined,
  staged: undefined,
  holds: [],
  adminDenials: [],
  slots: [],
};

/** A clock that was set back must not make a denial last for years: one that seems longer than any is over. */
export function isInForce(denial: Denial, at: number): boolean {
  if (denial.untilAt === undefined) {
    return true;
  }
  return at < denial.untilAt && denial.untilAt - at <= LONGEST_DENIAL_MS;
}

/** Gives `target` up for a time that grows with every time it is given up. */
export function abandon(record: AgentRecord, target: Target, at: number): AgentRecord {
  const strikes = strikesOf(record, target) + 1;
  return withDenial(withAttempts(record, target, { stages: 0 }), {
    ...plain(target),
    reason: 'abandoned',
    sinceAt: at,
    untilAt: at + denialMs(strikes),
    strikes,
  });
}

/** Refuses `target` for good: what was staged is not of this node's stream. */
export function refuseStream(record: AgentRecord, target: Target, at: number): AgentRecord {
  return withDenial(record, {
    ...plain(target),
    reason: 'wrong-stream',
    sinceAt: at,
    strikes: strikesOf(record, target) + 1,
  });
}

export function stageFailed(record: AgentRecord, target: Target, at: number): AgentRecord {
  const { stages, sinceAt } = attemptsOf(record, target);
  // What was staged before is gone, or another attempt would not have been made.
  const isStaged = record.staged !== undefined && samePayload(record.staged.payload, target.payload);
  const next = isStaged ? { ...record, staged: undefined } : record;
  return withAttempts(next, target, { stages: stages + 1, sinceAt: stages === 0 ? at : sinceAt });
}

/** Staging `target` failed, now or before it was given up. A success ends that. */
export function hasFailedStaging(record: AgentRecord, target: Target): boolean {
  const isGivenUp = record.denials.some(
    ({ reason, payload }) => reason === 'abandoned' && samePayload(payload, target.payload),
  );
  return isGivenUp || attemptsOf(record, target).stages > 0;
}

export function stageSucceeded(
  record: AgentRecord,
  target: Target,
  terms: StageTerms = {},
  deploymentId?: string,
): AgentRecord {
  const staged = {
    ...plain(target),
    ...(Object.keys(terms).length > 0 && { terms }),
    ...(deploymentId !== undefined && { deploymentId }),
  };
  return { ...withAttempts(record, target, { stages: 0 }), staged };
}

export function attemptsOf(record: AgentRecord, target: Target): Attempts {
  return (
    record.attempts.find((entry) => samePayload(entry.payload, target.payload)) ?? {
      ...plain(target),
      stages: 0,
      reboots: 0,
      sinceAt: 0,
    }
  );
}

/**
 * A person wants the releases that `isMeant` says: nothing counts against them any more. Only what an attempt that failed may
 * have left staged is still not gone on with.
 */
export function pardoned(record: AgentRecord, isMeant: (target: Target) => boolean): AgentRecord {
  const denials = record.denials.filter((denial) => !isMeant(denial));
  const attempts = record.attempts
    .map((entry) => (isMeant(entry) ? { ...entry, reboots: 0 } : entry))
    .filter(({ stages, reboots }) => stages > 0 || reboots > 0);
  return record.denials
    .filter((denial) => denial.reason === 'abandoned' && isMeant(denial))
    .reduce<AgentRecord>(
      (next, denial) => withAttempts(next, denial, { stages: 1, sinceAt: denial.sinceAt }),
      { ...record, denials, attempts },
    );
}

/** Written down before the reboot is asked for, so that the next boot knows. */
export function rebootAsked(record: AgentRecord, target: Target, at: number, bootId: string): AgentRecord {
  return { ...record, asked: { ...plain(target), at, bootId } };
}

/** The request was refused: no reboot comes of it. */
export function rebootRefused(record: AgentRecord): AgentRecord {
  return record.asked === undefined ? record : { ...record, asked: undefined };
}

/** A record, and what led to it. */
export interface Found {
  readonly record: AgentRecord;
  readonly findings: readonly BootFinding[];
}

/**
 * What this boot of the machine says about what was asked for before, and about where the node has come from. `before`:
 * releases on disk that this node can go back to, oldest first. They stand for boots that no agent wrote down: before
 * its time, or while the deployments could not be read.
 */
export function booted(
  record: AgentRecord,
  present: Target,
  bootId: string,
  at: number,
  before: readonly Target[] = [],
): Found {
  const settled = settleAsked(record, plain(present), bootId, at);
  const followed = followBoots(settled.record, plain(present), record.asked, at, before);
  return { record: followed.record, findings: [...settled.findings, ...followed.findings] };
}

/** Exported for its tests: what came of the reboot that was asked for. */
export function settleAsked(record: AgentRecord, present: Target, bootId: string, at: number): Found {
  const { asked } = record;
  if (asked === undefined) {
    return { record, findings: [] };
  }
  const over = { ...record, asked: undefined };
  if (samePayload(asked.payload, present.payload)) {
    return {
      record: withAttempts(over, asked, { reboots: 0 }),
      findings: [{ kind: 'booted-as-asked', target: plain(asked) }],
    };
  }
  // The agent started anew, the machine did not: the reboot may still come.
  if (asked.bootId === bootId) {
    return { record, findings: [] };
  }
  const strikes = attemptsOf(record, asked).reboots + 1;
  const until = strikes >= MAX_REBOOTS_PER_TARGET ? {} : { untilAt: at + REBOOT_RETRY_MS };
  const denial: Denial = { ...plain(asked), reason: 'boot-failed', sinceAt: at, ...until, strikes };
  return {
    record: withDenial(withAttempts(over, asked, { reboots: strikes }), denial),
    findings: [{ kind: 'reboot-missed', target: plain(asked), booted: present, strikes, ...until }],
  };
}

/** Exported for its tests: whether the node came up in a release that it had left behind. */
export function followBoots(
  record: AgentRecord,
  present: Target,
  asked: Asked | undefined,
  at: number,
  before: readonly Target[] = [],
): Found {
  const last = record.boots.at(-1);
  if (last !== undefined && samePayload(last.payload, present.payload)) {
    return { record, findings: [] };
  }
  // Whoever boots a denied release means it.
  const allowed: AgentRecord = {
    ...record,
    denials: record.denials.filter((d) => !samePayload(d.payload, present.payload)),
  };
  const left = leftBehind(record.boots, present).map(plain);
  const wasAsked = asked !== undefined && samePayload(asked.payload, present.payload);
  if (left.length === 0 || wasAsked) {
    const unwritten = before.map(plain).filter((target) => !isAmong(record.boots, target));
    const boots = [...allowed.boots, ...unwritten, present].slice(-MOST_BOOTS);
    return { record: { ...allowed, boots }, findings: [] };
  }
  // What was left and is still on disk lies behind this boot now: going there again is the next rollback.
  const stays = record.boots.filter(
    (boot) => !isAmong(left, boot) && !samePayload(boot.payload, present.payload),
  );
  const wayBack = left.filter((target) => isAmong(before, target));
  const denied = left.reduce<AgentRecord>(
    (next, target) =>
      withDenial(next, {
        ...target,
        reason: 'rolled-back',
        sinceAt: at,
        strikes: strikesOf(record, target) + 1,
      }),
    { ...allowed, boots: [...stays, ...wayBack, present].slice(-MOST_BOOTS) },
  );
  return {
    record: denied,
    findings: left.map((target) => ({ kind: 'rolled-back', target, booted: present })),
  };
}

/** Of `boots`, those after the first one of `present`; empty if that was never booted, or last. */
export function leftBehind(boots: readonly Target[], present: Target): readonly Target[] {
  const earlier = boots.findIndex((boot) => samePayload(boot.payload, present.payload));
  return earlier < 0 ? [] : boots.slice(earlier + 1);
}

function withDenial(record: AgentRecord, denial: Denial): AgentRecord {
  const others = record.denials.filter((other) => !samePayload(other.payload, denial.payload));
  return { ...record, denials: [...others, denial].slice(-MOST_DENIALS) };
}

function withAttempts(
  record: AgentRecord,
  target: Target,
  change: { readonly stages?: number; readonly reboots?: number; readonly sinceAt?: number },
): AgentRecord {
  const entry: Attempts = { ...attemptsOf(record, target), ...plain(target), ...change };
  const others = record.attempts.filter((other) => !samePayload(other.payload, target.payload));
  const kept = entry.stages === 0 && entry.reboots === 0 ? others : [...others, entry];
  return { ...record, attempts: kept.slice(-MOST_ATTEMPTS) };
}

function isAmong(boots: readonly Target[], { payload }: Target): boolean {
  return boots.some((boot) => samePayload(boot.payload, payload));
}

function strikesOf(record: AgentRecord, target: Target): number {
  return record.denials.find((denial) => samePayload(denial.payload, target.payload))?.strikes ?? 0;
}

/** Only what tells and names a release. */
export function plain(target: Target): Target {
  return { payload: target.payload, version: target.version };
}
