/** Facts of the host that cannot be told, on both bus daemons that hosts have, started as systemd starts them. */
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { startPrivateBus } from '../../sandbox/private-bus.ts';
import { SystemBus } from '../../src/dbus/system-bus.ts';
import { bootCompleteGate } from '../../src/gates/boot-complete.ts';
import { inhibitorGate } from '../../src/gates/inhibitors.ts';
import { readBootState } from '../../src/host/boot-state.ts';
import { logindInhibitors } from '../../src/host/inhibitors.ts';
import { LogindSessions } from '../../src/host/sessions.ts';
import { fakeSession } from '../support/fake-logind.ts';
import {
  BUS_DAEMONS,
  type FakeUnit,
  HostBus,
  type HostBusOptions,
  LOGIND_UNIT,
  WITH_LOGIND,
} from '../support/host-bus.ts';
import { question } from '../support/question.ts';

const { signal } = new AbortController();
/** For calls that nobody answers. */
const SHORT_MS = 300;

const bootOf = ({ bus, root }: { readonly bus: SystemBus; readonly root: string }, timeoutMs?: number) =>
  bootCompleteGate((over) => readBootState(bus, root, over, timeoutMs)).ask(question(), signal);

/** As on a host that systemd has booted. */
function bootBySystemd(root: string): void {
  mkdirSync(join(root, 'run/systemd/system'), { recursive: true });
}

const withUnit = (unit?: FakeUnit): Pick<HostBusOptions, 'systemd'> => ({
  systemd: { systemState: 'running', units: unit === undefined ? {} : { [LOGIND_UNIT]: unit } },
});

describe.each(BUS_DAEMONS)('on %s', (daemon) => {
  const sessionsOf = ({ bus, root }: HostBus, callTimeoutMs?: number) =>
    new LogindSessions(bus, root, callTimeoutMs === undefined ? {} : { callTimeoutMs }).list(signal);
  const inhibitorsOf = ({ bus }: HostBus, callTimeoutMs?: number) =>
    inhibitorGate(logindInhibitors(bus, callTimeoutMs)).ask(question(), signal);

  it.each<[string, Partial<HostBusOptions>]>([
    ['fails to start', withUnit({ start: 'fails' })],
    ['has a broken unit', withUnit({ loadState: 'bad-setting', start: 'fails' })],
    ['nobody can start, since systemd is not on the bus', { systemd: 'none' }],
    ['exits without taking its name', withUnit({ start: 'exit 1' })],
  ])('F3: a logind that %s is never nobody', async (_what, options) => {
    await using host = await HostBus.start({ daemon, ...withUnit(), activatable: WITH_LOGIND, ...options });
    await expect(sessionsOf(host, SHORT_MS)).rejects.toMatchObject({ name: 'BusError' });
    await expect(inhibitorsOf(host, SHORT_MS)).rejects.toMatchObject({ name: 'BusError' });
  });

  it('F3: a masked logind whose state cannot be asked for is never nobody', async () => {
    await using host = await HostBus.start({
      daemon,
      systemd: {
        systemState: 'running',
        units: { [LOGIND_UNIT]: { loadState: 'masked' } },
        answers: { error: 'org.freedesktop.DBus.Error.AccessDenied' },
      },
      activatable: WITH_LOGIND,
    });
    await expect(sessionsOf(host)).rejects.toMatchObject({ name: 'BusError', kind: 'bus_remote_error' });
    await expect(inhibitorsOf(host)).rejects.toMatchObject({ name: 'BusError' });
  });

  it.each<[string, Partial<HostBusOptions>]>([
    ['is masked', withUnit({ loadState: 'masked' })],
    ['has no unit', withUnit()],
    ['is not installed', { activatable: {} }],
    ['is not installed, nor is systemd', { activatable: {}, systemd: 'none' }],
  ])('F3: a logind that %s is nobody', async (_what, options) => {
    await using host = await HostBus.start({ daemon, ...withUnit(), activatable: WITH_LOGIND, ...options });
    expect(await sessionsOf(host)).toEqual([]);
    expect(await inhibitorsOf(host)).toMatchObject({ verdict: 'pass' });
  });

  it('F3: a logind that starts when it is asked says who is there', async () => {
    const logind = { sessions: [fakeSession()] };
    const options = { daemon, logind, ...withUnit({ start: 'logind' }), activatable: WITH_LOGIND };
    await using host = await HostBus.start(options);
    expect(await sessionsOf(host)).toEqual([{ user: 'core', tty: 'pts/7' }]);
  });

  it.each([
    ['nobody can start', {}],
    ['cannot be started', { 'org.freedesktop.systemd1': 'systemd.service' }],
  ])(
    'F3: a boot by a systemd that is not on the bus, and that %s, is not complete',
    async (_what, activatable) => {
      await using host = await HostBus.start({ daemon, systemd: 'none', activatable });
      bootBySystemd(host.root);
      await expect(bootOf(host, SHORT_MS)).rejects.toMatchObject({ name: 'BusError' });
    },
  );

  it('F3: a boot by systemd is as far as systemd says', async () => {
    const units = { 'boot-complete.target': { activeState: 'active' } };
    const systemd = { systemState: 'starting', units };
    await using host = await HostBus.start({ daemon, systemd, activatable: {} });
    expect(await bootOf(host)).toMatchObject({ verdict: 'block' });
    host.setSystemd({ ...systemd, systemState: 'running' });
    expect(await bootOf(host)).toMatchObject({ verdict: 'pass' });
    host.setSystemd({ ...systemd, answers: { error: 'org.freedesktop.DBus.Error.AccessDenied' } });
    await expect(bootOf(host)).rejects.toMatchObject({ name: 'BusError', kind: 'bus_remote_error' });
  });
});

describe('on a bus without systemd', () => {
  it('F3: a boot is complete exactly if systemd has not booted the host', async () => {
    const root = await mkdtemp(join(tmpdir(), 'no-systemd-'));
    const daemon = await startPrivateBus({ directory: root });
    const bus = new SystemBus({ address: daemon.address });
    onTestFinished(async () => {
      await bus.close();
      await daemon.stop();
      await rm(root, { recursive: true });
    });
    expect(await bootOf({ bus, root })).toMatchObject({ verdict: 'pass' });
    bootBySystemd(root);
    await expect(bootOf({ bus, root })).rejects.toMatchObject({ name: 'BusError', kind: 'bus_remote_error' });
  });
});
