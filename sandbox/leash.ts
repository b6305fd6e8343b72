/** Processes that must not outlive the one that starts them, not even when that one is killed. */
import { existsSync } from 'node:fs';

/** Of util-linux: has the kernel send a signal to what it runs as soon as the parent is gone. */
const SETPRIV = '/usr/bin/setpriv';

/** Program and arguments that run `program` on a leash, in the same process; without setpriv, it itself. */
export function leashed(program: string, args: readonly string[]): [program: string, args: string[]] {
  if (!existsSync(SETPRIV)) {
    return [program, [...args]];
  }
  return [SETPRIV, ['--pdeathsig', 'KILL', '--', program, ...args]];
}
