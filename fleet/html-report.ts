import type { Outcome } from '../src/fleet/outcome.ts';
import type { Plan } from '../src/fleet/plan.ts';
export function htmlReport(_plan: Plan, _outcome: Outcome): Promise<string> {
  return Promise.resolve('');
}
