/** What the agent makes of logind's answers, whatever they are. test/integration/logind.test.ts does so over real sockets. */
import { readdirSync, readlinkSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type BusLink,
  type BusValue,
  type MethodCall,
  type Reply,
  type SystemBus,
  Variant,
} from '../../../src/dbus/types.ts';
import { BusError } from '../../../src/errors.ts';
import { HIDDEN_TERMINALS, LogindSessions } from '../../../src/host/sessions.ts';
import { HostTree } from '../../support/host-tree.ts';
import { typedValue, type TypedValue } from '../../support/bus-values.ts';

const { signal } = new AbortController();
const ROOT = '/nonexistent';
const ONE: TypedValue = {
  signature: 'a(susso)',
  value: [['31', 1000, 'core', '', '/org/freedesktop/login1/session/_331']],
};

/** A logind that gives these answers. */
function logind(list: TypedValue, properties: TypedValue | Error): SystemBus {
  return busWith((member) => (member === 'ListSessions' ? list : properties));
}

/** A bus that answers each method as told. */
function busWith(answerOf: (member: string) => TypedValue | Error): SystemBus {
  const answer = ({ member }: MethodCall): Promise<Reply> => {
    const given = answerOf(member);
    if (given instanceof Error) {
      return Promise.reject(given);
    }
    return Promise.resolve({ signature: given.signature, body: [given.value], sender: ':1.2' });
  };
  const notUsed = (): never => {
    throw new Error('not used');
  };
  const link: BusLink = {
    uniqueName: ':1.1',
    gone: signal,
    call: answer,
    onSignal: notUsed,
    addMatch: notUsed,
    export: notUsed,
    sendSignal: notUsed,
    close: () => Promise.resolve(),
  };
  return { link: () => Promise.resolve(link), close: () => Promise.resolve() };
}

function listed(list: TypedValue, properties: TypedValue | Error) {
  return new LogindSessions(logind(list, properties), ROOT).list(signal);
}

function propertiesOf(values: Readonly<Record<string, BusValue>>): TypedValue {
  return { signature: 'a{sv}', value: new Map(Object.entries(values)) };
}

const s = (text: string): Variant => new Variant('s', text);

