/** Two agents on one machine would both stage, take slots and reboot. The second one ends before it does anything. */
import { StartError } from '../errors.ts';
import { lockFolder } from '../history/folder-lock.ts';
import type { Logger } from '../log/log.ts';

/** Claims the state folder until `closing` is disposed of. Rejects with StartError. */
export async function claimFolder(
  root: string,
  log: Pick<Logger, 'warn'>,
  closing: AsyncDisposableStack,
): Promise<void> {
  const lock = await lockFolder(root);
  switch (lock.kind) {
    case 'taken':
      throw new StartError(
        `cannot start: no other update agent must be running, got one that holds ${lock.file}`,
      );
    case 'none':
      log.warn(`cannot see to it that no other update agent runs: ${lock.why}`);
      break;
    case 'held':
      closing.defer(lock.release);
      break;
  }
}
