/** The name that `ps`, `top`, `systemctl status` and the journal show for this process. */
import { writeFileSync } from 'node:fs';

/**
 * Names the process, which Node calls "MainThread". Never fails: without /proc the name stays as it is. At most 15 bytes
 * count. `process.title` would set the name as well, but overwrites the command line that `ps` shows.
 */
export function setProcessName(name: string): void {
  try {
    writeFileSync('/proc/self/comm', name);
  } catch {
    // It is for people to look at, and nothing else.
  }
}
