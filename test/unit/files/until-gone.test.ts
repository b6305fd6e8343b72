import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { untilGone } from '../../../src/files/until-gone.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'until-gone-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A clock that stands still: nothing but the kernel can tell. */
function waiting(file: string, life = new AbortController()) {
  const clock = new VirtualClock();
  const options = { sleep: clock.sleep.bind(clock), lookMs: 60_000, signal: life.signal };
  return { clock, life, over: untilGone(file, options) };
}

describe('untilGone', () => {
  it('attack f: sees at once that the file was removed, and not only when it looks', async () => {
    const file = join(folder, 'socket');
    writeFileSync(file, '');
    writeFileSync(join(folder, 'other'), '');
    const { clock, over } = waiting(file);
    await clock.advance(0);
    rmSync(join(folder, 'other'));
    await clock.advance(0);
    rmSync(file);
    expect(await over).toBe(true);
    expect(clock.sleepers).toBe(0);
  });

  it('attack f: sees that the folder was removed', async () => {
    const file = join(folder, 'inner', 'socket');
    expect(await waiting(file).over).toBe(true);
    const there = join(folder, 'socket');
    writeFileSync(there, '');
    const { clock, over } = waiting(there);
    await clock.advance(0);
    rmSync(folder, { recursive: true });
    expect(await over).toBe(true);
  });

  it('ends when it is told to', async () => {
    const file = join(folder, 'socket');
    writeFileSync(file, '');
    const { clock, life, over } = waiting(file);
    await clock.advance(0);
    life.abort();
    expect(await over).toBe(false);
    expect(clock.sleepers).toBe(0);
  });
});
