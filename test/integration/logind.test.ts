/** Sessions and inhibitors over a real bus with a stand-in for logind, and real terminals. */
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';

import { startLockServer } from '../../sandbox/lock-server.ts';
import { SystemBus } from '../../src/dbus/system-bus.ts';
import { CancelledError } from '../../src/errors.ts';
import { inhibitorGate } from '../../src/gates/inhibitors.ts';
import { logindInhibitors } from '../../src/host/inhibitors.ts';
import { LogindSessions, type LogindSessionsOptions } from '../../src/host/sessions.ts';
import { MINUTE_MS } from '../../src/text/units.ts';
import { type FakeLogind, fakeSession, type LogindState, startFakeLogind } from '../support/fake-logind.ts';
import { LockAgent } from '../support/lock-agent.ts';
import { question } from '../support/question.ts';
import { openTerminal } from '../support/terminal.ts';
import { waitedMs } from '../support/waited.ts';

const { signal } = new AbortController();
const CORE = { user: 'core', tty: 'pts/7' };
/** For calls that get no answer. Any other call may take as long as it does on a busy machine. */
const SHORT_MS = 300;

let logind: FakeLogind | undefined;

async function start(state: LogindState | 'none'): Promise<FakeLogind> {
  logind = await startFakeLogind(state);
  return logind;
}

function sessionsOf({ bus, root }: FakeLogind, options: LogindSessionsOptions = {}): LogindSessions {
  return new LogindSessions(bus, root, options);
}

afterEach(async () => {
  await logind?.close();
  logind = undefined;
});

describe('sessions', () => {
  it('are those of people with a terminal', async () => {
    const host = await start({
      sessions: [
        fakeSession(),
        fakeSession({ id: '_32', user: 'root', tty: 'tty1', state: 'online' }),
        fakeSession({ id: 'c1', user: 'gdm', tty: 'tty2', class: 'greeter' }),
        fakeSession({ id: 'c2', class: 'background', tty: 'tty3' }),
        fakeSession({ id: 'c3', class: 'manager', tty: 'tty4' }),
        fakeSession({ id: 'c4', tty: '' }),
        fakeSession({ id: 'c5', state: 'closing', tty: 'tty5' }),
        fakeSession({ id: 'c6', class: 'user-of-the-future', user: 'eve', tty: 'tty6' }),
      ],
    });
    expect(await sessionsOf(host).list(signal)).toEqual([
      CORE,
      { user: 'root', tty: 'tty1' },
      { user: 'eve', tty: 'tty6' },
    ]);
  });

  it('ssh-tty: of people over ssh count where logind knows no terminals, and are told at theirs', async () => {
    const { uid } = userInfo();
    const overSsh = { tty: '', uid, remote: true } as const;
    const host = await start({ sessions: [fakeSession(overSsh), fakeSession({ ...overSsh, id: '_32' })] });
    const terminal = await openTerminal('reading');
    const folder = join(host.root, 'dev/pts');
    mkdirSync(folder, { recursive: true });
    symlinkSync(`/dev/${terminal.name}`, join(folder, '4'));
    const sessions = sessionsOf(host);
    // The second one copies files.
    const seen = await sessions.list(signal);
    expect(seen).toEqual([{ user: 'core', tty: 'pts/4' }]);
    await sessions.broadcast(seen, 'reboot in a minute\n');
    expect(await terminal.close()).toContain('reboot in a minute');
    mkdirSync(join(host.root, 'run'), { recursive: true });
    writeFileSync(join(host.root, 'run/utmp'), '');
    expect(await sessions.list(signal)).toEqual([]);
  });

  it('of users who are to be ignored do not count', async () => {
    const host = await start({ sessions: [fakeSession(), fakeSession({ id: 'c2', user: 'bot' })] });
    expect(await sessionsOf(host, { ignoreUsers: ['bot'] }).list(signal)).toEqual([CORE]);
  });

  it('may end while they are looked at', async () => {
    const host = await start({ sessions: [fakeSession({ gone: true }), fakeSession({ id: 'c2' })] });
    expect(await sessionsOf(host).list(signal)).toEqual([CORE]);
  });

  it('are nobody without a login manager, and with the override file', async () => {
    expect(await sessionsOf(await start('none')).list(signal)).toEqual([]);
    await logind?.close();
    const host = await start({ sessions: [fakeSession()] });
    mkdirSync(join(host.root, 'run/zincati'), { recursive: true });
    const override = join(host.root, 'run/zincati/override-interactive-check');
    writeFileSync(override, '');
    expect(await sessionsOf(host).list(signal)).toEqual([]);
    rmSync(override);
    expect(await sessionsOf(host).list(signal)).toEqual([CORE]);
  });

  it('are 300 when there are 300', async () => {
    const many = Array.from({ length: 300 }, (_, at) =>
      fakeSession({ id: `c${at}`, tty: at < 299 ? '' : 'pts/7' }),
    );
    expect(await sessionsOf(await start({ sessions: many })).list(signal)).toEqual([CORE]);
  });
});

