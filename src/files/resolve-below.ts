/**
 * Follows symbolic links as the host would see them whose file system is mounted at `root`: absolute targets start at
 * `root`, and `..` never leads out of it. With root `/` that is what the kernel does.
 */
import { lstat, readlink } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { join } from 'node:path';

export type Resolution =
  | { readonly kind: 'found'; readonly path: string; readonly stats: Stats }
  /** Nothing there. */
  | { readonly kind: 'missing' }
  /** A link leads to `target` (as the host sees it), where nothing is. */
  | { readonly kind: 'dangling'; readonly target: string }
  /** A link leads to /dev/null, whether or not there is one below `root`. */
  | { readonly kind: 'null-device' };

/** As many as Linux follows. */
const MAX_LINKS = 40;
const NULL_DEVICE = '/dev/null';

/** Resolves `path` (absolute, as the host sees it). Rejects with the system's error, and after too many links. */
export async function resolveBelow(root: string, path: string): Promise<Resolution> {
  let done: string[] = [];
  let pending = path.split('/');
  let links = 0;
  let stats = await lstat(root);
  for (let part = pending.shift(); part !== undefined; part = pending.shift()) {
    if (part === '' || part === '.') {
      continue;
    }
    if (part === '..') {
      done.pop();
      continue;
    }
    const whole = join('/', ...done, part, ...pending);
    // Before /dev is looked at: the root may be a tree that has none.
    if (links > 0 && whole === NULL_DEVICE) {
      return { kind: 'null-device' };
    }
    const real = join(root, ...done, part);
    try {
      stats = await lstat(real);
    } catch (error) {
      if (!isMissing(error)) {
        throw error;
      }
      return links > 0 ? { kind: 'dangling', target: whole } : { kind: 'missing' };
    }
    if (!stats.isSymbolicLink()) {
      done.push(part);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) {
      throw new Error(`more than ${MAX_LINKS} symbolic links in a row`);
    }
    const target = await readlink(real);
    if (target.startsWith('/')) {
      done = [];
    }
    pending = [...target.split('/'), ...pending];
  }
  const real = join(root, ...done);
  return { kind: 'found', path: real, stats: await lstat(real) };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
