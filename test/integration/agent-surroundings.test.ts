/**
 * The built agent and its surroundings: the service manager, the bus, and how little it asks of them while
 * idle.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { startCincinnatiServer } from '../../sandbox/cincinnati-server.ts';
import { startPrivateBus, type PrivateBus } from '../../sandbox/private-bus.ts';
import { carriedHistory } from '../../sandbox/releases.ts';
import { prepareHost, standInService, standInRelease } from '../../sandbox/stand-in.ts';
import { unixAddress } from '../../src/dbus/address.ts';
import { AgentProcess } from '../support/agent-process.ts';
import { LineProcess } from '../support/line-process.ts';

/** The newest ones, of which a host knows. */
const RELEASES = 6;
const RECEIVER = join(import.meta.dirname, '../support/notify-receiver.py');

/** A host with real releases, of which the oldest is booted, an update server, and no bus yet. */
async function aHost(booted: 'oldest' | 'newest') {
  const root = await mkdtemp(join(tmpdir(), 'surroundings-'));
  const history = await carriedHistory('stable');
  const entries = history.entries.slice(-RELEASES);
  const releases = entries.map(({ digest, version }, index) =>
    standInRelease(index, { checksum: digest, version, bytes: 10e6 }),
  );
  prepareHost(root, { releases, booted: releases.at(booted === 'oldest' ? 0 : -1)!.version });
  const server = await startCincinnatiServer({ history, stream: 'stable', basearch: 'x86_64', clock: Date });
  await writeAgentConfig(root, {
    baseUrl: server.baseUrl,
    more: [
      'identity.node_uuid = "0123456789abcdef0123456789abcdef"',
      'identity.platform = "metal"',
      'identity.rollout_wariness = 0.0',
      'updates.strategy = "manual"',
      '',
    ].join('\n'),
  });
  let bus: PrivateBus | undefined;
  onTestFinished(async () => {
    await bus?.stop();
    await server.stop();
    await rm(root, { recursive: true, force: true });
  });
  return {
    root,
    server,
    busAddress: unixAddress(join(root, 'bus.sock')),
    startBus: async () => {
      bus = await startPrivateBus({
        directory: root,
        services: [standInService(root, { bytesPerSecond: 1e9 })],
      });
    },
    stopBus: async () => bus?.stop(),
  };
}

/** An agent, and its first notification that is more than a status. */
async function supervised(host: { root: string; busAddress: string }) {
  const address = join(host.root, 'notify.sock');
  const receiver = new LineProcess('/usr/bin/python3', [RECEIVER, address]);
  onTestFinished(() => receiver.kill());
  expect(await receiver.line()).toBe('ready');
  const agent = new AgentProcess({ ...host, env: { NOTIFY_SOCKET: address } });
  onTestFinished(() => agent[Symbol.asyncDispose]());
  const ready = async (): Promise<string> => {
    for (;;) {
      const message = JSON.parse(await receiver.line()) as string;
      // The status is told as it changes, before READY, too.
      if (!message.startsWith('STATUS=')) {
        return message;
      }
    }
  };
  return { agent, ready };
}

describe('the bus', () => {
  it('B16: that is not there, and comes: READY does not wait for it, and then everything is done', async () => {
    const host = await aHost('oldest');
    const { agent, ready } = await supervised(host);
    expect(await ready()).toMatch(/^READY=1\n/);
    await agent.says(/^error failed to read the deployments: .*cannot reach D-Bus/);
    await host.startBus();
    await agent.says(/^info update staged: /);
    expect(await agent.stop()).toEqual([0, null]);
  });

  it('B16: that accepts and never says a word holds neither READY nor the end up', async () => {
    const host = await aHost('oldest');
    const silent = createServer(() => undefined).listen(join(host.root, 'bus.sock'));
    onTestFinished(() => void silent.close());
    await once(silent, 'listening');
    const connected = once(silent, 'connection');
    const { agent, ready } = await supervised(host);
    expect(await ready()).toMatch(/^READY=1\n/);
    await connected;
    expect(await agent.stop()).toEqual([0, null]);
  });

  it('that dies and comes back is connected to again, and the update goes on', async () => {
    const host = await aHost('oldest');
    const history = await carriedHistory('stable');
    const newer = history.entries.slice(1 - RELEASES);
    host.server.publish({ ...history, entries: history.entries.slice(0, -newer.length) });
    await host.startBus();
    const { agent } = await supervised(host);
    await agent.says(/^info reached steady state/);
    await host.stopBus();
    await agent.says(/^(error|warn) .*(bus|rpm_ostree|deployments)/i);
    host.server.publish(history);
    await host.startBus();
    await agent.says(/^info update staged: /);
    expect(await agent.stop()).toEqual([0, null]);
  });
});

describe('an idle agent', () => {
  it('asks the update server alone: no call on the bus, no process', async () => {
    const host = await aHost('newest');
    await host.startBus();
    const { agent } = await supervised(host);
    const first = await agent.says(/^debug NoNewUpdate: waiting/);
    // That is a call of its start.
    await agent.says(/^debug D-Bus name .* is served/);
    const monitor = spawn('dbus-monitor', ['--address', host.busAddress, '--profile'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void monitor.kill('SIGKILL'));
    const seen: string[] = [];
    const marked = Promise.withResolvers<undefined>();
    createInterface({ input: monitor.stdout }).on('line', (line) => {
      if (line.includes('end.of.test')) {
        marked.resolve(undefined);
      } else if (line.startsWith('mc')) {
        seen.push(line);
      }
    });
    const before = host.server.requests.length;
    let at = first;
    while (host.server.requests.length < before + 4) {
      at = await agent.says(/^debug NoNewUpdate: waiting/, at + 1);
    }
    const mark = spawn('dbus-send', [`--bus=${host.busAddress}`, '--type=signal', '/', 'end.of.test.Marker']);
    await once(mark, 'exit');
    await marked.promise;
    // The calls with which the monitor and the marker connect: Hello, BecomeMonitor.
    expect(seen.filter((line) => !/\tHello$|\tBecomeMonitor$/.test(line))).toEqual([]);
    const children = spawn('ps', ['-o', 'pid=', '--ppid', String(agent.pid)]);
    let listed = '';
    children.stdout.on('data', (chunk: Buffer) => (listed += chunk.toString()));
    await once(children, 'close');
    expect(listed.trim()).toBe('');
  });
});
