/** What a change of state, and what the record says at the start, mean to a person who reads the log. Pure. */
import { printable } from '../errors.ts';
import { bootedName, info, name, type Line } from './line.ts';
import type { Event, Occurrence } from '../agent/messages.ts';
import { MAX_DEPLOY_ATTEMPTS } from '../agent/pacing.ts';
import type { Model } from '../agent/state.ts';
import { longDate } from './status-text.ts';

/** What the last boot led to: said at the first reading of the deployments. */
export function aboutRecord(before: Model, after: Model): Line[] {
  if (before.state.name !== 'StartState' || after.memory.record === before.memory.record) {
    return [];
  }
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

export function aboutState(before: Model, { event, at }: Occurrence, after: Model): Line[] {
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
      if (event.kind === 'checked') {
        return [info(`update staged: ${name(is.release)}`)];
      }
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
      if (event.kind === 'checked') {
        return [info(`release '${name(was.release)}' is no longer offered`)];
      }
      const denial = after.memory.record.denials.find((d) => d.payload.value === was.release.payload.value);
      if (event.kind === 'discarded' || event.kind === 'discard-failed' || denial?.untilAt === undefined) {
        return [];
      }
      return [
        {
          level: 'error',
          text: `persistent deploy failure detected, target release '${name(was.release)}' abandoned after ${MAX_DEPLOY_ATTEMPTS} attempts; not tried again before ${longDate(Math.max(denial.untilAt, at))}`,
        },
      ];
    }
    case 'UpdateStaged':
    case 'EndState': {
      if (event.kind !== 'status-read' || !('release' in was)) {
        return [];
      }
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
