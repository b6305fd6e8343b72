import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Entry } from '../../../src/history/entry.ts';
import { lineOf } from '../../../src/history/entry-text.ts';
import { HistoryLog, MOST_BYTES } from '../../../src/history/history-log.ts';

let root = '';
let folder = '';
let warnings: string[] = [];
const entry = (at: number, kind = 'staged'): Entry => ({
  at,
  kind,
  text: `T${at}`,
  fields: { release: 'R' },
});

async function opened(): Promise<HistoryLog> {
  const log = new HistoryLog({ root, warn: (text) => warnings.push(text.replaceAll(root, '')) });
  await log.open();
  return log;
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'history-'));
  folder = join(root, 'var/lib/zincati');
  warnings = [];
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('HistoryLog', () => {
  it('is empty where nothing is, and writes nothing before there is an entry', async () => {
    const log = await opened();
    expect(await log.entries()).toEqual([]);
    expect(() => statSync(folder)).toThrow('ENOENT');
    expect(warnings).toEqual([]);
  });

  it('keeps entries over a restart, in their order, for its owner alone', async () => {
    const log = await opened();
    log.append(entry(1));
    log.append(entry(2));
    await log.close();
    expect(statSync(log.file).mode & 0o777).toBe(0o600);
    const next = await opened();
    next.append(entry(3));
    expect((await next.entries()).map(({ at }) => at)).toEqual([1, 2, 3]);
  });

  it('tells its listeners at once, until they stop', async () => {
    const log = await opened();
    const heard: number[] = [];
    const stop = log.onAppended(({ at }) => heard.push(at));
    log.append(entry(1));
    expect(heard).toEqual([1]);
    stop();
    log.append(entry(2));
    await log.close();
    expect(heard).toEqual([1]);
  });

  it('writes an entry that comes right after the one before was written', async () => {
    const log = await opened();
    for (let at = 1; at <= 20; at += 1) {
      log.append(entry(at));
      // Each time at another point of the work that ends.
      for (let tick = 0; tick < at; tick += 1) {
        await Promise.resolve();
      }
      await log.close();
    }
    await log.close();
    expect(readFileSync(log.file, 'utf8').split('\n')).toHaveLength(21);
  });

  it('ends a torn line before it writes the next one, and says that one is lost', async () => {
    const log = await opened();
    log.append(entry(1));
    log.append(entry(2));
    await log.close();
    const whole = readFileSync(log.file);
    for (const cut of [1, 2, 10, lineOf(entry(2)).length - 1]) {
      writeFileSync(log.file, whole.subarray(0, -cut));
      warnings = [];
      const next = await opened();
      next.append(entry(3));
      expect(
        (await next.entries()).map(({ at }) => at),
        `cut by ${cut}`,
      ).toEqual(cut === 1 ? [1, 2, 3] : [1, 3]);
      expect(warnings).toEqual(
        cut === 1 ? [] : ['/var/lib/zincati/history.log: 1 damaged lines are left out'],
      );
    }
  });

  it('stays below its limit, and keeps whole updates and failures longest', async () => {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'history.log');
    writeFileSync(file, lineOf(entry(0, 'updated')));
    const held = lineOf({ ...entry(1, 'held'), text: 'x'.repeat(500) });
    appendFileSync(file, held.repeat(Math.floor((MOST_BYTES - 100) / held.length)));
    const log = await opened();
    for (let at = 2; at < 12; at += 1) {
      log.append(entry(at));
    }
    const kept = await log.entries();
    expect(statSync(file).size).toBeLessThan(0.8 * MOST_BYTES);
    expect(kept[0]?.kind).toBe('updated');
    expect(kept.slice(-10).map(({ at }) => at)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(warnings).toEqual([]);
  });

  it('waits for a disk that takes nothing, tells it once, and goes on when it can', async () => {
    mkdirSync(folder, { recursive: true });
    mkdirSync(join(folder, 'history.log'));
    const log = new HistoryLog({ root, warn: (text) => warnings.push(text.replaceAll(root, '')) });
    log.append(entry(1));
    await log.close();
    log.append(entry(2));
    await log.close();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^cannot write \/var\/lib\/zincati\/history\.log: .*; the history waits$/);
    expect((await log.entries()).map(({ at }) => at)).toEqual([1, 2]);
    rmSync(join(folder, 'history.log'), { recursive: true });
    log.append(entry(3));
    expect((await log.entries()).map(({ at }) => at)).toEqual([1, 2, 3]);
    expect(warnings.at(-1)).toBe('/var/lib/zincati/history.log can be written again');
  });

  it('holds a bounded number of entries meanwhile, and says how many are lost', async () => {
    mkdirSync(join(folder, 'history.log'), { recursive: true });
    const log = new HistoryLog({ root, warn: (text) => warnings.push(text) });
    for (let at = 1; at <= 300; at += 1) {
      log.append(entry(at));
    }
    await log.close();
    rmSync(join(folder, 'history.log'), { recursive: true });
    log.append(entry(301));
    expect((await log.entries()).map(({ at }) => at)).toEqual(Array.from({ length: 256 }, (_, n) => n + 46));
    expect(warnings.at(-1)).toMatch(/ can be written again; 45 entries are lost$/);
  });

  it('follows no link and opens no FIFO', async () => {
    mkdirSync(folder, { recursive: true });
    const other = join(root, 'other');
    writeFileSync(other, 'precious');
    symlinkSync(other, join(folder, 'history.log'));
    const log = await opened();
    log.append(entry(1));
    await log.close();
    expect(readFileSync(other, 'utf8')).toBe('precious');
    expect(warnings.join()).toContain('ELOOP');
    rmSync(join(folder, 'history.log'));
    execFileSync('mkfifo', [join(folder, 'history.log')]);
    warnings = [];
    const next = await opened();
    expect(warnings).toEqual([
      'cannot use /var/lib/zincati/history.log: it must be a regular file; it was put aside as /var/lib/zincati/history.log.old',
    ]);
    next.append(entry(2));
    expect((await next.entries()).map(({ at }) => at)).toEqual([2]);
  });

  it('puts a file aside that is far larger than any of its own', async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'history.log'), 'x'.repeat(2 * MOST_BYTES + 1));
    const log = await opened();
    expect(warnings).toEqual([
      'cannot use /var/lib/zincati/history.log: it must have at most 2097152 bytes, got 2097153; it was put aside as /var/lib/zincati/history.log.old',
    ]);
    expect(await log.entries()).toEqual([]);
  });
});