describe("logind's sessions", () => {
  it('B11: an answer of another type is never nobody', async () => {
    const wrong = typedValue.filter(({ signature }) => signature !== 'a(susso)');
    await fc.assert(
      fc.asyncProperty(wrong, async (answer) => {
        await expect(listed(answer, propertiesOf({}))).rejects.toBeInstanceOf(BusError);
      }),
    );
  });

  it('B11: properties of another type are never nobody', async () => {
    const wrong = typedValue.filter(({ signature }) => signature !== 'a{sv}');
    await fc.assert(
      fc.asyncProperty(wrong, async (answer) => {
        await expect(listed(ONE, answer)).rejects.toBeInstanceOf(BusError);
      }),
    );
  });

  it('B11: one property of another type, or missing, is never nobody', async () => {
    const right = { Name: s('core'), TTY: s('pts/0'), Class: s('user'), State: s('active') };
    const wrong = typedValue
      .filter(({ signature }) => signature !== 's')
      .map(({ signature, value }) => new Variant(signature, value));
    const victims = fc.constantFrom(...Object.keys(right));
    await fc.assert(
      fc.asyncProperty(victims, fc.option(wrong), async (victim, other) => {
        const properties = new Map<string, BusValue>(Object.entries(right));
        if (other === null) {
          properties.delete(victim);
        } else {
          properties.set(victim, other);
        }
        const answer = { signature: 'a{sv}', value: properties };
        await expect(listed(ONE, answer)).rejects.toBeInstanceOf(BusError);
      }),
    );
  });

  it('count exactly when somebody sits at a terminal', async () => {
    const classes = fc.constantFrom(
      'user',
      'user-early',
      'greeter',
      'background',
      'manager',
      'lock-screen',
      'x',
    );
    const states = fc.constantFrom('online', 'active', 'closing', 'opening', '');
    await fc.assert(
      fc.asyncProperty(classes, states, fc.constantFrom('', 'tty1'), async (Class, State, TTY) => {
        const properties = propertiesOf({ Name: s('core'), TTY: s(TTY), Class: s(Class), State: s(State) });
        const person = ['user', 'user-early', 'x'].includes(Class);
        expect(await listed(ONE, properties)).toEqual(
          person && State !== 'closing' && TTY !== '' ? [{ user: 'core', tty: TTY }] : [],
        );
      }),
    );
  });

  describe('ssh-tty: over ssh, with a terminal that logind does not know', () => {
    const OVER_SSH = { Name: s('core'), TTY: s(''), Class: s('user'), State: s('active'), Type: s('tty') };
    const REMOTE = { ...OVER_SSH, Service: s('sshd'), Remote: new Variant('b', true) };
    const uid = userInfo().uid;
    const two: TypedValue = {
      signature: 'a(susso)',
      value: ['_31', '_32'].map((id) => [id, uid, 'core', '', `/org/freedesktop/login1/session/${id}`]),
    };
    const seenOf = (root: string, properties: Readonly<Record<string, BusValue>>) =>
      new LogindSessions(logind(two, propertiesOf(properties)), root).list(signal);

    it('each of them counts at a terminal of its own', async () => {
      await using host = await HostTree.create({ '/dev/pts/10': '', '/dev/pts/9': '', '/dev/pts/ptmx': '' });
      expect(await seenOf(host.root, REMOTE)).toEqual([
        { user: 'core', tty: 'pts/9' },
        { user: 'core', tty: 'pts/10' },
      ]);
    });

    it('one without a terminal runs a command, and does not count', async () => {
      await using host = await HostTree.create({ '/dev/pts/9': '' });
      expect(await seenOf(host.root, REMOTE)).toEqual([{ user: 'core', tty: 'pts/9' }]);
      await using other = await HostTree.create({ '/dev/pts/ptmx': '' });
      expect(await seenOf(other.root, REMOTE)).toEqual([]);
    });

    it('ssh-tty-old: a terminal that is older than the session is of something else', async () => {
      await using host = await HostTree.create({ '/dev/pts/0': '' });
      const { ctimeMs } = await stat(path.join(host.root, 'dev/pts/0'));
      const since = (ms: number): BusValue => new Variant('t', BigInt(Math.round(ms * 1000)));
      const seenSince = (ms: number) => seenOf(host.root, { ...REMOTE, Timestamp: since(ms) });
      expect(await seenSince(ctimeMs + 60_000)).toEqual([]);
      expect(await seenSince(ctimeMs - 60_000)).toEqual([{ user: 'core', tty: 'pts/0' }]);
      // The kernel stamps an inode with its last tick.
      expect(await seenSince(ctimeMs + 5)).toEqual([{ user: 'core', tty: 'pts/0' }]);
      expect(await seenSince(0)).toEqual([{ user: 'core', tty: 'pts/0' }]);
    });

    it('nobody counts twice, and nobody sits at the terminal of another user', async () => {
      await using host = await HostTree.create({ '/dev/pts/9': '' });
      const rows = [
        ['1', uid, 'core', '', '/1'],
        ['2', uid, 'core', '', '/2'],
        ['3', uid + 1, 'eve', '', '/3'],
      ];
      const answers = [{ ...REMOTE, TTY: s('pts/9') }, REMOTE, { ...REMOTE, Name: s('eve') }].map(
        propertiesOf,
      );
      const bus = busWith((member) =>
        member === 'ListSessions' ? { signature: 'a(susso)', value: rows } : answers.shift()!,
      );
      expect(await new LogindSessions(bus, host.root).list(signal)).toEqual([{ user: 'core', tty: 'pts/9' }]);
    });

    it('where logind reads utmp it would know, so there is none', async () => {
      await using host = await HostTree.create({ '/dev/pts/9': '', '/run/utmp': '' });
      expect(await seenOf(host.root, REMOTE)).toEqual([]);
    });

    it('they count where nobody can tell', async () => {
      await using host = await HostTree.create({ '/dev/pts': 'no folder' });
      const unknown = { user: 'core', tty: 'an unknown terminal' };
      expect(await seenOf(host.root, REMOTE)).toEqual([unknown, unknown]);
    });

    it.each<[string, Readonly<Record<string, BusValue>>]>([
      ['cron', { ...REMOTE, Service: s('cron') }],
      ['a local one', { ...REMOTE, Remote: new Variant('b', false) }],
      ['one of a display', { ...REMOTE, Type: s('x11') }],
      ['one that ends', { ...REMOTE, State: s('closing') }],
      ['the manager of a user', { ...REMOTE, Class: s('manager') }],
      ['one of which too little is said', OVER_SSH],
    ])('%s is none of them', async (_what, properties) => {
      await using host = await HostTree.create({ '/dev/pts/9': '' });
      expect(await seenOf(host.root, properties)).toEqual([]);
    });
  });

  it.each([
    ['org.freedesktop.DBus.Error.UnknownObject', 'nobody'],
    ['org.freedesktop.login1.NoSuchSession', 'nobody'],
    ['org.freedesktop.DBus.Error.AccessDenied', 'an error'],
    ['org.freedesktop.DBus.Error.UnknownMethod', 'an error'],
    ['org.freedesktop.DBus.Error.ServiceUnknown', 'an error'],
  ])('B11: one that answers %s is %s', async (errorName, outcome) => {
    const result = listed(ONE, new BusError('bus_remote_error', 'x', { errorName }));
    if (outcome === 'nobody') {
      await expect(result).resolves.toEqual([]);
    } else {
      await expect(result).rejects.toBeInstanceOf(BusError);
    }
  });

  it('B11: as many as a host can have are listed, and a row without a path is an error', async () => {
    const row = ['31', 1000, 'core', '', '/x'];
    const most = { signature: 'a(susso)', value: Array.from({ length: 4096 }, () => row) };
    const closing = { Name: s('core'), TTY: s('pts/0'), Class: s('user'), State: s('closing') };
    expect(await listed(most, propertiesOf(closing))).toEqual([]);
    const short = { signature: 'a(susso)', value: [['31', 1000, 'core', '']] };
    await expect(listed(short, propertiesOf(closing))).rejects.toThrow('a session must have an object path');
  });

  it('are nobody on a host without a login manager', async () => {
    const nobody = new BusError('bus_remote_error', 'x', {
      errorName: 'org.freedesktop.DBus.Error.NameHasNoOwner',
    });
    const bus = busWith((member) =>
      member === 'ListActivatableNames' ? { signature: 'as', value: [] } : nobody,
    );
    expect(await new LogindSessions(bus, ROOT).list(signal)).toEqual([]);
  });

  it('are nobody with the override file, and the bus is not asked', async () => {
    await using host = await HostTree.create({ '/run/zincati/override-interactive-check': '' });
    const bus: SystemBus = {
      link: () => Promise.reject(new Error('not used')),
      close: () => Promise.resolve(),
    };
    expect(await new LogindSessions(bus, host.root).list(signal)).toEqual([]);
    await using other = await HostTree.create({ '/run/zincati/other': '' });
    await expect(new LogindSessions(bus, other.root).list(signal)).rejects.toThrow('not used');
  });

  it('B11: more of them than a host can have are an error', async () => {
    const row = ['31', 1000, 'core', '', '/x'];
    const many = { signature: 'a(susso)', value: Array.from({ length: 4097 }, () => row) };
    await expect(listed(many, propertiesOf({}))).rejects.toThrow('at most 4096 sessions, got 4097');
  });
});

