/** What a taking that failed means for a command: its exit code, one sentence, and what to do. Pure. */
import { FleetLockError, messageOf } from '../errors.ts';
import type { ExitName } from './exit-codes.ts';
import { Failure } from './failure.ts';
import type { Taking } from './take-slot.ts';

/** `hasWaited`: there was time to ask again. `unlockLine`: what gives back a slot that may be held. */
export function takingFailure(
  taking: Exclude<Taking, { kind: 'granted' }>,
  { hasWaited, unlockLine }: { readonly hasWaited: boolean; readonly unlockLine: string },
): Failure {
  const more = taking.mayBeHeld ? { todo: unlockLine } : {};
  switch (taking.kind) {
    case 'refused':
      return new Failure(hasWaited ? 'gaveUp' : 'blocked', taking.reason);
    case 'unknown':
      return new Failure('failure', `a slot may be held: ${taking.reason}`, more);
    case 'given-up':
      return new Failure(
        'failure',
        taking.mayBeHeld ? 'interrupted, and a slot may be held' : 'interrupted; no slot was taken',
        more,
      );
    case 'failed': {
      const text = messageOf(taking.error);
      return new Failure(
        taking.mayBeHeld ? 'failure' : exitOf(taking.error),
        taking.mayBeHeld ? `a slot may be held: ${text}` : text,
        more,
      );
    }
  }
}

export function givingBackFailure(error: Error, unlockLine: string): Failure {
  return new Failure(exitOf(error), messageOf(error), { todo: unlockLine });
}

/** What a person must mend in the configuration has a code of its own. */
function exitOf(error: unknown): ExitName {
  const isSetUp =
    error instanceof FleetLockError &&
    (error.kind === 'fleet_lock_misconfigured' || error.kind === 'fleet_lock_credentials');
  return isSetUp ? 'config' : 'failure';
}
