/** The order of the steps on the way to a reboot. Pure. */
import type { Policy, StagedStep } from '../../state.ts';

/** The way to the reboot: what comes after a step that spoke for it. */
export function stepAfter(
  passed: 'ask' | 'sessions' | 'verify' | 'acquire' | 'confirm' | 'recheck',
  { hasLenders }: Policy,
): StagedStep {
  switch (passed) {
    case 'ask':
      return 'sessions';
    case 'sessions':
      return 'verify';
    case 'verify':
      return hasLenders ? 'acquire' : 'recheck';
    case 'acquire':
      // Asking may have taken long: somebody may have logged in,
      return 'recheck';
    case 'recheck':
      // and the window may have closed.
      return 'confirm';
    case 'confirm':
      return 'finalize';
  }
}
