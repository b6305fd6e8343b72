/**
 * Gate `boot_complete`: holds reboots until this boot is complete. systemd must have finished starting, and
 * boot-complete.target, which the host's own boot checks guard, must be reached. So the agent itself can run from early
 * on, and say what it waits for. The judgement is pure.
 *
 * Unknown: systemd does not answer, or not with texts. This holds the reboot until systemd answers, however long that
 * takes. A host without systemd is not unknown: it passes.
 */
import type { GateReport } from '../agent/ports.ts';
import { gate, type Gate } from './gate.ts';
import { block, pass } from './verdict.ts';

const NAME = 'boot_complete';

/** In systemd's words. */
export interface BootState {
  /** `SystemState` of the manager: starting, running, degraded, stopping and so on. */
  readonly system: string;
  /** `ActiveState` of boot-complete.target. */
  readonly bootComplete: string;
}

const FINISHED: ReadonlySet<string> = new Set(['running', 'degraded']);

/** `read` resolves with undefined where there is no systemd; it rejects with an AgentError when systemd cannot be asked. */
export function bootCompleteGate(read: (signal: AbortSignal) => Promise<BootState | undefined>): Gate {
  return gate({ name: NAME, observe: read, judge: judgeBootComplete });
}

/** `state` undefined: there is no systemd. */
export function judgeBootComplete(state: BootState | undefined): GateReport {
  if (state === undefined) {
    return pass(NAME, 'boot_complete', 'there is no systemd to ask');
  }
  const evidence = { systemState: state.system, bootCompleteTarget: state.bootComplete };
  if (state.bootComplete !== 'active') {
    const reason = `this boot is not complete: boot-complete.target is ${state.bootComplete}`;
    return block(NAME, 'boot_complete', reason, { evidence });
  }
  if (!FINISHED.has(state.system)) {
    const reason = `this boot is not complete: the system is ${state.system}`;
    return block(NAME, 'boot_complete', reason, { evidence });
  }
  return pass(NAME, 'boot_complete', 'this boot is complete', { evidence });
}