describe('B11: a login manager that fails is never nobody', () => {
  it.each<[string, LogindState['answers'], string]>([
    ['refuses', { ListSessions: { error: 'org.freedesktop.DBus.Error.AccessDenied' } }, 'bus_remote_error'],
    ['refuses later', { GetAll: { error: 'org.freedesktop.DBus.Error.Failed' } }, 'bus_remote_error'],
    ['dies', { ListSessions: { die: true } }, 'bus_remote_error'],
    ['dies later', { GetAll: { die: true } }, 'bus_remote_error'],
    ['answers with nothing', { ListSessions: { signature: '()', text: '()' } }, 'bus_malformed_message'],
    [
      'answers with an empty list of another kind',
      { ListSessions: { signature: '(a(susss))', text: '([],)' } },
      'bus_malformed_message',
    ],
    ['knows no properties', { GetAll: { signature: '(a{sv})', text: '({},)' } }, 'bus_malformed_message'],
    [
      'gives the terminal in another type',
      {
        GetAll: {
          signature: '(a{sv})',
          text: "({'Name': <'core'>, 'Class': <'user'>, 'State': <'active'>, 'TTY': <@as []>},)",
        },
      },
      'bus_malformed_message',
    ],
  ])('that %s', async (_what, answers = {}, kind) => {
    const host = await start({ sessions: [fakeSession()], answers });
    await expect(sessionsOf(host).list(signal)).rejects.toMatchObject({ kind });
  });

  it.each<[string, keyof NonNullable<LogindState['answers']>]>([
    ['too slowly', 'ListSessions'],
    ['too slowly later', 'GetAll'],
  ])('that answers %s', async (_what, method) => {
    const sessions = [fakeSession()];
    const host = await start({ sessions });
    // This starts it, with time enough.
    await sessionsOf(host).list(signal);
    host.set({ sessions, answers: { [method]: { hang: true } } });
    await expect(sessionsOf(host, { callTimeoutMs: SHORT_MS }).list(signal)).rejects.toMatchObject({
      kind: 'bus_call_timeout',
    });
  });

  it('that nobody can reach', async () => {
    const bus = new SystemBus({ address: 'unix:path=/nonexistent/bus' });
    await expect(new LogindSessions(bus, '/nonexistent').list(signal)).rejects.toMatchObject({
      kind: 'bus_unreachable',
    });
    await bus.close();
  });

  it('whatever it answers instead of sessions', async () => {
    const host = await start({});
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        host.set({ sessions: [fakeSession()], answers: { ListSessions: { garbage: seed } } });
        await expect(sessionsOf(host).list(signal)).rejects.toMatchObject({ name: 'BusError' });
      }),
      { numRuns: 150 },
    );
  });

  it('whatever it answers about a session', async () => {
    const host = await start({});
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.constantFrom('garbage', 'mangled'), async (seed, how) => {
        const answer = how === 'garbage' ? { garbage: seed } : { mangled: seed };
        host.set({ sessions: [fakeSession()], answers: { GetAll: answer } });
        await expect(sessionsOf(host).list(signal)).rejects.toMatchObject({ name: 'BusError' });
      }),
      { numRuns: 150 },
    );
  });

  it('and works again as soon as it does', async () => {
    const host = await start({ sessions: [fakeSession()], answers: { ListSessions: { die: true } } });
    const sessions = sessionsOf(host);
    await expect(sessions.list(signal)).rejects.toThrow();
    host.set({ sessions: [fakeSession()] });
    expect(await sessions.list(signal)).toEqual([CORE]);
  });

  it('and a look at it can be given up at any time', async () => {
    const host = await start({ answers: { ListSessions: { hang: true } } });
    const abort = new AbortController();
    const listed = sessionsOf(host).list(abort.signal);
    abort.abort();
    await expect(listed).rejects.toBeInstanceOf(CancelledError);
  });
});

