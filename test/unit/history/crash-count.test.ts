import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { CrashCount, CRASHES_BEFORE_REST, restMs } from '../../../src/history/crash-count.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'crashes-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const begin = (at: number, bootId = 'a'): Promise<number> => new CrashCount(root, bootId).begin(at);

describe('F2: crashes in a row', () => {
  it('are counted while each comes within an hour', async () => {
    expect([await begin(0), await begin(MINUTE), await begin(2 * MINUTE), await begin(50 * MINUTE)]).toEqual([
      0, 1, 2, 3,
    ]);
    expect(await begin(50 * MINUTE + HOUR)).toBe(0);
  });

  it('are forgotten after a clean stop', async () => {
    await begin(0);
    await new CrashCount(root, 'a').clear();
    expect(await begin(MINUTE)).toBe(0);
    expect(readdirSync(join(root, 'var/lib/zincati'))).toEqual(['starts.json']);
  });

  it('do not count across boots of the machine: a power cut is none', async () => {
    await begin(0, 'a');
    expect(await begin(MINUTE, 'b')).toBe(0);
  });

  it('go on to count after a rest, however long it was', async () => {
    await begin(0);
    const second = new CrashCount(root, 'a');
    const crashes = await second.begin(MINUTE);
    await second.resume(crashes, 12 * HOUR);
    expect(await begin(12 * HOUR + MINUTE)).toBe(2);
  });

  it('count when the clock was set back a little, and not when it was set back far', async () => {
    await begin(10 * HOUR);
    expect(await begin(10 * HOUR - MINUTE)).toBe(1);
    expect(await begin(MINUTE)).toBe(0);
  });

  it.each(['', '{', '[[[[', '{"count":1e99,"at":0,"bootId":"a"}', '{"count":-1,"at":0,"bootId":"a"}', '7'])(
    'are none when the file is %j',
    async (text) => {
      mkdirSync(join(root, 'var/lib/zincati'), { recursive: true });
      writeFileSync(join(root, 'var/lib/zincati/starts.json'), text);
      expect(await begin(0)).toBe(0);
      expect(await begin(0)).toBe(1);
    },
  );

  it('are none where nothing can be written', async () => {
    writeFileSync(join(root, 'var'), 'a file');
    expect([await begin(0), await begin(0)]).toEqual([0, 0]);
  });

  it('make the agent rest, longer each time, and never for good', () => {
    expect(Array.from({ length: 12 }, (_, crashes) => restMs(crashes) / MINUTE)).toEqual([
      0, 0, 0, 10, 20, 40, 80, 160, 320, 640, 720, 720,
    ]);
    expect(restMs(CRASHES_BEFORE_REST - 1)).toBe(0);
    expect(restMs(1e9)).toBe(12 * HOUR);
  });
});