describe('a message to terminals', () => {
  const NO_TERMINAL = 'it is no terminal that can be written to';

  async function untoldOf(root: string, ttys: readonly string[]): Promise<string[]> {
    const untold: string[] = [];
    const sessions = new LogindSessions(logind(ONE, propertiesOf({})), root, {
      onUntold: ({ tty }, reason) => untold.push(`${tty}: ${reason}`),
    });
    await sessions.broadcast(
      ttys.map((tty) => ({ user: 'core', tty })),
      'reboot',
    );
    return untold.sort();
  }

  it.each(['web console', '../null', 'pts/../null', '/null', 'null/', 'pts/0/1', 'nul\n', '-'])(
    'field 18: never leaves for %j, and that is reported',
    async (tty) => {
      expect(await untoldOf('/', [tty])).toEqual([`${tty}: ${NO_TERMINAL}`]);
    },
  );

  it('leaves for a device by one name and by two', async () => {
    await using host = await HostTree.create();
    await host.link('/dev/tty10', '/dev/null');
    await host.link('/dev/pts/10', '/dev/null');
    expect(await untoldOf(host.root, ['tty10', 'pts/10', 'tty10'])).toEqual([]);
  });

  it('never reaches a file, and leaves for a console that is hidden from /dev', async () => {
    await using host = await HostTree.create({ '/dev/tty1': 'as it was' });
    await host.link(`/${HIDDEN_TERMINALS}/tty2`, '/dev/null');
    expect(await untoldOf(host.root, ['tty1', 'tty2', 'tty3'])).toEqual([
      `tty1: ${NO_TERMINAL}`,
      expect.stringMatching(/^tty3: ENOENT.*\/dev\/tty3'$/),
    ]);
    expect(await readFile(host.at('/dev/tty1'), 'utf8')).toBe('as it was');
  });

  it('leaves no terminal open, whether it takes the message or not', async () => {
    await using host = await HostTree.create();
    await host.link('/dev/tty5', '/dev/zero');
    await host.link('/dev/tty6', '/dev/full');
    expect(await untoldOf(host.root, ['tty5', 'tty6'])).toEqual([expect.stringMatching(/^tty6: ENOSPC/)]);
    const open = readdirSync('/proc/self/fd').map(targetOf);
    expect(open.filter((target) => target === '/dev/zero' || target === '/dev/full')).toEqual([]);
  });

  it('is not looked for elsewhere if it may not be written to, and needs nobody to report to', async () => {
    await using host = await HostTree.create({ '/dev/tty4/folder': '' });
    await host.link(`/${HIDDEN_TERMINALS}/tty4`, '/dev/null');
    expect(await untoldOf(host.root, ['tty4'])).toEqual([expect.stringMatching(/^tty4: EISDIR/)]);
    const silent = new LogindSessions(logind(ONE, propertiesOf({})), host.root);
    await expect(silent.broadcast([{ user: 'core', tty: 'tty4' }], 'reboot')).resolves.toBeUndefined();
  });
});

/** What the descriptor is open for. The one that lists the descriptors is gone by now. */
function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return '';
  }
}
