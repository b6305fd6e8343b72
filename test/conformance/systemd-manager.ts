/** What the agent believes about systemd on the bus: how far a boot is, and whether a unit is there. */
import { expect } from 'vitest';

import { getAllProperties, getProperty } from '../../src/dbus/calls.ts';
import type { BusValue, SystemBus } from '../../src/dbus/types.ts';
import type { Statement } from './statement.ts';

export interface SystemdPeer {
  readonly bus: SystemBus;
}

const SYSTEMD = 'org.freedesktop.systemd1';
const MANAGER = { destination: SYSTEMD, path: '/org/freedesktop/systemd1', interface: `${SYSTEMD}.Manager` };
const PAGE = 'org.freedesktop.systemd1(5) of systemd 252';
const NEVER = new AbortController().signal;

async function unit({ bus }: SystemdPeer, path: string, property: string): Promise<BusValue> {
  const source = { destination: SYSTEMD, path, interface: `${SYSTEMD}.Unit` };
  return getProperty(await bus.link(NEVER), source, property);
}

async function load({ bus }: SystemdPeer, name: string): Promise<string> {
  const link = await bus.link(NEVER);
  const reply = await link.call({ ...MANAGER, member: 'LoadUnit', signature: 's', body: [name] });
  expect(reply.signature).toBe('o');
  const [path] = reply.body;
  if (typeof path !== 'string') {
    throw new Error('a path must be a text');
  }
  return path;
}

export const SYSTEMD_STATEMENTS: readonly Statement<SystemdPeer>[] = [
  {
    says: 'SystemState is a text of those that systemctl is-system-running prints',
    source: `${PAGE}, property SystemState; systemctl(1), is-system-running`,
    check: async ({ bus }) => {
      const state = await getProperty(await bus.link(NEVER), MANAGER, 'SystemState');
      expect(['initializing', 'starting', 'running', 'degraded', 'maintenance', 'stopping']).toContain(state);
    },
  },
  {
    says: 'the ActiveState of boot-complete.target is a text, and its path need not be asked for before',
    source: `${PAGE}, Unit Objects; src/core/dbus.c, find_unit`,
    check: async (peer) => {
      const path = '/org/freedesktop/systemd1/unit/boot_2dcomplete_2etarget';
      const state = await unit(peer, path, 'ActiveState');
      expect(['active', 'inactive', 'activating', 'deactivating', 'failed', 'reloading']).toContain(state);
      expect(await load(peer, 'boot-complete.target')).toBe(path);
    },
  },
  {
    says: 'LoadUnit answers with an object for a unit that nobody has brought, and its LoadState is not-found',
    source: `${PAGE}, LoadUnit; src/core/dbus-manager.c, method_load_unit`,
    check: async (peer) => {
      const path = await load(peer, 'dbus-org.example.nobody.service');
      expect(await unit(peer, path, 'LoadState')).toBe('not-found');
    },
  },
  {
    says: 'the LoadState of the unit behind the name of logind is a text, and no error, whatever it is',
    source: `${PAGE}, property LoadState; src/core/unit.c, unit_load_state_table`,
    check: async (peer) => {
      const state = await unit(peer, await load(peer, 'dbus-org.freedesktop.login1.service'), 'LoadState');
      expect(['loaded', 'not-found', 'bad-setting', 'error', 'merged', 'masked']).toContain(state);
    },
  },
  {
    says: 'GetUnit refuses a unit that is not loaded with NoSuchUnit, and loads nothing',
    source: `${PAGE}, GetUnit; src/core/dbus-manager.c, method_get_unit`,
    check: async ({ bus }) => {
      const link = await bus.link(NEVER);
      const call = { ...MANAGER, member: 'GetUnit', signature: 's', body: ['org.example.nobody.service'] };
      await expect(link.call(call)).rejects.toMatchObject({ errorName: `${SYSTEMD}.NoSuchUnit` });
    },
  },
  {
    says: 'GetUnit gives the object of a loaded service, whose state, result, status and last words have these types',
    source: `${PAGE}, Service Unit Objects, properties Result, ExecMainStatus, StatusText`,
    check: async ({ bus }) => {
      const link = await bus.link(NEVER);
      const call = { ...MANAGER, member: 'GetUnit', signature: 's', body: ['dbus.service'] };
      const [path] = (await link.call(call)).body;
      const source = { destination: SYSTEMD, path: typeof path === 'string' ? path : '/' };
      const unit = await getAllProperties(link, { ...source, interface: `${SYSTEMD}.Unit` });
      expect(['ActiveState', 'SubState'].map((name) => typeof unit.get(name))).toEqual(['string', 'string']);
      const service = await getAllProperties(link, { ...source, interface: `${SYSTEMD}.Service` });
      expect(['Result', 'ExecMainStatus', 'StatusText'].map((name) => typeof service.get(name))).toEqual([
        'string',
        'number',
        'string',
      ]);
    },
  },
  {
    says: 'GetUnitFileState gives the state of a unit file as a text, and an error where there is no file',
    source: `${PAGE}, GetUnitFileState; systemctl(1), is-enabled`,
    check: async ({ bus }) => {
      const link = await bus.link(NEVER);
      const call = { ...MANAGER, member: 'GetUnitFileState', signature: 's' };
      const [state] = (await link.call({ ...call, body: ['dbus.service'] })).body;
      expect(['enabled', 'disabled', 'static', 'indirect', 'alias', 'masked', 'generated']).toContain(state);
      await expect(link.call({ ...call, body: ['org.example.nobody.service'] })).rejects.toMatchObject({
        kind: 'bus_remote_error',
      });
    },
  },
];
