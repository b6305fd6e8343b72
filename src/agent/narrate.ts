/**
 * What a transition means to a person who reads the log: lines, most of them said once. Pure.
 *
 * Invariants: the phrases that other tools wait for stand as Zincati writes them; a run of failures is told when it
 * begins and when it ends, its repetitions only to who debugs; nothing from outside reaches a line unsanitised.
 */
import { printable } from '../errors.ts';
import { MAX_DEPLOY_ATTEMPTS } from './pacing.ts';
import type { Effect, Event, Failure, Occurrence } from './messages.ts';
import type { Session } from './ports.ts';
import type { Release } from './release.ts';
import { isSkipped } from './skip.ts';
import { MOST_KINDS, type Memory, type Model, type Policy, type Streak } from './state.ts';
import { longDate, namesOf } from './status-text.ts';

export type Level = 'error' | 'warn' | 'info' | 'debug';

export interface Line {
  readonly level: Level;
  readonly text: string;
}

/** Said before an effect is performed. */
export function announce({ state, memory }: Model, effect: Effect): readonly Line[] {
  switch (effect.kind) {
    case 'register-driver': {
      const level = memory.driver.streak === undefined ? 'info' : 'debug';
      return [{ level, text: 'registering as the update driver for rpm-ostree' }];
    }
    case 'finalize':
      return [
        {
          // Again and again while it fails is not news.
          level: state.name === 'UpdateStaged' && state.holding.by === 'failure' ? 'debug' : 'info',
          text: `staged deployment '${name(effect.release)}' available, proceeding to finalize it`,
        },
      ];
    case 'follow-active': {
      const transaction = memory.host?.activeTransaction;
      const what = transaction === undefined ? '' : `: ${printable(transaction.title)}`;
      return [info(`waiting for the rpm-ostree transaction in progress${what}`)];
    }
    case 'wait':
      return [{ level: 'debug', text: `${state.name}: waiting ${inSeconds(effect.forMs)}` }];
    default:
      return [{ level: 'debug', text: `${state.name}: ${effect.kind}` }];
  }
}

/** Said after `asked` ended in `occurrence`. */
export function narrate(
  before: Model,
  asked: Effect,
  occurrence: Occurrence,
  after: Model,
  policy: Pick<Policy, 'skip'>,
): readonly Line[] {
  return [
    ...aboutEvent(before, asked, occurrence, after, policy),
    ...aboutRecord(before, after),
    ...aboutState(before, occurrence, after),
  ];
}

function aboutEvent(
  before: Model,
  asked: Effect,
  { event, at }: Occurrence,
  after: Model,
  { skip }: Pick<Policy, 'skip'>,
): Line[] {
  const was = before.memory;
  const is = after.memory;
  switch (event.kind) {
    case 'saved':
      return recovery(was.save.streak, 'writing the state file works again', at);
    case 'save-failed':
      return failure(
        'error',
        was.save.streak,
        event,
        'failed to write the state file, no reboot is asked for until it works',
      );
    case 'driver-registered':
      return recovery(was.driver.streak, 'registered as the update driver for rpm-ostree', at);
    case 'driver-failed':
      return failure(
        'warn',
        was.driver.streak,
        event,
        'failed to register as the update driver, trying again in the background',
      );
    case 'status-read':
      return recovery(was.hostStreak, 'reading the deployments works again', at);
    case 'status-failed':
      return failure('error', was.hostStreak, event, 'failed to read the deployments');
    case 'steady-reported':
      return recovery(was.steady.streak, 'reporting steady state works again', at);
    case 'steady-failed':
      return failure(
        'error',
        was.steady.streak,
        event,
        'failed to report steady state, trying again in the background',
      );
    case 'checked':
      return [
        ...recovery(was.check.streak, 'checking Cincinnati for updates works again', at),
        ...aboutGraph(was, is, event),
        ...aboutSkipped(was, is, event),
        ...aboutLeaving(event, before, after),
      ];
    case 'check-failed':
      return [
        ...failure('error', was.check.streak, event, 'failed to check Cincinnati for updates'),
        ...aboutPuttingOff(was, is),
      ];
    case 'stage-failed':
      return aboutFailedStage(before, event.failure);
    case 'discard-failed':
      return [{ level: 'error', text: `failed to drop the staged deployment: ${event.failure.message}` }];
    case 'follow-failed':
      return [{ level: 'warn', text: `lost sight of the rpm-ostree transaction: ${event.failure.message}` }];
    case 'finalize-failed':
      return heldBefore(before, event.failure.kind)
        ? [debug(`failed to finalize update: ${event.failure.message}`)]
        : [{ level: 'error', text: `failed to finalize update: ${event.failure.message}` }];
    case 'verdict-failed':
      return heldBefore(before, event.failure.kind)
        ? [debug(`failed to ask the update strategy: ${event.failure.message}`)]
        : [{ level: 'error', text: `failed to ask the update strategy: ${event.failure.message}` }];
    case 'local-verdict':
    case 'remote-verdict': {
      if (event.verdict.verdict === 'allow') return [debug('the update strategy allows the reboot')];
      const until =
        event.verdict.untilAt === undefined ? '' : `, not before ${longDate(event.verdict.untilAt)}`;
      const text = `reboot held by the update strategy: ${printable(event.verdict.reason)}${until}`;
      const { state } = before;
      const known =
        state.name === 'UpdateStaged' &&
        state.holding.by === 'strategy' &&
        state.holding.reason === event.verdict.reason;
      return [{ level: known ? 'debug' : 'info', text }];
    }
    case 'sessions-listed':
      return event.sessions.length === 0 ? [] : [aboutVisitors(before, event.sessions)];
    case 'sessions-failed':
      return [
        {
          level: isWaitingFor(before, []) ? 'debug' : 'warn',
          text: `failed to list user sessions, waiting as if somebody were logged in: ${event.failure.message}`,
        },
      ];
    case 'staged':
      return aboutStaged(before, event, after);
    case 'discarded':
      return aboutDiscarded(before, skip);
    case 'woke':
    case 'transaction-over':
    case 'transaction-running':
    case 'sessions-warned':
    case 'finalized':
      return asked.kind === 'follow-active' ? [debug('the rpm-ostree transaction is over')] : [];
  }
}

