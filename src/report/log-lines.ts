/**
 * What each happening means to a person who reads the log. Pure.
 *
 * Invariants:
 * - The phrases that other tools wait for stand as Zincati writes them.
 * - A run of failures is told when it begins and when it ends; its repetitions only to those who debug.
 * - Nothing from outside reaches a line unsanitised.
 */
import type { Activity, DropReason, Happening, HappeningKind, HappeningOf } from '../agent/happenings.ts';
import { printable } from '../errors.ts';
import { debug, info, inMinutes, inSeconds, name, type Level, type Line } from './line.ts';
import { namesOf } from './status-text.ts';
import { wishText } from './wish-text.ts';
import { longDate } from '../text/long-date.ts';

/** The lines of one happening, often one, sometimes none. */
export function linesOf(happening: Happening): readonly Line[] {
  // The table's types hold for each kind; here an entry is looked up by what came.
  const tell = LINES[happening.kind] as (happening: Happening) => readonly Line[];
  return tell(happening);
}

/** Which activity fails, at which level that is said, and how it is called. */
const FAILING: Readonly<Record<Activity, readonly [Level, string]>> = {
  save: ['error', 'failed to write the state file, no reboot is asked for until it works'],
  driver: ['warn', 'failed to register as the update driver, trying again in the background'],
  status: ['error', 'failed to read the deployments'],
  steady: ['error', 'failed to report steady state, trying again in the background'],
  check: ['error', 'failed to check Cincinnati for updates'],
};

const RECOVERED: Readonly<Record<Activity, string>> = {
  save: 'writing the state file works again',
  driver: 'registered as the update driver for rpm-ostree',
  status: 'reading the deployments works again',
  steady: 'reporting steady state works again',
  check: 'checking Cincinnati for updates works again',
};

const DROPPED: Readonly<Record<DropReason, string>> = {
  skipped: 'denied by the administrator (updates.skip)',
  request: 'denied by request',
  'denied-or-withdrawn': 'not to be taken any more',
};

