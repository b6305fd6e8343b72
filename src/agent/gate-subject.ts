/** What every question to the gates is about, beside its instant. Pure. */
import type { GateQuestion } from './ports.ts';
import type { Memory } from './state.ts';

/** `exempt`: a user whose own holds do not count, since they want the reboot now. */
export function gateSubject(
  { host, record }: Memory,
  exempt?: number,
): Omit<GateQuestion, 'at' | 'overrides'> {
  const holds = (record.holds ?? []).filter(({ what, by }) => what === 'reboot' && by.uid !== exempt);
  return { booted: host?.booted, staged: host?.staged, ...(holds.length > 0 && { holds }) };
}
