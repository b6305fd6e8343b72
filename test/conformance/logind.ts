/** What the agent believes about logind: its lists, and the properties of a session. */
import { expect } from 'vitest';

import { getAllProperties } from '../../src/dbus/calls.ts';
import { type BusValue, isList, type SystemBus } from '../../src/dbus/types.ts';
import type { Statement } from './statement.ts';

export interface LogindPeer {
  readonly bus: SystemBus;
  /** Of a session that there is not, or no longer. */
  readonly gone: string;
}

const LOGIND = 'org.freedesktop.login1';
const PAGE = 'org.freedesktop.login1(5) of systemd 252';
const NEVER = new AbortController().signal;

async function list({ bus }: LogindPeer, member: string, signature: string): Promise<readonly BusValue[][]> {
  const link = await bus.link(NEVER);
  const call = {
    destination: LOGIND,
    path: '/org/freedesktop/login1',
    interface: `${LOGIND}.Manager`,
    member,
  };
  const reply = await link.call(call);
  expect(reply.signature).toBe(signature);
  const [rows] = reply.body;
  expect(isList(rows)).toBe(true);
  return isList(rows) ? rows.map((row) => (isList(row) ? [...row] : [])) : [];
}

async function session(
  { bus }: LogindPeer,
  path: BusValue | undefined,
): Promise<ReadonlyMap<string, BusValue>> {
  const source = { destination: LOGIND, path: textOf(path), interface: `${LOGIND}.Session` };
  return getAllProperties(await bus.link(NEVER), source);
}

function textOf(value: BusValue | undefined): string {
  if (typeof value !== 'string') {
    throw new Error('a path must be a text');
  }
  return value;
}

export const LOGIND_STATEMENTS: readonly Statement<LogindPeer>[] = [
  {
    says: 'ListSessions answers with id, uid, user, seat and object path of each session',
    source: `${PAGE}, ListSessions; src/login/logind-dbus.c`,
    check: async (peer) => {
      for (const [id, uid, user, seat, path] of await list(peer, 'ListSessions', 'a(susso)')) {
        expect([typeof id, typeof uid, typeof user, typeof seat]).toEqual([
          'string',
          'number',
          'string',
          'string',
        ]);
        expect(path).toMatch(/^\/org\/freedesktop\/login1\/session\/[A-Za-z0-9_]+$/);
      }
    },
  },
  {
    says: 'a session has the texts Id, Name, Class, State and TTY, and Id and Name are those of its row',
    source: `${PAGE}, Session Objects; src/login/logind-session-dbus.c`,
    check: async (peer) => {
      for (const [id, , user, , path] of await list(peer, 'ListSessions', 'a(susso)')) {
        const properties = await session(peer, path);
        const [gotId, name, ...others] = ['Id', 'Name', 'Class', 'State', 'TTY'].map((key) =>
          properties.get(key),
        );
        expect([gotId, name]).toEqual([id, user]);
        expect(others.map((value) => typeof value)).toEqual(['string', 'string', 'string']);
      }
    },
  },
  {
    says: 'a session has the texts Type and Service, and the truth Remote',
    source: `${PAGE}, Session Objects; src/login/logind-session-dbus.c`,
    check: async (peer) => {
      for (const [, , , , path] of await list(peer, 'ListSessions', 'a(susso)')) {
        const properties = await session(peer, path);
        const types = ['Type', 'Service', 'Remote'].map((key) => typeof properties.get(key));
        expect(types).toEqual(['string', 'string', 'boolean']);
      }
    },
  },
  {
    says: 'a session has the instant Timestamp, in microseconds',
    source: `${PAGE}, Session Objects; src/login/logind-session-dbus.c`,
    check: async (peer) => {
      for (const [, , , , path] of await list(peer, 'ListSessions', 'a(susso)')) {
        const since = (await session(peer, path)).get('Timestamp');
        // From 2001 to 2286, by a clock that was set.
        expect(typeof since === 'bigint' ? since.toString() : since).toMatch(/^\d{16}$/);
      }
    },
  },
  {
    says: 'a session of sshd is of type tty and of a class for people, and names a pseudo terminal or none at all',
    source: 'openssh 9.9, auth-pam.c, PAM_TTY_KLUDGE; systemd 257, src/login/pam_systemd.c and logind-utmp.c',
    check: async (peer) => {
      for (const [, , , , path] of await list(peer, 'ListSessions', 'a(susso)')) {
        const properties = await session(peer, path);
        if (properties.get('Service') !== 'sshd' || properties.get('Class') === 'manager') {
          continue;
        }
        expect(properties.get('Type')).toBe('tty');
        expect(properties.get('Class')).toMatch(/^user/);
        expect(properties.get('TTY')).toMatch(/^(?:|pts\/\d+)$/);
      }
    },
  },
  {
    says: 'the State of a session is one of opening, online, active and closing',
    source: `${PAGE}, property State; src/login/logind-session.c, session_state_table`,
    check: async (peer) => {
      for (const [, , , , path] of await list(peer, 'ListSessions', 'a(susso)')) {
        const state = (await session(peer, path)).get('State');
        expect(['opening', 'online', 'active', 'closing']).toContain(state);
      }
    },
  },
  {
    says: 'a session that is gone is answered UnknownObject or NoSuchSession',
    source: 'src/login/logind-session-dbus.c, session_object_find; sd-bus, object_find_and_run',
    check: async (peer) => {
      await expect(session(peer, peer.gone)).rejects.toMatchObject({
        kind: 'bus_remote_error',
        errorName: expect.stringMatching(/\.(?:UnknownObject|NoSuchSession)$/) as unknown,
      });
    },
  },
  {
    says: 'ListInhibitors answers with what, who, why, mode, uid and pid, and "what" is words joined by colons',
    source: `${PAGE}, ListInhibitors; src/login/logind-inhibit.c`,
    check: async (peer) => {
      for (const [what, who, why, mode, uid, pid] of await list(peer, 'ListInhibitors', 'a(ssssuu)')) {
        expect(what).toMatch(/^[a-z-]+(?::[a-z-]+)*$/);
        expect(mode).toMatch(/^(?:block|block-weak|delay)$/);
        expect([typeof who, typeof why, typeof uid, typeof pid]).toEqual([
          'string',
          'string',
          'number',
          'number',
        ]);
      }
    },
  },
];
