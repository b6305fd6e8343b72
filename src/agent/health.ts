/**
 * How updating itself is doing, with the cause and since when. OK; DEGRADED: it struggles, and will try again; STUCK:
 * without help this node stays where it is. Pure.
 */
import { HOUR_MS, MINUTE_MS } from '../text/units.ts';
import { attemptsOf, isInForce } from './record.ts';
import { isSkipped } from './skip.ts';
import type { Holding, Memory, Model, Streak } from './state.ts';

export const HEALTH_LEVELS = ['OK', 'DEGRADED', 'STUCK'] as const;
export type HealthLevel = (typeof HEALTH_LEVELS)[number];

/** Bounded words, also a metric label. */
export const HEALTH_CAUSES = [
  'none',
  'deployments_unreadable',
  'checks_failing',
  'off_graph',
  'staging_failing',
  'target_abandoned',
  'reboot_failed',
  'finalization_failing',
  'record_unwritable',
  'slot_not_returned',
  'slot_uncertain',
  'boot_incomplete',
  'configuration_refused',
] as const;
export type HealthCause = (typeof HEALTH_CAUSES)[number];

export interface Health {
  readonly level: HealthLevel;
  readonly cause: HealthCause;
  /** Wall clock, milliseconds; undefined for OK. */
  readonly sinceAt: number | undefined;
  /** One sentence for people; "" for OK. */
  readonly text: string;
}

/** Failures within it are hiccups of a network. */
const DEGRADED_AFTER_MS = HOUR_MS;
/** One failed question is a hiccup; the next ones come five minutes apart. */
const HICCUP_MS = 15 * MINUTE_MS;
/** A boot takes minutes; a check of it that fails keeps the slot from the rest of the fleet. */
const INCOMPLETE_AFTER_MS = 10 * MINUTE_MS;
/** A node that has not got anywhere for so long will not get there alone. */
const STUCK_AFTER_MS = 24 * HOUR_MS;
/** Failed deploys in a row that are worth telling an administrator. */
const TOLD_DEPLOY_FAILURES = 3;

export const HEALTHY: Health = { level: 'OK', cause: 'none', sinceAt: undefined, text: '' };

/**
 * The gravest of all that is wrong; among equals, what began first. `at` is the wall clock in milliseconds. `refusedAt`:
 * since when the configuration on disk cannot be used, and the agent runs with the one before. `skip`: what the
 * administrator denies, see skip.ts; how such a release failed before is no complaint any more.
 */
export function healthOf(model: Model, at: number, refusedAt?: number, skip: readonly string[] = []): Health {
  const complaints = [
    ...ofStreaks(model.memory, at),
    ...ofRecord(model.memory, at, skip),
    ...ofBoot(model.memory, at),
    ...ofState(model, at),
    ...ofConfiguration(refusedAt),
  ];
  return complaints.toSorted(gravestFirst)[0] ?? HEALTHY;
}

function gravestFirst(a: Health, b: Health): number {
  return (
    HEALTH_LEVELS.indexOf(b.level) - HEALTH_LEVELS.indexOf(a.level) || (a.sinceAt ?? 0) - (b.sinceAt ?? 0)
  );
}

function ofStreaks(memory: Memory, at: number): Health[] {
  return [
    ...lasting(memory.hostStreak, at, 'deployments_unreadable', 'the deployments cannot be read'),
    ...lasting(memory.check.streak, at, 'checks_failing', 'update checks fail'),
    ...lasting(
      memory.save.streak,
      at,
      'record_unwritable',
      'the state file cannot be written, so no reboot is asked for',
    ),
    ...lasting(memory.steady.streak, at, 'slot_not_returned', 'the reboot slot cannot be given back'),
  ];
}

function lasting(streak: Streak | undefined, at: number, cause: HealthCause, text: string): Health[] {
  if (streak === undefined) {
    return [];
  }
  const lastedMs = at - streak.sinceAt;
  if (lastedMs < DEGRADED_AFTER_MS) {
    return [];
  }
  const level = lastedMs < STUCK_AFTER_MS ? 'DEGRADED' : 'STUCK';
  return [{ level, cause, sinceAt: streak.sinceAt, text: `${text} (${streak.kind}, ${streak.count} times)` }];
}