/** What the last boot led to: said at the first reading of the deployments. */
function aboutRecord(before: Model, after: Model): Line[] {
  if (before.state.name !== 'StartState' || after.memory.record === before.memory.record) return [];
  const lines: Line[] = after.memory.record.denials
    .filter((denial) => !before.memory.record.denials.includes(denial))
    .map((denial) => ({
      level: 'error',
      text:
        denial.reason === 'rolled-back'
          ? `release '${printable(denial.version)}' was rolled back: it is denied from now on`
          : `asked for release '${printable(denial.version)}', booted '${bootedName(after.memory)}'${denial.untilAt === undefined ? `: it is held after ${denial.strikes} such reboots` : `: not tried again before ${longDate(denial.untilAt)}`}`,
    }));
  const asked = before.memory.record.asked;
  if (asked !== undefined && asked.payload.value === after.memory.host?.booted.payload?.value) {
    lines.push(info(`booted release '${printable(asked.version)}', as asked for`));
  }
  return lines;
}

/** Once in a run of long waits; each one that follows only to who debugs. */
function aboutPuttingOff(was: Memory, is: Memory): Line[] {
  const { putOffUntilAt } = is.check;
  if (putOffUntilAt === undefined) return [];
  const level = was.check.putOffUntilAt === undefined ? 'info' : 'debug';
  return [{ level, text: `the update server is asked again at ${longDate(putOffUntilAt)}` }];
}

function aboutFailedStage({ state }: Model, { kind, message }: Failure): Line[] {
  if (kind === 'rpm_ostree_busy') return [info(`rpm-ostree is busy: ${message}`)];
  const repeated = state.name === 'UpdateAvailable' && state.lastFailure === message;
  return [{ level: repeated ? 'debug' : 'error', text: `failed to stage deployment: ${message}` }];
}

function aboutGraph(was: Memory, is: Memory, { result }: Extract<Event, { kind: 'checked' }>): Line[] {
  const lines: Line[] = [];
  const { deadend } = result;
  const reason = deadend.isDeadend ? deadend.reason : undefined;
  const reasonBefore = was.deadend?.isDeadend === true ? was.deadend.reason : undefined;
  if (deadend.isDeadend && reason !== reasonBefore) {
    lines.push({
      level: 'warn',
      text: `current release detected as dead-end, reason: ${printable(deadend.reason)}`,
    });
  } else if (!deadend.isDeadend && was.deadend?.isDeadend !== false && result.outcome.kind !== 'off-graph') {
    lines.push(info('current release detected as not a dead-end'));
  }
  const said = was.check.answer === is.check.answer;
  const level = said ? 'debug' : 'info';
  if (result.ignoredTargets > 0) {
    lines.push({
      level,
      text: `Found ${result.ignoredTargets} possible update target(s) present in denylist; ignoring`,
    });
  }
  if (result.outcome.kind === 'downgrade-refused') {
    const target = name(result.outcome.release);
    lines.push({ level: said ? 'debug' : 'warn', text: `downgrade hint towards target release '${target}'` });
    lines.push({
      level: said ? 'debug' : 'warn',
      text: 'update hint rejected, downgrades are not allowed by configuration',
    });
  }
  for (const warning of result.warnings) {
    lines.push({ level: said ? 'debug' : 'warn', text: `update graph: ${printable(warning)}` });
  }
  return lines;
}

