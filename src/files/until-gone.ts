/**
 * Notices that a name is gone: at once where the kernel tells of changes in its folder. Elsewhere the next look sees it.
 */
import { watch } from 'node:fs';
import { lstat } from 'node:fs/promises';
import path from 'node:path';

import { isMissingOrNotDirectory } from './error-code.ts';

export interface UntilGoneOptions {
  /** Rejects when its signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** The longest pause between two looks, milliseconds. */
  readonly lookMs: number;
  readonly signal: AbortSignal;
}

/** Resolves with true when nothing has this name, and with false when the signal is aborted. Never rejects. */
export async function untilGone(file: string, { sleep, lookMs, signal }: UntilGoneOptions): Promise<boolean> {
  while (!signal.aborted) {
    const over = new AbortController();
    const watching = watchFolder(path.dirname(file));
    try {
      // Looked at after the watch has begun, so that nothing happens unseen between the two.
      const found = await lstat(file).catch((error: unknown) => error);
      if (isMissingOrNotDirectory(found)) {
        return true;
      }
      await Promise.race([
        watching.changed,
        sleep(lookMs, AbortSignal.any([signal, over.signal])).catch(() => undefined),
      ]);
    } finally {
      over.abort();
      watching.close();
    }
  }
  return false;
}

interface Watching {
  /** Resolves with the first change. It may never come. */
  readonly changed: Promise<unknown>;
  close(): void;
}

/** Where nothing can be watched, no change is ever told. */
export function watchFolder(folder: string): Watching {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  try {
    const watcher = watch(folder, { persistent: false }, () => resolve(undefined));
    watcher.on('error', () => undefined);
    return { changed: promise, close: () => watcher.close() };
  } catch {
    return { changed: promise, close: () => undefined };
  }
}
