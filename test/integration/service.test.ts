/** The agent's service on a real bus, called by GLib's client. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SystemBus } from '../../src/dbus/system-bus.ts';
import { experimentalInterface, SERVICE_NAME } from '../../src/service/experimental.ts';
import { peerInterface } from '../../src/service/peer.ts';
import { Service } from '../../src/service/service.ts';
import { SYSTEM_CLOCK } from '../../src/host/clock.ts';
import { BusFixture } from '../support/bus-fixture.ts';

const run = promisify(execFile);
const MACHINE_ID = '0123456789abcdef0123456789abcdef';
const REFRESHED_AT = 1_700_000_000_123;

let fixture: BusFixture;
beforeAll(async () => {
  fixture = await BusFixture.start();
});
afterAll(() => fixture.stop());

function agent(machineId = () => Promise.resolve(MACHINE_ID)) {
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  const say = (line: string): void => {
    lines.push(line);
    for (const wake of waiting.splice(0)) {
      wake();
    }
  };
  const bus = new SystemBus({ address: fixture.bus.address });
  const service = new Service({
    bus,
    name: SERVICE_NAME,
    interfaces: [experimentalInterface({ lastRefreshAt: () => REFRESHED_AT }), peerInterface(machineId)],
    clock: SYSTEM_CLOCK,
    log: { debug: say, info: say, warn: say },
  });
  service.start();
  return {
    async said(part: string): Promise<void> {
      while (!lines.some((line) => line.includes(part))) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      }
    },
    lines,
    async close(): Promise<void> {
      await service.close();
      await bus.close();
    },
  };
}

async function gdbus(verb: 'call' | 'introspect', ...args: string[]): Promise<string> {
  const { stdout } = await run('gdbus', [
    verb,
    '--address',
    fixture.bus.address,
    '--dest',
    SERVICE_NAME,
    '--object-path',
    '/org/coreos/zincati',
    ...args,
  ]);
  return stdout.trim();
}

const call = (member: string, ...args: string[]) =>
  gdbus('call', '--method', `org.coreos.zincati.Experimental.${member}`, ...args);

describe('org.coreos.zincati', () => {
  it('answers as Zincati does, and is gone after the end', async () => {
    const one = agent();
    await one.said('is served');
    expect(await call('LastRefreshTime')).toBe('(int64 1700000000,)');
    expect(await call('Moo', 'false')).toBe("('moo.',)");
    expect(await call('Moo', 'true')).toBe("('Moooo mooo moooo!',)");
    const introspection = await gdbus('introspect');
    expect(introspection).toContain('interface org.coreos.zincati.Experimental');
    expect(introspection).toMatch(/Moo\(in {2}b \w*,?\s*out s \w*\)/);
    await expect(call('Bark')).rejects.toThrow('UnknownMethod');
    await one.close();
    await expect(call('Moo', 'false')).rejects.toThrow(/ServiceUnknown|not provided/);
  });

  it('diff 11: has the interfaces and names that Zincati has', async () => {
    const one = agent();
    await one.said('is served');
    const introspection = await gdbus('introspect');
    expect(introspection).toMatch(/Moo\(in {2}b talkative,/);
    for (const name of ['Properties', 'Introspectable', 'Peer']) {
      expect(introspection.split(`interface org.freedesktop.DBus.${name} `)).toHaveLength(2);
    }
    const standard = (member: string, ...args: string[]) =>
      gdbus('call', '--method', `org.freedesktop.DBus.${member}`, ...args);
    expect(await standard('Peer.GetMachineId')).toBe(`('${MACHINE_ID}',)`);
    expect(await standard('Peer.Ping')).toBe('()');
    expect(await standard('Properties.GetAll', 'org.coreos.zincati.Experimental')).toBe('(@a{sv} {},)');
    await expect(standard('Properties.GetAll', 'org.coreos.other')).rejects.toThrow('UnknownInterface');
    await one.close();
  });

  it('says no more than that it failed where the machine id cannot be read', async () => {
    const one = agent(() => Promise.reject(new Error('cannot read /some/path')));
    await one.said('is served');
    const asked = gdbus('call', '--method', 'org.freedesktop.DBus.Peer.GetMachineId');
    const text = await asked.then(
      () => 'an answer',
      (error: unknown) => String(error),
    );
    expect(text).toContain('the call failed');
    expect(text).not.toContain('/some/path');
    await one.close();
  });

  it('owns its name again after the bus was restarted', async () => {
    const one = agent();
    await one.said('is served');
    await fixture.restartBus();
    await one.said('is served again');
    expect(await call('Moo', 'false')).toBe("('moo.',)");
    expect(one.lines.filter((line) => line.includes('is not served'))).toHaveLength(1);
    await one.close();
  });

  it('leaves the name to who has it, and takes it when it is free', async () => {
    const one = agent();
    await one.said('is served');
    const two = agent();
    await two.said('another process owns it');
    await one.close();
    await two.said('is served again');
    expect(await call('Moo', 'true')).toBe("('Moooo mooo moooo!',)");
    await two.close();
  });
});
