/** A question to gates. Nothing is deployed unless a test says so. */
import type { GateQuestion } from '../../src/agent/ports.ts';

export function question(at = 0, deployments: Partial<Omit<GateQuestion, 'at'>> = {}): GateQuestion {
  return { at, booted: undefined, staged: undefined, ...deployments };
}
