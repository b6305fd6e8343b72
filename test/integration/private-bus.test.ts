import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';

import { startPrivateBus } from '../../sandbox/private-bus.ts';
import { nameHasOwner } from '../../src/dbus/calls.ts';
import { connectBus } from '../../src/dbus/connect.ts';

const NEVER = new AbortController().signal;

let directory: string;

beforeEach(async () => {
  // Characters that mean something in an address, in XML and in a shell.
  directory = await mkdtemp(join(tmpdir(), 'bus & <é>,;'));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

test('accepts at once, ends when told, and starts again in the same place', async () => {
  for (let round = 0; round < 2; round += 1) {
    const bus = await startPrivateBus({ directory });
    onTestFinished(() => bus.stop());
    const link = await connectBus(bus.address, NEVER);
    expect(await nameHasOwner(link, 'org.freedesktop.DBus')).toBe(true);
    await bus.stop();
    expect(() => process.kill(bus.pid, 0)).toThrow('ESRCH');
    await expect(connectBus(bus.address, NEVER)).rejects.toMatchObject({ kind: 'bus_unreachable' });
    await link.close();
  }
});

test('starts services, which inherit the extra environment', async () => {
  const bus = await startPrivateBus({
    directory,
    env: { MARK: join(directory, 'mark') },
    services: [
      { name: 'org.example.Brief', exec: `/bin/sh -c 'echo "$DBUS_SYSTEM_BUS_ADDRESS" > "$MARK"; exit 1'` },
    ],
  });
  onTestFinished(() => bus.stop());
  const link = await connectBus(bus.address, NEVER);
  const call = { destination: 'org.example.Brief', path: '/', interface: 'org.example.Brief', member: 'Go' };
  // The service fails instead of taking its name, but the test needs only that it ran.
  await expect(link.call(call)).rejects.toMatchObject({ kind: 'bus_remote_error' });
  expect(await readFile(join(directory, 'mark'), 'utf8')).toContain(bus.address);
  await link.close();
});

test('says why it cannot start', async () => {
  const services = [{ name: 'org.example.X', exec: '/bin/true' }];
  await expect(startPrivateBus({ directory: join(directory, 'x'.repeat(120)), services })).rejects.toThrow(
    /cannot start dbus-daemon: exit status 1: .*Socket name too long/s,
  );
});
