/** What an event means to a person who reads the log. Pure. */
import { printable } from '../errors.ts';
import { debug, info, inSeconds, name, type Level, type Line } from './line.ts';
import type { Effect, Event, Failure, Occurrence } from '../agent/messages.ts';
import { aboutCheck, aboutPuttingOff } from './narrate-check.ts';
import type { Session } from '../agent/ports.ts';
import { isSkipped } from '../agent/skip.ts';
import { MOST_KINDS, type Model, type Policy, type Streak } from '../agent/state.ts';
import { longDate } from './status-text.ts';

export function aboutEvent(
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
        ...aboutCheck(before, event, after),
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
      if (event.verdict.verdict === 'allow') {
        return [debug('the update strategy allows the reboot')];
      }
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

function aboutFailedStage({ state }: Model, { kind, message }: Failure): Line[] {
  if (kind === 'rpm_ostree_busy') {
    return [info(`rpm-ostree is busy: ${message}`)];
  }
  const repeated = state.name === 'UpdateAvailable' && state.lastFailure === message;
  return [{ level: repeated ? 'debug' : 'error', text: `failed to stage deployment: ${message}` }];
}

function aboutStaged(before: Model, event: Extract<Event, { kind: 'staged' }>, after: Model): Line[] {
  const { state } = after;
  if (state.name === 'UpdateStaged') {
    return [info(`update staged: ${name(state.release)}`)];
  }
  if (before.state.name !== 'UpdateAvailable') {
    return [];
  }
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

function aboutDiscarded({ state, memory }: Model, skip: readonly string[]): Line[] {
  if (state.name === 'UpdateAvailable') {
    return [{ level: 'warn', text: `abandoned and blocked deployment '${name(state.release)}'` }];
  }
  const staged = memory.host?.staged;
  const dropped = 'release' in state ? state.release : staged;
  if (dropped?.payload === undefined) {
    return [];
  }
  const { version, payload } = dropped;
  if (isSkipped(skip, { version, payload })) {
    return [
      {
        level: 'warn',
        text: `release '${printable(version)}' is denied by the administrator (updates.skip): dropped the staged deployment`,
      },
    ];
  }
  if (state.name !== 'UpdateStaged') {
    return [];
  }
  return [
    {
      level: 'warn',
      text: `release '${printable(version)}' is not to be taken any more: dropped the staged deployment`,
    },
  ];
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
  if (streak === undefined) {
    return [];
  }
  const tries = streak.count === 1 ? '1 failed attempt' : `${streak.count} failed attempts`;
  return [info(`${text} after ${tries} in ${inSeconds(Math.max(at - streak.sinceAt, 0))}`)];
}