/** What the administrator denies, and whether there is a way around it. */
function aboutSkipped(was: Memory, is: Memory, { result }: Extract<Event, { kind: 'checked' }>): Line[] {
  if (result.skipped.length === 0) return [];
  const stays =
    result.outcome.kind === 'no-update'
      ? `; nothing else is offered, the node stays on '${bootedName(is)}'`
      : '';
  return [
    {
      level: was.check.answer === is.check.answer ? 'debug' : 'warn',
      text: `${namesOf(result.skipped)} offered, but denied by the administrator (updates.skip)${stays}`,
    },
  ];
}

function aboutDiscarded({ state, memory }: Model, skip: readonly string[]): Line[] {
  if (state.name === 'UpdateAvailable')
    return [{ level: 'warn', text: `abandoned and blocked deployment '${name(state.release)}'` }];
  const staged = memory.host?.staged;
  const dropped = 'release' in state ? state.release : staged;
  if (dropped?.payload === undefined) return [];
  const { version, payload } = dropped;
  if (isSkipped(skip, { version, payload }))
    return [
      {
        level: 'warn',
        text: `release '${printable(version)}' is denied by the administrator (updates.skip): dropped the staged deployment`,
      },
    ];
  if (state.name !== 'UpdateStaged') return [];
  return [
    {
      level: 'warn',
      text: `release '${printable(version)}' is not to be taken any more: dropped the staged deployment`,
    },
  ];
}

/** A release that is offered and not taken, because somebody staged something else. */
function aboutLeaving({ result }: Extract<Event, { kind: 'checked' }>, before: Model, after: Model): Line[] {
  const staged = after.memory.host?.staged;
  if (result.outcome.kind !== 'update' || after.state.name !== 'NoNewUpdate' || staged === undefined)
    return [];
  const said =
    before.state.name === 'NoNewUpdate' && before.memory.check.answer === after.memory.check.answer;
  return [
    {
      level: said ? 'debug' : 'warn',
      text: `release '${name(result.outcome.release)}' is available, but somebody staged '${printable(staged.version)}': it is left as it is`,
    },
  ];
}

function aboutStaged(before: Model, event: Extract<Event, { kind: 'staged' }>, after: Model): Line[] {
  const { state } = after;
  if (state.name === 'UpdateStaged') return [info(`update staged: ${name(state.release)}`)];
  if (before.state.name !== 'UpdateAvailable') return [];
  const found = event.deployment;
  if (state.name === 'UpdateAvailable' && state.step === 'discard') {
    const expected = before.memory.host?.booted.stream ?? '';
    return [
      {
        level: 'error',
        text: `pending deployment ${printable(found.version)} expected to be on stream '${printable(expected)}', but found '${printable(found.stream ?? '')}' instead`,
      },
    ];
  }
  return [
    {
      level: 'error',
      text: `failed to stage deployment: asked for ${name(before.state.release)}, found ${printable(found.version)} (${found.payload?.value ?? found.id})`,
    },
  ];
}

