import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import { claimFolder } from '../../../src/daemon/claim-folder.ts';
import { lockFolder } from '../../../src/history/folder-lock.ts';
import { HostTree } from '../../support/host-tree.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const FOLDER = '/var/lib/zincati';

describe('the claim on the state folder', () => {
  it('attack g: is made anew when somebody removes the folder, and given up in the end', async () => {
    await using host = await HostTree.create();
    const told = Promise.withResolvers<string>();
    const clock = new VirtualClock();
    const closing = new AsyncDisposableStack();
    const log = { warn: (text: string) => told.resolve(text), error: (text: string) => told.reject(text) };
    await claimFolder(host.root, log, clock, closing);
    await rm(host.at(FOLDER), { recursive: true });
    // The kernel tells of it. Without that the next look would, which the clock brings.
    expect(await told.promise).toContain('the state folder is claimed anew');
    expect((await lockFolder(host.root)).kind).toBe('taken');
    await closing.disposeAsync();
    const next = await lockFolder(host.root);
    expect(next.kind).toBe('held');
    expect(existsSync(host.at(FOLDER))).toBe(true);
    await (next.kind === 'held' ? next.release() : undefined);
    expect(clock.sleepers).toBe(0);
  });

  it('F13: is refused while another agent has it', async () => {
    await using host = await HostTree.create();
    await using closing = new AsyncDisposableStack();
    const log = { warn: () => undefined, error: () => undefined };
    await claimFolder(host.root, log, new VirtualClock(), closing);
    await expect(claimFolder(host.root, log, new VirtualClock(), closing)).rejects.toThrow(
      'no other update agent must be running',
    );
  });
});
