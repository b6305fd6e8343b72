/** Processes that must not outlive their parent, not even when the parent is killed. */
import { existsSync } from 'node:fs';

/** From util-linux: makes the kernel signal the program that it runs as soon as the parent is gone. */
const SETPRIV = '/usr/bin/setpriv';

/**
 * Program and arguments that run `program` on a leash, in the same process. Without setpriv, `program`
 * itself.
 */
export function leashed(program: string, args: readonly string[]): [program: string, args: string[]] {
  if (!existsSync(SETPRIV)) {
    return [program, [...args]];
  }
  return [SETPRIV, ['--pdeathsig', 'KILL', '--', program, ...args]];
}
