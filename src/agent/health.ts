/**
 * How updating itself is doing, with the cause and since when. OK; DEGRADED: it struggles, and will try again; STUCK:
 * without help this node stays where it is. Pure.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../text/units.ts';
import { lastedMs, wallOf, type Moment } from './moment.ts';
import { attemptsOf, isInForce } from './record.ts';
import { isSkipped } from './skip.ts';
import type { AgentState, Holding, Memory, Model, Streak } from './state.ts';

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
  'foreign_staged',
  'slot_uncertain',
  'boot_incomplete',
  'not_getting_on',
  'configuration_refused',
  'crashing',
  'configuration_awaited',
  'stream_unknown',
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
/** A release that is known, and not on its way by any plan, for so long is worth a look. */
const NOT_GETTING_ON_MS = DAY_MS;
/** Three days of it need one. */
const NEVER_GETTING_ON_MS = 3 * DAY_MS;
/** Failed deploys in a row that are worth telling an administrator. */
const TOLD_DEPLOY_FAILURES = 3;

export const HEALTHY: Health = { level: 'OK', cause: 'none', sinceAt: undefined, text: '' };

/**
 * The gravest of all that is wrong; among equals, what began first. `refused`: since when the configuration on disk
 * cannot be used, and the agent runs with the one before. `skip`: what the administrator denies, see skip.ts. How such a
 * release failed before is no complaint any more.
 */
export function healthOf(model: Model, now: Moment, refused?: Moment, skip: readonly string[] = []): Health {
  const complaints = [
    ...ofHost(model.memory, now),
    ...ofBoot(model.memory, now),
    ...ofConfiguration(refused, now),
    ...(isSwitchedOff(model.state)
      ? []
      : [
          ...ofChecks(model.memory.check.streak, now),
          ...ofRecord(model.memory, now.at, skip),
          ...ofState(model, now),
          ...ofForeign(model.memory, now),
          ...ofPursuit(model, now),
        ]),
  ];
  return complaints.toSorted(gravestFirst)[0] ?? HEALTHY;
}

/** Exported for its tests: updates come from elsewhere. Whether this agent would find and stage any is no complaint. */
export function isSwitchedOff(state: AgentState): boolean {
  return state.name === 'EndState' && state.cause === 'disabled';
}

function gravestFirst(a: Health, b: Health): number {
  return (
    HEALTH_LEVELS.indexOf(b.level) - HEALTH_LEVELS.indexOf(a.level) || (a.sinceAt ?? 0) - (b.sinceAt ?? 0)
  );
}

/** What this host, its disk and its lock server do. A node that takes no updates may hold a slot too. */
function ofHost(memory: Memory, now: Moment): Health[] {
  return [
    ...lasting(memory.hostStreak, now, 'deployments_unreadable', 'the deployments cannot be read'),
    ...lasting(
      memory.save.streak,
      now,
      'record_unwritable',
      'the state file cannot be written, so no reboot is asked for',
    ),
    ...lasting(memory.steady.streak, now, 'slot_not_returned', 'the reboot slot cannot be given back'),
  ];
}

/** A host that does not say its stream is no hiccup of a network: it is told at once. */
function ofChecks(streak: Streak | undefined, now: Moment): Health[] {
  if (streak?.kind === 'identity_stream') {
    const text = 'the booted deployment names no update stream, and identity.stream is not set';
    return [{ ...graded(streak.since, now), cause: 'stream_unknown', text }];
  }
  return lasting(streak, now, 'checks_failing', 'update checks fail');
}

function lasting(streak: Streak | undefined, now: Moment, cause: HealthCause, text: string): Health[] {
  if (streak === undefined) {
    return [];
  }
  if (lastedMs(streak.since, now) < DEGRADED_AFTER_MS) {
    return [];
  }
  return [{ ...graded(streak.since, now), cause, text: `${text} (${streak.kind}, ${streak.count} times)` }];
}

