/**
 * Strategy `immediate`: a staged update may reboot the node at any time. Pure.
 *
 * Unknown: never. It looks at nothing.
 */
import type { GateReport } from '../agent/ports.ts';
import { gate } from '../gates/gate.ts';
import { OPEN } from '../gates/timing.ts';
import { pass } from '../gates/verdict.ts';

export function judgeImmediate(): GateReport {
  return pass('immediate', 'immediate', 'updates are applied as soon as they are staged');
}

export const IMMEDIATE = gate({
  name: 'immediate',
  observe: () => undefined,
  judge: judgeImmediate,
  timing: () => OPEN,
});
