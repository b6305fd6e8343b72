/** The agent's interface on real buses, seen by busctl, gdbus and dasbus, as root and as somebody else. */
import { execFile } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { connectBus } from '../../src/dbus/connect.ts';
import type { BusValue } from '../../src/dbus/types.ts';
import { SystemBus } from '../../src/dbus/system-bus.ts';
import { BusError } from '../../src/errors.ts';
import { SYSTEM_CLOCK } from '../../src/host/clock.ts';
import type { LogLevel } from '../../src/log/log.ts';
import { agent1, type Agent1 } from '../../src/service/agent1.ts';
import { decodeHappened } from '../support/wire/decode-answers.ts';
import { experimentalInterface, SERVICE_NAME } from '../../src/service/experimental.ts';
import { AGENT_INTERFACE, AGENT_PATH } from '../../src/service/names.ts';
import { Service } from '../../src/service/service.ts';
import { FakeAgent } from '../support/fake-agent-port.ts';
import { BUS_DAEMONS, HostBus } from '../support/host-bus.ts';

const run = promisify(execFile);
const NOBODY = 65_534;
const MIB = 1024 * 1024;

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
}

// Calls as another user take root.
describe.runIf(process.getuid?.() === 0).each(BUS_DAEMONS)('on %s', (daemon) => {
  let host: HostBus;
  let bus: SystemBus;
  let served: Agent1;
  let service: Service;
  let level: LogLevel = 'info';
  const agent = new FakeAgent();
  const faults: unknown[] = [];

  beforeAll(async () => {
    host = await HostBus.start({ daemon, systemd: 'none', activatable: {} });
    chmodSync(host.root, 0o755);
    chmodSync(join(host.root, 'bus.sock'), 0o666);
    const log = {
      level: () => level,
      setLevel: (next: LogLevel) => (level = next),
      target: 'console' as const,
    };
    served = agent1({ port: agent, clock: SYSTEM_CLOCK, log });
    bus = new SystemBus({
      address: host.address,
      guard: served.guard,
      onFault: (error) => faults.push(error),
    });
    const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };
    service = new Service({
      bus,
      name: SERVICE_NAME,
      interfaces: [...served.interfaces, experimentalInterface({ lastRefreshAt: () => 0 })],
      attach: served.attach,
      clock: SYSTEM_CLOCK,
      log: silent,
    });
    service.start();
    await service.tried;
  });
  afterAll(async () => {
    await service.close();
    served.close();
    await bus.close();
    await host[Symbol.asyncDispose]();
  });

  async function busctl(
    uid: number,
    ...args: readonly string[]
  ): Promise<Ran & { readonly failed: boolean }> {
    const all = [`--address=${host.address}`, '--json=short', ...args];
    const who = uid === 0 ? {} : { uid, gid: uid };
    try {
      return { ...(await run('busctl', all, who)), failed: false };
    } catch (error) {
      const { stdout = '', stderr = '' } = error as Partial<Ran>;
      return { stdout, stderr, failed: true };
    }
  }
  async function gdbus(uid: number, verb: string, path: string, ...args: readonly string[]): Promise<string> {
    const where = ['--address', host.address, '--dest', SERVICE_NAME, '--object-path', path];
    const who = uid === 0 ? {} : { uid, gid: uid };
    return (await run('gdbus', [verb, ...where, ...args], who)).stdout;
  }
  const act = (uid: number, member: string, ...args: readonly string[]) =>
    busctl(uid, 'call', SERVICE_NAME, AGENT_PATH, AGENT_INTERFACE, member, ...args);

  it('busctl sees and calls everything', async () => {
    const { stdout } = await busctl(NOBODY, 'introspect', SERVICE_NAME, AGENT_PATH, AGENT_INTERFACE);
    for (const name of ['Check', 'Explain', 'Reboot', 'StatusText', 'Happened', 'JobDone']) {
      expect(stdout).toContain(name);
    }
    expect((await act(NOBODY, 'Explain', 'a{sv}', '0')).stdout).toContain(
      '"stage":{"type":"s","data":"staged"}',
    );
    expect((await act(NOBODY, 'History', 'a{sv}', '1', 'newest', 'u', '5')).stdout).toContain('43.1 booted');
  });

  it('root may act; where there is no polkit, nobody else may, and is told what to do', async () => {
    const hold = ['Hold', 'sa{sv}', 'reboot', '1', 'reason', 's', 'release week'] as const;
    expect(await act(0, ...hold)).toMatchObject({ failed: false });
    expect(agent.asked.at(-1)).toMatchObject({
      by: { uid: 0 },
      wish: { kind: 'hold', reason: 'release week' },
    });
    const before = agent.asked.length;
    const refused = gdbus(NOBODY, 'call', AGENT_PATH, '--method', `${AGENT_INTERFACE}.Hold`, 'reboot', '{}');
    // busctl has a text of its own for this error.
    await expect(refused).rejects.toThrow(/AccessDenied: only root may.*`sudo zincati hold --what reboot`/);
    expect(agent.asked).toHaveLength(before);
  });

  it('Experimental is for root, whatever the bus lets through', async () => {
    const moo = ['call', SERVICE_NAME, AGENT_PATH, `${SERVICE_NAME}.Experimental`, 'Moo', 'b', 'true'];
    expect((await busctl(0, ...moo)).stdout).toContain('Moooo');
    const refused = gdbus(NOBODY, 'call', AGENT_PATH, '--method', `${SERVICE_NAME}.Experimental.Moo`, 'true');
    await expect(refused).rejects.toThrow('AccessDenied: Moo is for root alone');
  });

  it('gdbus introspects, reads properties and gets the job of a check', async () => {
    const seen = await gdbus(0, 'introspect', AGENT_PATH);
    expect(seen).toMatch(/Check\(in {2}a\{sv\} options,\s*out o job\);/);
    expect(seen).toContain('@org.freedesktop.DBus.Property.EmitsChangedSignal("true")');
    const job = await gdbus(0, 'call', AGENT_PATH, '--method', `${AGENT_INTERFACE}.Check`, '{}');
    const path = /'(\/org\/coreos\/zincati\/job\/\d+)'/.exec(job)?.[1] ?? '';
    expect(await gdbus(0, 'introspect', path)).toMatch(/readonly s State = '(done|running)';/);
  });

  it('dasbus', async () => {
    const { stdout } = await run('/usr/bin/python3', [
      join(import.meta.dirname, '../support/dasbus-client.py'),
      host.address,
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      state: 'NoNewUpdate',
      kind: 'check',
      checks: { 'last-attempt': 1.7e15 },
    });
  });

  it('LogControl1', async () => {
    const at = [SERVICE_NAME, '/org/freedesktop/LogControl1', 'org.freedesktop.LogControl1', 'LogLevel'];
    expect((await busctl(NOBODY, 'get-property', ...at)).stdout).toContain('"info"');
    expect((await busctl(NOBODY, 'set-property', ...at, 's', 'debug')).stderr).toContain('Access denied');
    expect(level).toBe('info');
    expect(await busctl(0, 'set-property', ...at, 's', 'debug')).toMatchObject({ failed: false });
    expect(level).toBe('debug');
  });

  it('a body that is too large is refused, and takes no memory to speak of', async () => {
    const link = await connectBus(host.address, new AbortController().signal);
    try {
      const before = process.memoryUsage.rss();
      const call = link.call({
        destination: SERVICE_NAME,
        path: AGENT_PATH,
        interface: AGENT_INTERFACE,
        member: 'Deny',
        signature: 'sa{sv}',
        body: ['x'.repeat(4 * MIB), new Map()],
      });
      await expect(call).rejects.toMatchObject({ errorName: 'org.freedesktop.DBus.Error.InvalidArgs' });
      expect(process.memoryUsage.rss() - before).toBeLessThan(64 * MIB);
    } finally {
      await link.close();
    }
  });

  it('signals reach who listens', async () => {
    const link = await connectBus(host.address, new AbortController().signal);
    try {
      const { promise, resolve } = Promise.withResolvers<BusValue | undefined>();
      link.onSignal({ interface: AGENT_INTERFACE, member: 'Happened' }, ({ body }) => resolve(body[0]));
      await link.addMatch(`type='signal',interface='${AGENT_INTERFACE}'`);
      const entry = { at: 5, kind: 'staged', text: '43.2 staged', fields: {} };
      agent.happen(entry);
      expect(decodeHappened(await promise)).toEqual(entry);
    } finally {
      await link.close();
    }
  });

  it('nothing of this is a fault', () => {
    expect(faults.filter((fault) => !(fault instanceof BusError))).toEqual([]);
  });
});