function ofBoot({ steady: { bootWait } }: Memory, at: number): Health[] {
  if (bootWait === undefined || at - bootWait.sinceAt < INCOMPLETE_AFTER_MS) {
    return [];
  }
  const text = `steady state is not reported, and a reboot slot is kept: ${bootWait.reason}`;
  return [{ level: 'DEGRADED', cause: 'boot_incomplete', sinceAt: bootWait.sinceAt, text }];
}

function ofRecord({ record }: Memory, at: number, skip: readonly string[]): Health[] {
  return record.denials.flatMap((denial): Health[] => {
    if (!isInForce(denial, at) || isSkipped(skip, denial)) {
      return [];
    }
    const since = { sinceAt: denial.sinceAt };
    if (denial.reason === 'boot-failed') {
      const text = `the node was rebooted for ${denial.version} ${times(denial.strikes)} and did not come up in it`;
      return [
        {
          level: denial.untilAt === undefined ? 'STUCK' : 'DEGRADED',
          cause: 'reboot_failed',
          text,
          ...since,
        },
      ];
    }
    if (denial.reason === 'abandoned') {
      const text = `staging ${denial.version} was given up ${times(denial.strikes)}`;
      return [{ level: 'STUCK', cause: 'target_abandoned', text, ...since }];
    }
    return [];
  });
}

function ofState({ state, memory }: Model, at: number): Health[] {
  switch (state.name) {
    case 'OffGraph': {
      const level = at - state.sinceAt < STUCK_AFTER_MS ? 'DEGRADED' : 'STUCK';
      const text = `the booted release ${memory.host?.booted.version ?? ''} is not in the update graph`;
      return [{ level, cause: 'off_graph', sinceAt: state.sinceAt, text }];
    }
    case 'UpdateAvailable': {
      if (state.failedAttempts < TOLD_DEPLOY_FAILURES) {
        return [];
      }
      const text = `staging ${state.release.version} failed ${times(state.failedAttempts)}`;
      return [
        {
          level: 'DEGRADED',
          cause: 'staging_failing',
          sinceAt: attemptsOf(memory.record, state.release).sinceAt,
          text,
        },
      ];
    }
    case 'UpdateStaged': {
      const { holding } = state;
      if (holding.by === 'lender') {
        return ofLender(holding, state.release.version, at);
      }
      if (holding.by !== 'failure') {
        return [];
      }
      const lastedMs = at - holding.sinceAt;
      if (holding.asking === true && lastedMs < HICCUP_MS) {
        return [];
      }
      const level = lastedMs < STUCK_AFTER_MS ? 'DEGRADED' : 'STUCK';
      return [
        {
          level,
          cause: 'finalization_failing',
          sinceAt: holding.sinceAt,
          text: `the reboot into ${state.release.version} fails: ${holding.message}`,
        },
      ];
    }
    case 'StartState':
    case 'Initialized':
    case 'ReportedSteady':
    case 'NoNewUpdate':
    case 'UpdateFinalized':
    case 'EndState':
      return [];
  }
}

/** A drain takes its time. A server that fails does not get better by waiting. */
function ofLender(
  { errorKind, reason, sinceAt }: Extract<Holding, { by: 'lender' }>,
  version: string,
  at: number,
): Health[] {
  const lastedMs = at - sinceAt;
  const isFailing = errorKind !== undefined;
  if (lastedMs < (isFailing ? HICCUP_MS : DEGRADED_AFTER_MS)) {
    return [];
  }
  return [
    {
      level: lastedMs < STUCK_AFTER_MS ? 'DEGRADED' : 'STUCK',
      cause: isFailing ? 'finalization_failing' : 'slot_uncertain',
      sinceAt,
      text: isFailing
        ? `the reboot into ${version} fails: ${reason}`
        : `the reboot into ${version} waits for a slot that may be held already: ${reason}`,
    },
  ];
}

function ofConfiguration(refusedAt: number | undefined): Health[] {
  if (refusedAt === undefined) {
    return [];
  }
  const text = 'the configuration on disk cannot be used: the one before it is in use, until the agent ends';
  return [{ level: 'DEGRADED', cause: 'configuration_refused', sinceAt: refusedAt, text }];
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
