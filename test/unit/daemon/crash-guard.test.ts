import { describe, expect, it } from 'vitest';

import { CrashGuard } from '../../../src/daemon/crash-guard.ts';
import { CrashCount } from '../../../src/history/crash-count.ts';
import { HostTree } from '../../support/host-tree.ts';

const BOOT = 'boot-1';

describe('the pause after crashes', () => {
  it('attack b: ends with a clean stop, which also forgets the crashes', async () => {
    await using host = await HostTree.create();
    const count = new CrashCount(host.root, BOOT);
    for (let start = 1; start <= 4; start += 1) {
      await count.begin(0);
    }
    const life = new AbortController();
    const guard = new CrashGuard({
      root: host.root,
      bootId: BOOT,
      clock: { now: () => 0 },
      signal: life.signal,
    });
    await guard.begin();
    expect(guard.rests).toBe(true);
    const told: unknown[] = [];
    const log = { error: (text: string) => told.push(text), info: (text: string) => told.push(text) };
    const rest = guard.rest(log, { crashed: () => undefined });
    // `systemctl restart` while it rests.
    life.abort();
    await rest;
    await guard.cleared();
    guard.close();
    expect(told).toHaveLength(1);
    expect(await new CrashCount(host.root, BOOT).begin(0)).toBe(0);
  });
});
