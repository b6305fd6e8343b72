/** What every question to the gates is about, beside its instant. Pure. */
import { overridesOf, rebootHolds } from './pending.ts';
import type { GateQuestion } from './ports.ts';
import type { Memory } from './state.ts';

/** `exempt`: a user whose own holds on reboots do not count. */
export function gateSubject(
  { host, record }: Memory,
  exempt?: number,
): Omit<GateQuestion, 'at' | 'overrides'> {
  const holds = record.holds.filter(({ what, by }) => what !== 'reboot' || by.uid !== exempt);
  return { booted: host?.booted, staged: host?.staged, ...(holds.length > 0 && { holds }) };
}

/** What the machine itself asks: with the overrides of a reboot that a person asks for, and past that person's holds. */
export function rebootSubject(memory: Memory): Omit<GateQuestion, 'at'> {
  const overrides = overridesOf(memory);
  const holds = rebootHolds(memory);
  return {
    booted: memory.host?.booted,
    staged: memory.host?.staged,
    ...(holds.length > 0 && { holds }),
    ...(overrides.length > 0 && { overrides }),
  };
}

/** The question of a survey, at the instant at which it is asked. */
export function questionOf(
  { booted, staged, holds, overrides }: Omit<GateQuestion, 'at'>,
  at: number,
): GateQuestion {
  return {
    ...{ at, booted, staged },
    ...(holds !== undefined && { holds }),
    ...(overrides !== undefined && { overrides }),
  };
}
