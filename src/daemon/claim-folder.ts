/**
 * Two agents on one machine would both stage, take slots and reboot. The second one ends before it does anything.
 *
 * Invariant: the claim outlives the folder. Where somebody removes that, the claim is made anew at once.
 */
import type { Clock } from '../agent/ports.ts';
import { StartError } from '../errors.ts';
import { untilGone } from '../files/until-gone.ts';
import { lockFolder, type FolderLock } from '../history/folder-lock.ts';
import type { Logger } from '../log/log.ts';
import { MINUTE_MS } from '../text/units.ts';

type Held = Extract<FolderLock, { kind: 'held' }>;

/** Claims the state folder until `closing` is disposed of. Rejects with StartError. */
export async function claimFolder(
  root: string,
  log: Pick<Logger, 'warn' | 'error'>,
  clock: Pick<Clock, 'sleep'>,
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
    case 'held': {
      const life = new AbortController();
      const keeping = keepClaim(lock, { root, log, clock, signal: life.signal });
      closing.defer(async () => {
        life.abort();
        await (await keeping).release();
      });
      break;
    }
  }
}

interface Keeping {
  readonly root: string;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly signal: AbortSignal;
}

/** Resolves with the lock that is held in the end, when the signal is aborted. Never rejects. */
export async function keepClaim(first: Held, { root, log, clock, signal }: Keeping): Promise<Held> {
  let held = first;
  const sleep = (ms: number, over: AbortSignal): Promise<void> => clock.sleep(ms, over);
  while (await untilGone(held.file, { sleep, lookMs: MINUTE_MS, signal })) {
    const next = await lockFolder(root);
    if (next.kind === 'held') {
      log.warn(`somebody removed ${held.file}: the state folder is claimed anew`);
      await held.release();
      held = next;
      continue;
    }
    log.error(
      next.kind === 'taken'
        ? `another update agent has taken the state folder, which somebody removed: it holds ${next.file}`
        : `cannot claim the state folder anew, which somebody removed: ${next.why}`,
    );
    await clock.sleep(MINUTE_MS, signal).catch(() => undefined);
  }
  return held;
}