const LINES: { readonly [K in HappeningKind]: (happening: HappeningOf<K>) => readonly Line[] } = {
  // What is about to be done.
  waiting: ({ state, forMs }) => [debug(`${state}: waiting ${inSeconds(forMs)}`)],
  registering: ({ repeated }) => [once(repeated, 'info', 'registering as the update driver for rpm-ostree')],
  checking: ({ state }) => [debug(`${state}: check`)],
  staging: ({ state }) => [debug(`${state}: stage`)],
  following: ({ title }) => [
    info(
      `waiting for the rpm-ostree transaction in progress${title === undefined ? '' : `: ${printable(title)}`}`,
    ),
  ],
  finalizing: ({ release, repeated }) => [
    once(repeated, 'info', `staged deployment '${name(release)}' available, proceeding to finalize it`),
  ],
  working: ({ state, effect }) => [debug(`${state}: ${effect}`)],

  // The agent's own work.
  failing: ({ activity, failure, repeated }) => {
    const [level, text] = FAILING[activity];
    return [once(repeated, level, `${text}: ${failure.message}`)];
  },
  recovered: ({ activity, failures, lastedMs }) => {
    const tries = failures === 1 ? '1 failed attempt' : `${failures} failed attempts`;
    return [info(`${RECOVERED[activity]} after ${tries} in ${inSeconds(lastedMs)}`)];
  },
  'state-changed': ({ to }) => [{ level: 'debug', text: `state: ${to}`, fields: { state: to } }],
  reconfigured: () => [info('the new configuration is in use')],
  'request-taken': ({ request }) => [
    info(`request ${printable(request.id)} of uid ${request.by.uid}: ${wishText(request.wish)}`),
  ],
  'request-ended': ({ request, outcome }) => {
    const fate = outcome.kind === 'done' ? 'done' : `refused (${outcome.error})`;
    return [info(`request ${printable(request.id)} is ${fate}: ${printable(outcome.text)}`)];
  },

  // The start, and what the last reboot led to.
  initialized: () => [info('initialization complete, auto-updates logic enabled')],
  'others-excluded': ({ others }) => [
    info(`found ${others.length} other finalized deployment${others.length > 1 ? 's' : ''}`),
    ...others.map(({ version, payload }) =>
      info(
        `deployment ${printable(version)} (${printable(payload.value)}) will be excluded from being a future update target`,
      ),
    ),
  ],
  'updates-disabled': () => [info('initialization complete, auto-updates logic disabled by configuration')],
  steady: () => [info('reached steady state, periodically polling for updates')],
  'booted-as-asked': ({ target }) => [info(`booted release '${printable(target.version)}', as asked for`)],
  'reboot-missed': ({ target, booted, strikes, untilAt }) => {
    const then =
      untilAt === undefined
        ? `it is held after ${strikes} such reboots`
        : `not tried again before ${longDate(untilAt)}`;
    return [
      error(
        `asked for release '${printable(target.version)}', booted '${printable(booted.version)}': ${then}`,
      ),
    ];
  },
  'rolled-back': ({ target }) => [
    error(`release '${printable(target.version)}' was rolled back: it is denied from now on`),
  ],

  // One answer of the update server.
  checked: () => [],
  deadend: ({ reason }) => [warn(`current release detected as dead-end, reason: ${printable(reason)}`)],
  'no-deadend': () => [info('current release detected as not a dead-end')],
  'targets-ignored': ({ count, repeated }) => [
    once(
      repeated,
      'info',
      `Found ${count} possible update target${count > 1 ? 's' : ''} present in denylist; ignoring`,
    ),
  ],
  'downgrade-refused': ({ release, repeated }) => [
    once(repeated, 'warn', `downgrade hint towards target release '${name(release)}'`),
    once(repeated, 'warn', 'update hint rejected, downgrades are not allowed by configuration'),
  ],
  'graph-warning': ({ text, repeated }) => [once(repeated, 'warn', `update graph: ${printable(text)}`)],
  'offers-skipped': ({ versions, stayingOn, repeated, requests }) => {
    const stays =
      stayingOn === undefined ? '' : `; nothing else is offered, the node stays on '${printable(stayingOn)}'`;
    return [
      once(
        repeated,
        'warn',
        `${namesOf(versions)} offered, but denied by the administrator (updates.skip${requests === true ? ', or a request' : ''})${stays}`,
      ),
    ];
  },
  'offer-left': ({ release, staged, pending, repeated }) => [
    once(
      repeated,
      'warn',
      `release '${name(release)}' is available, but somebody ${pending === true ? 'had' : 'staged'} '${printable(staged)}'${pending === true ? ' boot next' : ''}: it is left as it is`,
    ),
  ],
  'check-put-off': ({ untilAt, repeated }) => [
    once(repeated, 'info', `the update server is asked again at ${longDate(untilAt)}`),
  ],
  'off-graph': ({ booted }) => [
    warn(
      `booted deployment ${printable(booted)} not found in the update graph: no updates until it is there`,
    ),
  ],
  'on-graph-again': ({ booted }) => [
    info(`booted release '${printable(booted)}' is in the update graph again`),
  ],

  // A release on its way to the disk.
  selected: ({ release }) => [info(`target release '${name(release)}' selected, proceeding to stage it`)],
  staged: ({ release }) => [info(`update staged: ${name(release)}`)],
  'staging-busy': ({ failure }) => [info(`rpm-ostree is busy: ${failure.message}`)],
  'staging-cut-short': ({ release }) => [info(`staging '${name(release)}' was cut short by a request`)],
  'staging-held': ({ release, reason, repeated }) => [
    once(repeated, 'info', `release '${name(release)}' is available, but ${printable(reason)}`),
  ],
  'staging-failed': ({ failure, repeated }) => [
    once(repeated, 'error', `failed to stage deployment: ${failure.message}`),
  ],
  'foreign-staged': ({ version, pending }) => [
    warn(
      pending === true
        ? `'${printable(version)}' boots next, and not by this agent: that stays, and updates wait until the node is rebooted or that is undone`
        : `'${printable(version)}' is staged, and not by this agent: it stays, and updates wait until it is booted or dropped`,
    ),
  ],
  'foreign-gone': ({ version }) => [
    info(`'${printable(version)}', which this agent did not stage, is gone: updates go on`),
  ],
  'staged-changed': ({ failure }) => [info(`looking again: ${failure.message}`)],
  'failed-one-dropped': ({ release, hasFailed }) => [
    hasFailed
      ? warn(`dropped the staged deployment '${name(release)}', since staging it had failed`)
      : info(
          `dropped the staged deployment '${name(release)}': it is staged anew, since nobody saw it succeed`,
        ),
  ],
  'staged-other': ({ release, found }) => [
    error(
      `failed to stage deployment: asked for ${name(release)}, found ${printable(found.version)} (${printable(found.payload?.value ?? found.id)})`,
    ),
  ],
  'wrong-stream': ({ release, expected, found }) => [
    error(
      `pending deployment ${name(release)} expected to be on stream '${printable(expected)}', but found '${printable(found ?? '')}' instead`,
    ),
  ],
  abandoned: ({ release, attempts, untilAt }) => [
    error(
      `persistent deploy failure detected, target release '${name(release)}' abandoned after ${attempts} attempts; not tried again before ${longDate(untilAt)}`,
    ),
  ],
  'no-longer-offered': ({ release }) => [info(`release '${name(release)}' is no longer offered`)],
  'transaction-over': () => [debug('the rpm-ostree transaction is over')],
  'transaction-running': () => [debug('the rpm-ostree transaction is still in progress')],
  'transaction-lost': ({ failure }) => [warn(`lost sight of the rpm-ostree transaction: ${failure.message}`)],

  // A staged deployment, and the way to the reboot.
  blocked: ({ release }) => [error(`abandoned and blocked deployment '${name(release)}'`)],
  dropped: ({ version, why }) => {
    return [warn(`release '${printable(version)}' is ${DROPPED[why]}: dropped the staged deployment`)];
  },
  'drop-failed': ({ failure }) => [error(`failed to drop the staged deployment: ${failure.message}`)],
  'staged-lost': ({ release, replacedBy }) => {
    const fate = replacedBy === undefined ? 'is gone' : `was replaced by '${printable(replacedBy)}'`;
    return [warn(`the staged deployment '${name(release)}' ${fate}: checking for updates again`)];
  },
  'staged-kept-off-graph': ({ release, booted, repeated }) => [
    once(
      repeated,
      'warn',
      `booted release '${printable(booted)}' is not in the update graph: staged '${name(release)}' is kept`,
    ),
  ],
  'staged-unoffered': ({ release }) => [
    warn(`the update server no longer offers '${name(release)}': asking again before it is dropped`),
  ],
  'reboot-allowed': () => [debug('the update strategy allows the reboot')],
  'reboot-held': ({ reason, untilAt, repeated }) => {
    const until = untilAt === undefined ? '' : `, not before ${longDate(untilAt)}`;
    return [once(repeated, 'info', `reboot held by the update strategy: ${printable(reason)}${until}`)];
  },
  'asking-failed': ({ failure, repeated }) => [
    once(repeated, 'error', `failed to ask the update strategy: ${failure.message}`),
  ],
  'slot-returned': ({ heldMs }) => [info(`reboot slot given back after ${inSeconds(heldMs)}`)],
  'slot-kept': ({ reason, repeated }) => [
    once(
      repeated,
      'info',
      `steady state is reported, and a reboot slot given back, once this boot is complete: ${printable(reason)}`,
    ),
  ],
  'slot-wait-over': ({ of, reason }) => {
    const over =
      of === 'boot' ? 'this boot is still not complete' : 'no clear answer has come about the reboot slot';
    return [warn(`${over} after a day, giving back whatever is held: ${printable(reason)}`)];
  },
  'slot-given-up': ({ place, tries }) => [
    error(
      `a reboot slot may still be held at ${siteOf(place.address)}, which is no longer configured: forgotten after ${tries} tries`,
    ),
  ],
  'sessions-seen': ({ sessions, repeated }) => {
    if (sessions.length === 0) {
      return [];
    }
    const who = sessions.map(({ user, tty }) => `${printable(user)} on ${printable(tty)}`).join(', ');
    return [once(repeated, 'info', `reboot delayed due to active user sessions: ${who}`)];
  },
  'sessions-untold': ({ failure, repeated }) => [
    once(
      repeated,
      'warn',
      `failed to list user sessions, waiting as if somebody were logged in: ${failure.message}`,
    ),
  ],
  'reboot-postponed': () => [],
  'grace-begun': ({ minutes }) => {
    const most = minutes === undefined ? 'until nobody is logged in' : `maximum ${inMinutes(minutes)}`;
    return [warn(`interactive sessions detected, entering grace period (${most})`)];
  },
  'grace-ending': () => [warn('last attempt to wait for the end of all interactive sessions')],
  'grace-over': () => [warn('reached end of grace period while waiting for interactive sessions')],
  'reboot-asked': () => [],
  'reboot-refused': () => [],
  'finalize-failed': ({ failure, repeated }) => [
    once(repeated, 'error', `failed to finalize deployment: ${failure.message}`),
  ],
  finalized: ({ release }) => [info(`update finalized: ${name(release)}`)],
  'waiting-for-reboot': ({ release }) => [info(`update applied, waiting for reboot: ${name(release)}`)],
  'reboot-overdue': ({ release, finalizedAt, at }) => [
    error(
      `the reboot into '${name(release)}' asked for at ${longDate(finalizedAt)} has not come by ${longDate(at)}: trying again`,
    ),
  ],
};

/** An address for people: it may hold a password, so only its host is named. */
function siteOf(address: string): string {
  return printable(URL.parse(address)?.host ?? 'a lock server');
}

/** What people know already is said only to those who debug. */
function once(repeated: boolean, level: Level, text: string): Line {
  return { level: repeated ? 'debug' : level, text };
}

function warn(text: string): Line {
  return { level: 'warn', text };
}

function error(text: string): Line {
  return { level: 'error', text };
}
