/**
 * The hold of a node that has only just started: a least uptime, and a longer one for the first boot of the machine,
 * while something may still be provisioning it. Pure.
 */
import { messageOf } from '../errors.ts';
import type { Strategy, Verdict } from './strategy.ts';
import { allow, deny } from './verdict.ts';

export interface BootFacts {
  readonly uptimeMs: number;
  /** The machine has never booted before. */
  readonly firstBoot: boolean;
}

/** 0: no such hold. */
export interface UptimeLimits {
  readonly minUptimeMs: number;
  readonly firstBootGraceMs: number;
}

export function uptimeStrategy(limits: UptimeLimits, read: () => Promise<BootFacts>): Strategy {
  return {
    name: 'uptime',
    remote: false,
    canFinalize: async (nowMs) => {
      if (limits.minUptimeMs <= 0 && limits.firstBootGraceMs <= 0) {
        return allow('uptime', 'no limit is set');
      }
      try {
        return judgeUptime(await read(), limits, nowMs);
      } catch (error) {
        return deny('uptime', `cannot tell for how long this node is up: ${messageOf(error)}`);
      }
    },
    reportSteady: () => Promise.resolve(),
  };
}

const MINUTE_MS = 60_000;

export function judgeUptime(facts: BootFacts, limits: UptimeLimits, nowMs: number): Verdict {
  const graceMs = facts.firstBoot ? limits.firstBootGraceMs : 0;
  const neededMs = Math.max(limits.minUptimeMs, graceMs);
  if (facts.uptimeMs >= neededMs) {
    return allow('uptime', 'this node is up for long enough');
  }
  const until = nowMs + neededMs - facts.uptimeMs;
  const minutes = Math.round(neededMs / MINUTE_MS);
  return graceMs > limits.minUptimeMs
    ? deny('first_boot', `first boot of this machine: no reboot in its first ${minutes} minutes`, until)
    : deny('uptime', `up for less than ${minutes} minutes`, until);
}
