/** What the agent believes about a message bus: names, their owners, and services that the bus has started. */
import { expect } from 'vitest';

import { getNameOwner, listActivatableNames, requestName, signalRule } from '../../src/dbus/calls.ts';
import { connectBus } from '../../src/dbus/connect.ts';
import type { BusLink } from '../../src/dbus/types.ts';
import { mayBeAbsent } from '../../src/host/absent-service.ts';
import type { HostBus } from '../support/host-bus.ts';
import type { Statement } from './statement.ts';

/** Names that the bus of a statement can have started, with the units that stand behind them. */
export const ACTIVATABLE = {
  'org.example.Fails': 'fails.service',
  'org.example.Masked': 'masked.service',
  'org.example.Missing': 'missing.service',
} as const;
export const UNITS = {
  'fails.service': { start: 'fails' },
  'masked.service': { loadState: 'masked' },
} as const;

const NEVER = new AbortController().signal;
const SPECIFICATION = 'D-Bus specification 0.43';
const ERROR = 'org.freedesktop.DBus.Error.';
/** dbus-daemon does not answer while systemd starts something. */
const SHORT_MS = 500;

/** The link of the statement, and one more. */
async function withTwo(
  { address, bus }: HostBus,
  check: (link: BusLink, other: BusLink) => Promise<void>,
): Promise<void> {
  const other = await connectBus(address, NEVER);
  try {
    await check(await bus.link(NEVER), other);
  } finally {
    await other.close();
  }
}

function ping(link: BusLink, destination: string, timeoutMs = 10_000): Promise<unknown> {
  return link.call({
    destination,
    path: '/',
    interface: 'org.freedesktop.DBus.Peer',
    member: 'Ping',
    timeoutMs,
  });
}

const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

