/**
 * Holds reboots until this boot is complete: systemd has finished starting, and boot-complete.target, which the host's
 * own boot checks guard, is reached. So the agent itself can run from early on, and say what it waits for. Pure.
 */
import type { Strategy, Verdict } from './strategy.ts';
import { allow, deny } from './verdict.ts';

/** As systemd names them; undefined: there is no systemd. */
export interface BootState {
  /** `SystemState` of the manager: starting, running, degraded, stopping and so on. */
  readonly system: string;
  /** `ActiveState` of boot-complete.target. */
  readonly bootComplete: string;
}

const FINISHED: ReadonlySet<string> = new Set(['running', 'degraded']);

/** `read` rejects with an AgentError when systemd cannot be asked. */
export function bootCompleteStrategy(
  read: (signal: AbortSignal) => Promise<BootState | undefined>,
): Strategy {
  return {
    name: 'boot_complete',
    remote: false,
    canFinalize: async (_nowMs, signal) => judgeBoot(await read(signal)),
    reportSteady: () => Promise.resolve(),
  };
}

export function judgeBoot(state: BootState | undefined): Verdict {
  if (state === undefined) {
    return allow('boot_complete', 'there is no systemd to ask about this boot');
  }
  if (state.bootComplete !== 'active') {
    return deny('boot_complete', `this boot is not complete: boot-complete.target is ${state.bootComplete}`);
  }
  if (!FINISHED.has(state.system)) {
    return deny('boot_complete', `this boot is not complete: the system is ${state.system}`);
  }
  return allow('boot_complete', 'this boot is complete');
}
