/** Whether what is staged is still what was read before. Pure. */
import type { Deployment } from './ports.ts';

/**
 * The same deployment, with its lock as it was; or nothing both times. Packages and kernel arguments that somebody adds
 * to a staged release make another deployment of it, or one without its lock. A lock that is not known fits either.
 */
export function sameStaged(was: Deployment | undefined, is: Deployment | undefined): boolean {
  if (was === undefined || is === undefined) {
    return was === is;
  }
  const { finalizationLocked: before } = was;
  const { finalizationLocked: now } = is;
  return was.id === is.id && (before === undefined || now === undefined || before === now);
}
