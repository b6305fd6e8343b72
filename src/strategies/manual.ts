/**
 * Strategy `manual`: updates are found and staged; the reboot into them is left to a person. Pure.
 *
 * The staged deployment is locked, so a plain reboot drops it. The reason names the command that applies it.
 *
 * Unknown: never. It looks at nothing.
 */
import type { GateReport } from '../agent/ports.ts';
import { gate } from '../gates/gate.ts';
import { SHUT } from '../gates/timing.ts';
import { block } from '../gates/verdict.ts';

export function judgeManual(): GateReport {
  return block(
    'manual',
    'manual',
    'staged; this node reboots only by hand: zincati reboot --override manual',
  );
}

export const MANUAL = gate({
  name: 'manual',
  observe: () => undefined,
  judge: judgeManual,
  timing: () => SHUT,
});
