/**
 * Follows symbolic links as seen by the host whose file system is mounted at `root`. With root `/`, this is what the
 * kernel does.
 *
 * Invariants:
 * - Absolute link targets start at `root`.
 * - `..` never leads out of `root`.
 */
import { lstat, readlink } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { join } from 'node:path';

import { isMissing } from '../files/error-code.ts';

export type Resolution =
  | { readonly kind: 'found'; readonly path: string; readonly stats: Stats }
  /** Nothing is there. */
  | { readonly kind: 'missing' }
  /** A link leads to `target`, as the host sees it, and nothing is there. */
  | { readonly kind: 'dangling'; readonly target: string }
  /** A link leads to /dev/null, whether or not that exists below `root`. */
  | { readonly kind: 'null-device' };

/** The number that Linux follows. */
const MAX_LINKS = 40;
const NULL_DEVICE = '/dev/null';

/** Resolves `path`, which is absolute as the host sees it. Rejects with the system's error, or after too many links. */
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
    // Checked before /dev is looked at, because the tree at `root` may have no /dev.
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