describe('inhibitors', () => {
  const gateOf = ({ bus }: FakeLogind, callTimeoutMs?: number) =>
    inhibitorGate(logindInhibitors(bus, callTimeoutMs));

  it('block, naming who and why, until the lock is released', async () => {
    const host = await start({
      inhibitors: [
        ['sleep', 'NetworkManager', 'turn off networks', 'delay', 0, 700],
        ['shutdown:sleep', 'backup', 'nightly run', 'block', 0, 800],
      ],
    });
    const gate = gateOf(host);
    expect(await gate.ask(question(), signal)).toEqual({
      gate: 'inhibitors',
      verdict: 'block',
      reason: 'blocked by backup: nightly run',
      label: 'inhibitor',
      evidence: { inhibitors: 2, blocking: 1, who: 'backup', why: 'nightly run' },
    });
    host.set({ inhibitors: [] });
    expect((await gate.ask(question(), signal)).verdict).toBe('pass');
  });

  it('are none without logind', async () => {
    expect((await gateOf(await start('none')).ask(question(), signal)).verdict).toBe('pass');
  });

  it.each<[string, LogindState['answers']]>([
    ['refuses', { ListInhibitors: { error: 'org.freedesktop.DBus.Error.AccessDenied' } }],
    ['talks nonsense', { ListInhibitors: { signature: '(as)', text: "(['shutdown'],)" } }],
  ])('cannot be told from a logind that %s', async (_what, answers = {}) => {
    const gate = gateOf(await start({ answers }));
    await expect(gate.ask(question(), signal)).rejects.toMatchObject({ name: 'BusError' });
  });

  it('cannot be told from a logind that hangs', async () => {
    const gate = gateOf(await start({ answers: { ListInhibitors: { hang: true } } }), SHORT_MS);
    await expect(gate.ask(question(), signal)).rejects.toMatchObject({ name: 'BusError' });
  });

  it('are never none, whatever logind answers instead', async () => {
    const host = await start({});
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        host.set({ answers: { ListInhibitors: { garbage: seed } } });
        await expect(gateOf(host).ask(question(), signal)).rejects.toMatchObject({ name: 'BusError' });
      }),
      { numRuns: 50 },
    );
  });

  it('B5: hold before anything is asked of a lock server', async () => {
    const host = await start({ inhibitors: [['shutdown', 'dnf', 'transaction', 'block', 0, 1]] });
    const server = await startLockServer({ groups: { workers: 1 }, clock: Date });
    onTestFinished(() => server.stop());
    const asked = () => server.requests.map(({ api }) => api).filter((api) => api === 'pre-reboot');
    const agent = new LockAgent({ ...server, gates: [gateOf(host)] });
    await agent.live(() => agent.clock.monotonic() > 30 * MINUTE_MS);
    expect(agent.model.state).toMatchObject({ holding: { reason: 'blocked by dnf: transaction' } });
    expect(asked()).toEqual([]);
    host.set({ inhibitors: [] });
    await agent.live(() => agent.finalized === 1);
    expect(asked()).toEqual(['pre-reboot']);
  });
});

describe('terminals', () => {
  it('B32: one that is full and one that is stopped hold nothing up, and the others are written to', async () => {
    const terminals = await Promise.all([
      openTerminal('full'),
      openTerminal('stopped'),
      openTerminal('reading'),
    ]);
    const host = await start('none');
    const people = terminals.map(({ name }) => ({ user: 'core', tty: name }));
    const broadcast = () => new LogindSessions(host.bus, '/').broadcast(people, 'reboot\r\n');
    expect(await waitedMs(broadcast)).toBeLessThan(1000);
    const seen = await Promise.all(terminals.map((terminal) => terminal.close()));
    expect(seen[2]).toBe('reboot\r\n');
  });

  it('B32: one that is gone, one that is none and one that leads elsewhere are passed over', async () => {
    const host = await start('none');
    const file = join(host.root, 'dev/plain');
    mkdirSync(join(host.root, 'dev'));
    writeFileSync(file, '');
    const untold: string[] = [];
    const sessions = new LogindSessions(host.bus, host.root, {
      onUntold: ({ user, tty }, reason) => untold.push(`${user} ${tty} ${reason}`),
    });
    await sessions.broadcast(
      ['pts/99', 'plain', '../plain', '/etc/passwd', ''].map((tty) => ({ user: 'x', tty })),
      'reboot',
    );
    expect(readFileSync(file, 'utf8')).toBe('');
    expect(untold.sort()).toEqual([
      'x  it is no terminal that can be written to',
      'x ../plain it is no terminal that can be written to',
      'x /etc/passwd it is no terminal that can be written to',
      'x plain it is no terminal that can be written to',
      expect.stringMatching(/^x pts\/99 .*ENOENT.*dev\/pts\/99/),
    ]);
  });

  it('field 18: the session of a web console is waited for, and whoever cannot be told is reported', async () => {
    const tty = 'web console';
    const host = await start({
      sessions: [fakeSession({ tty }), fakeSession({ id: '_32', user: 'root', tty })],
    });
    const untold: string[] = [];
    const sessions = sessionsOf(host, { onUntold: ({ user }, reason) => untold.push(`${user}: ${reason}`) });
    const listed = await sessions.list(signal);
    expect(listed).toEqual([
      { user: 'core', tty },
      { user: 'root', tty },
    ]);
    await sessions.broadcast(listed, 'reboot');
    expect(untold).toEqual([
      'core: it is no terminal that can be written to',
      'root: it is no terminal that can be written to',
    ]);
  });

  it('B32: a console that is hidden from /dev is written to where the unit puts it', async () => {
    const terminal = await openTerminal('reading');
    const host = await start('none');
    const folder = join(host.root, 'run/zincati-terminals');
    mkdirSync(folder, { recursive: true });
    symlinkSync(join('/dev', terminal.name), join(folder, 'ttyS0'));
    await new LogindSessions(host.bus, host.root).broadcast([{ user: 'core', tty: 'ttyS0' }], 'reboot\r\n');
    expect(await terminal.close()).toBe('reboot\r\n');
  });
});
