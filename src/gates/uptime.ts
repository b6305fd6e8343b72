/**
 * Gate `uptime`: holds the reboot of a node that has only just started. There is a least uptime, and a longer one for the
 * first boot of the machine, while something may still be provisioning it. The judgement is pure.
 *
 * Unknown: never. Where the kernel's files cannot be read the gate blocks, without an instant, until they can be.
 */
import type { GateQuestion, GateReport } from '../agent/ports.ts';
import { messageOf } from '../errors.ts';
import { MINUTE_MS } from '../text/units.ts';
import { gate, type Gate } from './gate.ts';
import { OBSERVED, OPEN, openFrom, type Timing } from './timing.ts';
import { block, pass } from './verdict.ts';

const NAME = 'uptime';

export interface BootFacts {
  readonly uptimeMs: number;
  /** The machine has never booted before. */
  readonly firstBoot: boolean;
}

/** `unneeded`: no limit is set, so nothing was looked at. `problem`: why the facts cannot be had, one line. */
export type UptimeReading = BootFacts | 'unneeded' | { readonly problem: string };

/** 0: no such hold. */
export interface UptimeLimits {
  readonly minUptimeMs: number;
  readonly firstBootGraceMs: number;
}

/** `read` rejects when the uptime cannot be told. It is not called when no limit is set. */
export function uptimeGate(limits: UptimeLimits, read: () => Promise<BootFacts>): Gate {
  return gate({
    name: NAME,
    observe: () => observeUptime(limits, read),
    judge: (reading, question) => judgeUptime(reading, question, limits),
    timing: (reading, question) => timeUptime(reading, question, limits),
  });
}

async function observeUptime(limits: UptimeLimits, read: () => Promise<BootFacts>): Promise<UptimeReading> {
  if (!isLimited(limits)) {
    return 'unneeded';
  }
  try {
    return await read();
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

export function judgeUptime(reading: UptimeReading, { at }: GateQuestion, limits: UptimeLimits): GateReport {
  if (reading === 'unneeded' || !isLimited(limits)) {
    return pass(NAME, 'uptime', 'no limit is set');
  }
  if ('problem' in reading) {
    return block(NAME, 'uptime', `cannot tell for how long this node is up: ${reading.problem}`);
  }
  const { uptimeMs, firstBoot } = reading;
  const { graceMs, neededMs } = needed(reading, limits);
  const evidence = { uptimeMs, neededMs, firstBoot };
  if (uptimeMs >= neededMs) {
    return pass(NAME, 'uptime', 'this node is up for long enough', { evidence });
  }
  const more = { evidence, nextAt: at + neededMs - uptimeMs };
  const minutes = Math.round(neededMs / MINUTE_MS);
  return graceMs > limits.minUptimeMs
    ? block(NAME, 'first_boot', `first boot of this machine: no reboot in its first ${minutes} minutes`, more)
    : block(NAME, 'uptime', `up for less than ${minutes} minutes`, more);
}

/** When the node is up for long enough. */
export function timeUptime(reading: UptimeReading, { at }: GateQuestion, limits: UptimeLimits): Timing {
  if (reading === 'unneeded' || !isLimited(limits)) {
    return OPEN;
  }
  return 'problem' in reading ? OBSERVED : openFrom(at + needed(reading, limits).neededMs - reading.uptimeMs);
}

function needed({ firstBoot }: BootFacts, { minUptimeMs, firstBootGraceMs }: UptimeLimits) {
  const graceMs = firstBoot ? firstBootGraceMs : 0;
  return { graceMs, neededMs: Math.max(minUptimeMs, graceMs) };
}

function isLimited({ minUptimeMs, firstBootGraceMs }: UptimeLimits): boolean {
  return minUptimeMs > 0 || firstBootGraceMs > 0;
}
