/** The text that the service manager shows for each state, as `systemctl status zincati` prints it. Pure. */
import { printable } from '../errors.ts';
import { longDate } from '../text/long-date.ts';
import type { Health } from '../agent/health.ts';
import type { Memory, Model, Policy } from '../agent/state.ts';

const CANNOT = '; cannot finalize it: ';

/** Zincati's own texts where it has one; one line, no end mark. */
export function statusText({ state, memory }: Model, policy: Pick<Policy, 'enabled'>): string {
  switch (state.name) {
    case 'StartState':
      if (policy.enabled && memory.hostStreak !== undefined) {
        return 'initializing: cannot read the deployments, trying again';
      }
      return initialized(policy);
    case 'Initialized':
      return initialized(policy);
    case 'ReportedSteady':
    case 'NoNewUpdate':
      return polling(memory);
    case 'OffGraph':
      return `booted release is not in the update graph; ${polling(memory)}`;
    case 'UpdateAvailable':
      return state.failedAttempts === 0 && state.step !== 'rest'
        ? `found update on remote: ${state.release.version}`
        : `trying to stage ${state.release.version} (failed attempts: ${state.failedAttempts})${because(state.lastFailure)}`;
    case 'UpdateStaged': {
      const staged = `update staged: ${state.release.version}`;
      switch (state.holding.by) {
        case 'nothing':
          return staged;
        case 'lender':
          return state.holding.errorKind === undefined
            ? `${staged}; reboot pending due to update strategy`
            : `${staged}${CANNOT}${state.holding.reason}`;
        case 'strategy':
          return `${staged}; reboot pending due to update strategy`;
        case 'sessions':
          return `${staged}; reboot delayed due to active user sessions${state.holding.endless ? ', until nobody is logged in' : ''}`;
        case 'failure':
          return `${staged}${CANNOT}${state.holding.message}`;
      }
      break;
    }
    case 'UpdateFinalized':
      return `update finalized: ${state.release.version}`;
    case 'EndState':
      return state.cause === 'disabled'
        ? initialized(policy)
        : `update applied, waiting for reboot: ${state.release.version}`;
  }
}

/** The agent is up and idle until what its configuration needs is there. */
export const AWAITING = 'waiting for what the configuration needs';

/**
 * What follows the state while updates are not OK; "" while they are. Stable: people and tools look for it. `said`: the
 * text of the state, whose last sentence is not said again.
 */
export function healthText({ level, cause, sinceAt, text }: Health, said = ''): string {
  if (level === 'OK') {
    return '';
  }
  const since = sinceAt === undefined ? '' : ` since ${longDate(sinceAt)}`;
  const sentence = said.slice(said.indexOf(CANNOT) + CANNOT.length);
  const isSaid = said.includes(CANNOT) && text.endsWith(sentence);
  return `; updates are ${level} (${cause})${since}${isSaid ? '' : `: ${text}`}`;
}

function initialized({ enabled }: Pick<Policy, 'enabled'>): string {
  return `initialization complete, auto-updates logic ${enabled ? 'enabled' : 'disabled by configuration'}`;
}

/** "Last checked" is the last check that got an answer; one that did not is said apart. */
function polling({ check, foreign }: Memory): string {
  const facts: string[] = [];
  if (foreign !== undefined) {
    const how = foreign.pending === true ? 'is set by somebody to boot next' : 'is staged by somebody';
    facts.push(`'${printable(foreign.version)}' ${how} and waits for a reboot`);
  }
  if (check.lastSuccessAt !== undefined) {
    facts.push(`last checked ${longDate(check.lastSuccessAt)}`);
  }
  if (check.streak !== undefined) {
    facts.push(`checks fail since ${longDate(check.streak.since.at)}: ${check.streak.kind}`);
  }
  if (check.streak !== undefined && check.putOffUntilAt !== undefined) {
    facts.push(`asked again at ${longDate(check.putOffUntilAt)}`);
  }
  if (check.skipped.length > 0) {
    facts.push(`${namesOf(check.skipped)} denied by the administrator`);
  }
  const text = 'periodically polling for updates';
  return facts.length === 0 ? text : `${text} (${facts.join('; ')})`;
}

/** The daemon's own words, as far as a line has room for them. */
const LONGEST_REASON = 400;

export function because(failure: string): string {
  const text = printable(failure);
  if (text === '') {
    return '';
  }
  return `: ${text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON)}...` : text}`;
}

/** `release 'A' is`, `releases 'A', 'B' are`. */
export function namesOf(versions: readonly string[]): string {
  const names = versions.map((version) => `'${printable(version)}'`).join(', ');
  return versions.length === 1 ? `release ${names} is` : `releases ${names} are`;
}
