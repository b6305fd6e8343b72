/** The history of a process that is killed while it writes, again and again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';

import { readHistory } from '../../src/history/history-log.ts';

const HISTORY_LOG = join(import.meta.dirname, '../../src/history/history-log.ts');

/** Writes entries from number `first` on, without end, and prints each number once it is on disk. */
const WRITER = `
import { HistoryLog } from ${JSON.stringify(HISTORY_LOG)};
const [root, first] = process.argv.slice(-2);
const log = new HistoryLog({ root, warn: (text) => console.error(text) });
await log.open();
for (let at = Number(first); ; at += 1) {
  log.append({ at, kind: 'staged', text: 'T'.repeat(at % 300), fields: { release: String(at) } });
  await log.close();
  console.log(at);
}
`;

it('has lost nothing that was on disk, and at most one entry, after each SIGKILL', async () => {
  const root = mkdtempSync(join(tmpdir(), 'history-killed-'));
  try {
    let first = 1;
    for (let round = 0; round < 12; round += 1) {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', WRITER, root, String(first)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit');
      let told = first - 1;
      const lines = createInterface({ input: child.stdout });
      const closed = once(lines, 'close');
      lines.on('line', (line) => {
        told = Number(line);
        // At another entry each time; the kill lands anywhere in the writing of those that follow.
        if (told === first + round * 3) {
          child.kill('SIGKILL');
        }
      });
      await Promise.all([exited, closed]);
      const { read } = await readHistory(join(root, 'var/lib/zincati/history.log'));
      const numbers = read.entries.map(({ at }) => at);
      expect(read.damaged).toBeLessThanOrEqual(round + 1);
      const present = new Set(numbers);
      expect(Array.from({ length: told }, (_, index) => index + 1).filter((at) => !present.has(at))).toEqual(
        [],
      );
      expect(numbers).toEqual([...present]);
      // What was written, but not told any more, is used up too.
      first = Math.max(told, ...numbers) + 1;
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
