/** The log of a real process: no line is lost when it exits, and no reader can end it. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const WRITER = join(import.meta.dirname, '../support/log-writer.ts');

describe('standard error', () => {
  it('has every line when the process has ended, in order', async () => {
    const { stderr } = await run(process.execPath, [WRITER, '1000'], { maxBuffer: 4_000_000 });
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(1002);
    lines
      .slice(0, 1000)
      .forEach((line, n) => expect(line).toMatch(new RegExp(`Z INFO {2}line ${n + 1} x+$`)));
    expect(lines.at(-1)).toMatch(/Z ERROR and its second$/);
  });

  it('is the journal when JOURNAL_STREAM says so', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'log-'));
    const file = join(folder, 'stderr');
    const fd = openSync(file, 'w');
    try {
      const { dev, ino } = fstatSync(fd);
      const child = spawn(process.execPath, [WRITER, '1000'], {
        stdio: ['ignore', 'ignore', fd],
        env: { ...process.env, JOURNAL_STREAM: `${dev}:${ino}` },
      });
      await once(child, 'exit');
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
      expect(lines.slice(-2)).toEqual(['<3>the last line', '<3>and its second']);
      expect(lines[0]).toMatch(/^<6>line 1 x+$/);
    } finally {
      closeSync(fd);
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ['gone', '2>&-'],
    ['full', '2>/dev/full'],
    ['a pipe that nobody reads any more', '2>&1 >&3 | true'],
  ])('does not end the process when it is %s', async (_what, redirection) => {
    const { stdout } = await run('bash', [
      '-c',
      `exec 3>&1; { "$0" "$1" 200 3>&-; } ${redirection}; wait`,
      process.execPath,
      WRITER,
    ]);
    expect(stdout).toBe('done\n');
  });

  it('does not hold the process when its reader does not read', async () => {
    // A non-blocking pipe takes 64 KiB and then refuses.
    const child = spawn(
      '/usr/bin/python3',
      [
        '-c',
        'import os,sys,fcntl,subprocess\nr,w=os.pipe()\nfcntl.fcntl(w,fcntl.F_SETFL,os.O_NONBLOCK)\nsubprocess.run(sys.argv[1:],stderr=w)',
        process.execPath,
        WRITER,
        '90',
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    await once(child, 'close');
    expect(out).toBe('done\n');
  });
});
