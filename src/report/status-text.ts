/** The text that the service manager shows for each state, as `systemctl status zincati` prints it. Pure. */
import { printable } from '../errors.ts';
import { longDate } from '../text/long-date.ts';
import type { Health } from '../agent/health.ts';
import type { Memory, Model, Policy } from '../agent/state.ts';

/** Zincati's own texts where it has one; one line, no end mark. */
export function statusText({ state, memory }: Model, policy: Pick<Policy, 'enabled'>): string {
  switch (state.name) {
    case 'StartState':
      if (memory.hostStreak !== undefined) {
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
        : `trying to stage ${state.release.version} (failed attempts: ${state.failedAttempts})`;
    case 'UpdateStaged': {
      const staged = `update staged: ${state.release.version}`;
      switch (state.holding.by) {
        case 'nothing':
          return staged;
        case 'strategy':
          return `${staged}; reboot pending due to update strategy`;
        case 'sessions':
          return `${staged}; reboot delayed due to active user sessions${state.holding.endless ? ', until nobody is logged in' : ''}`;
        case 'failure':
          return `${staged}; cannot finalize it: ${state.holding.message}`;
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

/** What follows the state while updates are not OK; "" while they are. Stable: people and tools look for it. */
export function healthText({ level, cause, sinceAt, text }: Health): string {
  if (level === 'OK') {
    return '';
  }
  const since = sinceAt === undefined ? '' : ` since ${longDate(sinceAt)}`;
  return `; updates are ${level} (${cause})${since}: ${text}`;
}

function initialized({ enabled }: Pick<Policy, 'enabled'>): string {
  return `initialization complete, auto-updates logic ${enabled ? 'enabled' : 'disabled by configuration'}`;
}

/** "Last checked" is the last check that got an answer; one that did not is said apart. */
function polling({ check }: Memory): string {
  const facts: string[] = [];
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

/** `release 'A' is`, `releases 'A', 'B' are`. */
export function namesOf(versions: readonly string[]): string {
  const names = versions.map((version) => `'${printable(version)}'`).join(', ');
  return versions.length === 1 ? `release ${names} is` : `releases ${names} are`;
}
