/** What every question to the gates is about, beside its instant. Pure. */
import type { GateQuestion } from './ports.ts';
import type { Memory } from './state.ts';

export function gateSubject({ host }: Memory): Omit<GateQuestion, 'at' | 'overrides'> {
  return { booted: host?.booted, staged: host?.staged };
}
