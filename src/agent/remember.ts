/**
 * What every event leaves in memory, whatever the state: facts read, streaks of failures, when things were last done.
 * Pure.
 *
 * Invariant: an attempt and a success are two facts (`lastAttemptAt`, `lastSuccessAt`).
 */
import type { Occurrence } from './messages.ts';
import type { CheckResult, Deployment, HostStatus } from './ports.ts';
import { adapterRetryMs, driverRetryMs, SAVE_RETRY_MS } from './pacing.ts';
import { lengthened, type Memory } from './state.ts';

export function remember(memory: Memory, { event, at, mono }: Occurrence): Memory {
  switch (event.kind) {
    case 'saved':
      return { ...memory, save: { due: false, dueMono: 0, streak: undefined } };
    case 'save-failed': {
      const streak = lengthened(memory.save.streak, event.failure.kind, at);
      return { ...memory, save: { due: true, dueMono: mono + SAVE_RETRY_MS, streak } };
    }
    case 'driver-registered':
      return { ...memory, driver: { registered: true, dueMono: 0, streak: undefined } };
    case 'driver-failed': {
      const streak = lengthened(memory.driver.streak, event.failure.kind, at);
      return {
        ...memory,
        driver: { registered: false, dueMono: mono + driverRetryMs(streak.count), streak },
      };
    }
    case 'status-read':
      return { ...memory, host: event.status, hostStreak: undefined };
    case 'status-failed':
      return { ...memory, hostStreak: lengthened(memory.hostStreak, event.failure.kind, at) };
    case 'staged':
      return { ...memory, host: withStaged(memory.host, event.deployment) };
    case 'discarded':
      return { ...memory, host: withStaged(memory.host, undefined) };
    case 'steady-reported':
      return { ...memory, steady: { owed: false, dueMono: 0, streak: undefined } };
    case 'steady-failed': {
      const streak = lengthened(memory.steady.streak, event.failure.kind, at);
      const dueMono = mono + Math.max(adapterRetryMs(streak.count), event.failure.retryAfterMs ?? 0);
      return { ...memory, steady: { owed: true, dueMono, streak } };
    }
    case 'checked':
      return {
        ...memory,
        deadend: event.result.deadend,
        check: {
          ...memory.check,
          lastAttemptAt: at,
          lastSuccessAt: at,
          streak: undefined,
          skipped: event.result.skipped,
          answer: inShort(event.result),
        },
      };
    case 'check-failed':
      return {
        ...memory,
        check: {
          ...memory.check,
          lastAttemptAt: at,
          streak: lengthened(memory.check.streak, event.failure.kind, at),
        },
      };
    default:
      return memory;
  }
}

function inShort({ outcome, ignoredTargets, skipped, warnings }: CheckResult): string {
  const target = 'release' in outcome ? outcome.release.payload.value : '';
  return [outcome.kind, target, ignoredTargets, ...skipped, ...warnings].join('|');
}

/** The deployments as they are after a transaction of ours, until they are read again. */
function withStaged(host: HostStatus | undefined, staged: Deployment | undefined): HostStatus | undefined {
  if (host === undefined) {
    return undefined;
  }
  const others = host.deployments.filter((deployment) => !deployment.staged);
  return { ...host, staged, deployments: staged === undefined ? others : [staged, ...others] };
}
