/** What the sandbox starts ends with it, even when it is killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LineProcess } from '../support/line-process.ts';

const LEASH = join(import.meta.dirname, '../../sandbox/leash.ts');

it('a process on a leash ends when the one that started it is killed', async () => {
  const parent = new LineProcess(process.execPath, [
    '--input-type=module',
    '-e',
    `import { spawn } from 'node:child_process';
     import { leashed } from ${JSON.stringify(LEASH)};
     console.log(spawn(...leashed('sleep', ['600'])).pid);
     setInterval(() => undefined, 60_000);`,
  ]);
  const pid = await parent.line();
  await parent.kill();
  // Ends when that process does.
  const [code] = (await once(spawn('tail', ['--pid', pid, '-f', '/dev/null']), 'exit')) as [number];
  expect(code).toBe(0);
});