function ofBoot({ steady: { bootWait } }: Memory, now: Moment): Health[] {
  if (bootWait === undefined || lastedMs(bootWait.since, now) < INCOMPLETE_AFTER_MS) {
    return [];
  }
  const text = `steady state is not reported, and a reboot slot is kept: ${bootWait.reason}`;
  const sinceAt = wallOf(bootWait.since, now);
  return [{ level: 'DEGRADED', cause: 'boot_incomplete', sinceAt, text }];
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

function ofState({ state, memory }: Model, now: Moment): Health[] {
  switch (state.name) {
    case 'OffGraph': {
      // Update servers answer with an empty graph while they start: that says nothing about this node.
      if (lastedMs(state.since, now) < DEGRADED_AFTER_MS) {
        return [];
      }
      const text = `the booted release ${memory.host?.booted.version ?? ''} is not in the update graph`;
      return [{ ...graded(state.since, now), cause: 'off_graph', text }];
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
        return ofLender(holding, state.release.version, now);
      }
      if (holding.by !== 'failure') {
        return [];
      }
      if (holding.asking === true && lastedMs(holding.since, now) < HICCUP_MS) {
        return [];
      }
      return [
        {
          ...graded(holding.since, now),
          cause: 'finalization_failing',
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

/** Exported for its tests: what somebody staged and has not booted. */
export function ofForeign({ foreign }: Memory, now: Moment): Health[] {
  if (foreign === undefined) {
    return [];
  }
  const { version, pending, since } = foreign;
  const text =
    pending === true
      ? `somebody had ${version} boot next and has not rebooted: no release is staged until that is done or undone`
      : `somebody staged ${version} and has not booted it: no release is staged until it is booted or dropped`;
  return [{ cause: 'foreign_staged', text, ...graded(since, now) }];
}

/** A drain takes its time. A server that fails does not get better by waiting. */
function ofLender(
  { errorKind, reason, since }: Extract<Holding, { by: 'lender' }>,
  version: string,
  now: Moment,
): Health[] {
  const isFailing = errorKind !== undefined;
  if (lastedMs(since, now) < (isFailing ? HICCUP_MS : DEGRADED_AFTER_MS)) {
    return [];
  }
  return [
    {
      ...graded(since, now),
      cause: isFailing ? 'finalization_failing' : 'slot_uncertain',
      text: isFailing
        ? `the reboot into ${version} fails: ${reason}`
        : `the reboot into ${version} waits for a slot that may be held already: ${reason}`,
    },
  ];
}

/** A release has been known for long, and the node does not get on, whatever keeps it. */
function ofPursuit({ state, memory }: Model, now: Moment): Health[] {
  const { pursuit } = memory;
  if (pursuit === undefined || lastedMs(pursuit.since, now) < NOT_GETTING_ON_MS) {
    return [];
  }
  const level = lastedMs(pursuit.since, now) < NEVER_GETTING_ON_MS ? 'DEGRADED' : 'STUCK';
  const text = `release ${pursuit.release.version} is known, and the node does not get on: ${whatKeeps({ state, memory })}`;
  return [{ level, cause: 'not_getting_on', sinceAt: wallOf(pursuit.since, now), text }];
}

/** One clause for people. */
function whatKeeps({ state, memory }: Model): string {
  switch (state.name) {
    case 'UpdateAvailable':
      return state.lastFailure === '' ? 'it is not staged yet' : `it cannot be staged: ${state.lastFailure}`;
    case 'UpdateStaged': {
      const { holding } = state;
      switch (holding.by) {
        case 'nothing':
          return 'it is staged';
        case 'strategy':
        case 'lender':
          return holding.reason;
        case 'sessions':
          return `${holding.count} sessions are active`;
        case 'failure':
          return holding.message;
      }
      break;
    }
    case 'UpdateFinalized':
    case 'EndState':
      return 'the reboot has not come';
    case 'OffGraph':
      return 'the booted release is not in the update graph';
    case 'StartState':
    case 'Initialized':
    case 'ReportedSteady':
    case 'NoNewUpdate': {
      const staged = memory.host?.staged;
      if (staged !== undefined) {
        return `somebody staged ${staged.version}`;
      }
      return memory.check.streak === undefined ? 'it is not staged' : 'update checks fail';
    }
  }
}

/** Since when, and how grave that makes it. */
function graded(since: Moment, now: Moment): Pick<Health, 'level' | 'sinceAt'> {
  const level = lastedMs(since, now) < STUCK_AFTER_MS ? 'DEGRADED' : 'STUCK';
  return { level, sinceAt: wallOf(since, now) };
}

function ofConfiguration(refused: Moment | undefined, now: Moment): Health[] {
  if (refused === undefined) {
    return [];
  }
  const text = 'the configuration on disk cannot be used: the one before it is in use, until the agent ends';
  return [{ level: 'DEGRADED', cause: 'configuration_refused', sinceAt: wallOf(refused, now), text }];
}

/** While the agent waits for what its configuration needs. `reason`: one sentence for people. */
export function awaitingHealth(since: Moment, now: Moment, reason: string): Health {
  return { ...graded(since, now), cause: 'configuration_awaited', text: reason };
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
