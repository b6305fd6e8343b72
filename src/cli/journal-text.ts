/** The end of the unit's journal, as journalctl prints it. */
import { execFile } from 'node:child_process';
import path from 'node:path';

import { KIBIBYTE, SECOND_MS } from '../text/units.ts';
import { UNIT } from './absent-agent.ts';

const LINES = 200;
const LIMIT_MS = 15 * SECOND_MS;
/** Of a line that is far too long the rest is not worth having. */
const MOST_BYTES = 512 * KIBIBYTE;
const JOURNALCTL = 'usr/bin/journalctl';

/** Without the name of the host. Rejects with the reason: there is none, or it takes too long. */
export function readJournal(root: string): Promise<string> {
  const args = ['--no-pager', '--quiet', '--no-hostname', '-o', 'short-iso', '-n', String(LINES), '-u', UNIT];
  return new Promise((resolve, reject) => {
    execFile(
      path.join(root, JOURNALCTL),
      args,
      {
        timeout: LIMIT_MS,
        killSignal: 'SIGKILL',
        maxBuffer: MOST_BYTES,
        cwd: '/',
        env: { PATH: '/usr/bin:/usr/sbin', LC_ALL: 'C.UTF-8', SYSTEMD_COLORS: '0' },
      },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve(stdout);
        } else {
          const said = stderr.trim();
          reject(said === '' ? error : new Error(said));
        }
      },
    );
  });
}