function aboutState(before: Model, { event, at }: Occurrence, after: Model): Line[] {
  const was = before.state;
  const is = after.state;
  if (was.name === is.name) {
    return is.name === 'UpdateAvailable' &&
      was.name === 'UpdateAvailable' &&
      is.release.payload.value !== was.release.payload.value
      ? [info(`target release '${name(is.release)}' selected, proceeding to stage it`)]
      : [];
  }
  switch (is.name) {
    case 'StartState':
      return [];
    case 'Initialized':
      return [info('initialization complete, auto-updates logic enabled')];
    case 'ReportedSteady':
      return [info('reached steady state, periodically polling for updates')];
    case 'UpdateAvailable':
      return [info(`target release '${name(is.release)}' selected, proceeding to stage it`)];
    case 'OffGraph':
      return [
        {
          level: 'warn',
          text: `booted release '${bootedName(after.memory)}' is not in the update graph: no updates until it is`,
        },
      ];
    case 'UpdateFinalized':
      return [info(`update finalized: ${name(is.release)}`)];
    case 'EndState':
      return is.cause === 'disabled'
        ? [info('initialization complete, auto-updates logic disabled by configuration')]
        : [info(`update applied, waiting for reboot: ${name(is.release)}`)];
    case 'UpdateStaged':
      if (event.kind === 'checked') return [info(`update staged: ${name(is.release)}`)];
      return was.name === 'EndState' && was.cause === 'reboot-pending'
        ? [
            {
              level: 'error',
              text: `the reboot into '${name(is.release)}' asked for at ${longDate(was.finalizedAt)} has not come by ${longDate(at)}: trying again`,
            },
          ]
        : [];
    case 'NoNewUpdate':
      return whyPollingAgain(before, event, after, at);
  }
}

function whyPollingAgain(before: Model, event: Event, after: Model, at: number): Line[] {
  const was = before.state;
  switch (was.name) {
    case 'OffGraph':
      return [info(`booted release '${bootedName(after.memory)}' is in the update graph again`)];
    case 'UpdateAvailable': {
      if (event.kind === 'checked') return [info(`release '${name(was.release)}' is no longer offered`)];
      const denial = after.memory.record.denials.find((d) => d.payload.value === was.release.payload.value);
      if (event.kind === 'discarded' || event.kind === 'discard-failed' || denial?.untilAt === undefined)
        return [];
      return [
        {
          level: 'error',
          text: `persistent deploy failure detected, target release '${name(was.release)}' abandoned after ${MAX_DEPLOY_ATTEMPTS} attempts; not tried again before ${longDate(Math.max(denial.untilAt, at))}`,
        },
      ];
    }
    case 'UpdateStaged':
    case 'EndState': {
      if (event.kind !== 'status-read' || !('release' in was)) return [];
      const staged = event.status.staged;
      const fate = staged === undefined ? 'is gone' : `was replaced by '${printable(staged.version)}'`;
      return [
        {
          level: 'warn',
          text: `the staged deployment '${name(was.release)}' ${fate}: checking for updates again`,
        },
      ];
    }
    default:
      return [];
  }
}

function failure(
  level: Level,
  streak: Streak | undefined,
  event: Extract<Event, { failure: unknown }>,
  text: string,
): Line[] {
  const { kind } = event.failure;
  const repeated = streak !== undefined && (streak.kinds.includes(kind) || streak.kinds.length >= MOST_KINDS);
  return [{ level: repeated ? 'debug' : level, text: `${text}: ${event.failure.message}` }];
}

function recovery(streak: Streak | undefined, text: string, at: number): Line[] {
  if (streak === undefined) return [];
  const tries = streak.count === 1 ? '1 failed attempt' : `${streak.count} failed attempts`;
  return [info(`${text} after ${tries} in ${inSeconds(Math.max(at - streak.sinceAt, 0))}`)];
}

/** `1.6 s`, `90 s`: tenths only where they are a part of it that counts. */
function inSeconds(ms: number): string {
  const seconds = ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000);
  return `${seconds} s`;
}

/** The node looks every minute; people hear of it when something has changed. */
function aboutVisitors(before: Model, visitors: readonly Session[]): Line {
  const who = visitors.map(({ user, tty }) => `${printable(user)} on ${printable(tty)}`).join(', ');
  const text = `reboot delayed due to active user sessions: ${who}`;
  return isWaitingFor(before, visitors) ? debug(text) : info(text);
}

function isWaitingFor({ state }: Model, visitors: readonly Session[]): boolean {
  return (
    state.name === 'UpdateStaged' &&
    state.holding.by === 'sessions' &&
    state.visitors.length === visitors.length &&
    state.visitors.every(({ user, tty }, at) => user === visitors[at]?.user && tty === visitors[at].tty)
  );
}

function heldBefore({ state }: Model, kind: string): boolean {
  return state.name === 'UpdateStaged' && state.holding.by === 'failure' && state.holding.kind === kind;
}

function name(release: Release): string {
  return printable(release.version);
}

function bootedName(memory: Memory): string {
  return printable(memory.host?.booted.version ?? 'unknown');
}

function info(text: string): Line {
  return { level: 'info', text };
}

function debug(text: string): Line {
  return { level: 'debug', text };
}