export const BUS_STATEMENTS: readonly Statement<HostBus>[] = [
  {
    says: 'a call to a name that nobody owns and nobody can start is answered ServiceUnknown',
    source: `${SPECIFICATION}, "Message Bus Starting Services"; run: dbus-daemon 1.14.10, dbus-broker 33`,
    check: async ({ bus }) => {
      const link = await bus.link(NEVER);
      await expect(ping(link, 'org.example.Nobody')).rejects.toMatchObject({
        kind: 'bus_remote_error',
        errorName: `${ERROR}ServiceUnknown`,
      });
    },
  },
  {
    says: 'GetNameOwner of a name without owner is answered NameHasNoOwner, also if it can be started',
    source: `${SPECIFICATION}, org.freedesktop.DBus.GetNameOwner`,
    check: async ({ bus }) => {
      const link = await bus.link(NEVER);
      for (const name of ['org.example.Nobody', 'org.example.Masked']) {
        await expect(getNameOwner(link, name)).resolves.toBeUndefined();
      }
    },
  },
  {
    says: 'ListActivatableNames has the bus and each name that can be started, whatever systemd thinks of its unit',
    source: `${SPECIFICATION}, org.freedesktop.DBus.ListActivatableNames`,
    check: async ({ bus }) => {
      const names = await listActivatableNames(await bus.link(NEVER));
      expect([...names].sort()).toEqual(['org.freedesktop.DBus', ...Object.keys(ACTIVATABLE)].sort());
    },
  },
  {
    says: 'a call that would start a masked or missing unit is answered with an error of a name that may be absent',
    source: 'dbus-daemon bus/activation.c; dbus-broker src/bus/driver.c, driver_name_activation_failed',
    check: async ({ bus }) => {
      const link = await bus.link(NEVER);
      for (const name of ['org.example.Masked', 'org.example.Missing']) {
        expect(mayBeAbsent(await failureOf(ping(link, name)))).toBe(true);
      }
    },
  },
  {
    says: 'a call to a service whose start fails is never answered with a reply',
    source: 'run: dbus-daemon 1.14.10 (no answer before its own limit), dbus-broker 33 (an error)',
    check: async ({ bus }) => {
      const failure = await failureOf(ping(await bus.link(NEVER), 'org.example.Fails', SHORT_MS));
      expect(failure).toMatchObject({ name: 'BusError' });
    },
  },
  {
    says: 'NameOwnerChanged is sent when a name is taken and when its owner goes, with the old owner and the new one',
    source: `${SPECIFICATION}, org.freedesktop.DBus.NameOwnerChanged`,
    check: (peer) =>
      withTwo(peer, async (link, other) => {
        const seen: unknown[] = [];
        const twice = Promise.withResolvers<undefined>();
        const bus = { sender: 'org.freedesktop.DBus', interface: 'org.freedesktop.DBus' } as const;
        const member = 'NameOwnerChanged';
        link.onSignal({ interface: bus.interface, member }, ({ body }) => {
          if (body[0] === 'org.example.Taken' && seen.push(body) === 2) {
            twice.resolve(undefined);
          }
        });
        await link.addMatch(signalRule({ ...bus, member, arg0: 'org.example.Taken' }));
        expect(await requestName(other, 'org.example.Taken')).toBe(true);
        await other.close();
        await twice.promise;
        expect(seen).toEqual([
          ['org.example.Taken', '', other.uniqueName],
          ['org.example.Taken', other.uniqueName, ''],
        ]);
      }),
  },
  {
    says: 'a name that another connection owns is refused to who does not want to queue',
    source: `${SPECIFICATION}, org.freedesktop.DBus.RequestName`,
    check: (peer) =>
      withTwo(peer, async (link, other) => {
        expect(await requestName(other, 'org.example.Taken')).toBe(true);
        expect(await requestName(link, 'org.example.Taken')).toBe(false);
      }),
  },
  {
    says: 'a call whose callee goes before it answers is answered NoReply',
    source: 'dbus-daemon bus/connection.c; dbus-broker src/bus/reply.c; run: both',
    check: (peer) =>
      withTwo(peer, async (link, other) => {
        const called = Promise.withResolvers<undefined>();
        other.export({
          path: '/slow',
          name: 'org.example.Slow',
          methods: [
            {
              member: 'Wait',
              in: '',
              out: '',
              handle: () => {
                called.resolve(undefined);
                return Promise.withResolvers<[]>().promise;
              },
            },
          ],
        });
        const call = link.call({
          destination: other.uniqueName ?? '',
          path: '/slow',
          interface: 'org.example.Slow',
          member: 'Wait',
        });
        await Promise.all([called.promise.then(() => other.close()), failureOf(call)]);
        await expect(call).rejects.toMatchObject({ errorName: `${ERROR}NoReply` });
      }),
  },
  {
    says: 'a call to a unique name that is gone is answered with an error of a name that may be absent',
    source: 'run: dbus-daemon 1.14.10, dbus-broker 33',
    check: (peer) =>
      withTwo(peer, async (link, other) => {
        const gone = other.uniqueName ?? '';
        await other.close();
        // The bus hears of it in its own time, and names it as gone first.
        const deadlineMono = performance.now() + 10_000;
        while ((await getNameOwner(link, gone)) !== undefined && performance.now() < deadlineMono) {}
        const failure = await failureOf(ping(link, gone));
        expect(mayBeAbsent(failure)).toBe(true);
      }),
  },
];

/** What dbus-broker alone does. It makes the error of a call say nothing about why a service is not there. */
export const BROKER_STATEMENTS: readonly Statement<HostBus>[] = [
  {
    says: 'a call to a name whose start fails is answered NameHasNoOwner, whatever the cause',
    source: 'dbus-broker src/bus/driver.c, driver_name_activation_failed; run: dbus-broker 33',
    check: async ({ bus }) => {
      const link = await bus.link(NEVER);
      for (const name of Object.keys(ACTIVATABLE)) {
        await expect(ping(link, name)).rejects.toMatchObject({ errorName: `${ERROR}NameHasNoOwner` });
      }
    },
  },
];

/** What dbus-daemon alone does. */
export const DAEMON_STATEMENTS: readonly Statement<HostBus>[] = [
  {
    says: "a call to a name whose unit systemd refuses to start is answered with systemd's own error",
    source: 'dbus-daemon bus/activation.c, dbus_activation_systemd_failure; run: dbus-daemon 1.14.10',
    check: async ({ bus }) => {
      const link = await bus.link(NEVER);
      const systemd = 'org.freedesktop.systemd1.';
      await expect(ping(link, 'org.example.Masked')).rejects.toMatchObject({
        errorName: `${systemd}UnitMasked`,
      });
      await expect(ping(link, 'org.example.Missing')).rejects.toMatchObject({
        errorName: `${systemd}NoSuchUnit`,
      });
    },
  },
];
