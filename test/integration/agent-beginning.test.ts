/** The built agent at its start: when it is READY, what can be asked then, and what it waits for. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { setFaults, standInRelease } from '../../sandbox/stand-in.ts';
import { ATTRIBUTES_FILE } from '../../src/config/attribute-template.ts';
import { SERVICE_NAME } from '../../src/service/experimental.ts';
import { AgentProcess } from '../support/agent-process.ts';
import { LineProcess } from '../support/line-process.ts';
import { startStandInHost, type StandInHost } from '../support/stand-in-host.ts';

const RECEIVER = join(import.meta.dirname, '../support/notify-receiver.py');
const IDENTITY = 'node_uuid = "0123456789abcdef0123456789abcdef"\nplatform = "aws"\n';
const NOBODY = 'http://127.0.0.1:1';

let host: StandInHost;
beforeEach(async () => {
  host = await startStandInHost({ releases: [standInRelease(0, { version: '1.0' })], booted: '1.0' });
});
afterEach(() => host.close());

/** A supervised agent, and its notifications one by one. */
async function start() {
  const folder = await mkdtemp(join(tmpdir(), 'beginning-'));
  const address = join(folder, 'notify.sock');
  const receiver = new LineProcess('/usr/bin/python3', [RECEIVER, address]);
  onTestFinished(async () => {
    await receiver.kill();
    await rm(folder, { recursive: true });
  });
  expect(await receiver.line()).toBe('ready');
  const agent = new AgentProcess({ ...host, env: { NOTIFY_SOCKET: address } });
  onTestFinished(() => agent[Symbol.asyncDispose]());
  const notified = async (wanted: RegExp): Promise<string> => {
    for (;;) {
      const message = JSON.parse(await receiver.line()) as string;
      if (wanted.test(message)) {
        return message;
      }
    }
  };
  return { agent, notified };
}

async function hasName(): Promise<unknown> {
  const link = await host.bus.link(AbortSignal.timeout(10_000));
  const reply = await link.call({
    destination: 'org.freedesktop.DBus',
    path: '/org/freedesktop/DBus',
    interface: 'org.freedesktop.DBus',
    member: 'NameHasOwner',
    signature: 's',
    body: [SERVICE_NAME],
    timeoutMs: 10_000,
  });
  return reply.body[0];
}

async function place(path: string, contents: string): Promise<void> {
  await mkdir(dirname(join(host.root, path)), { recursive: true });
  await writeFile(join(host.root, path), contents);
}

describe('diff 4: READY', () => {
  it('comes when the metrics socket and the D-Bus name answer, and polling is in the status', async () => {
    await writeAgentConfig(host.root, { baseUrl: NOBODY, more: `[identity]\n${IDENTITY}` });
    const { agent, notified } = await start();
    expect(await notified(/^READY=1/)).toMatch(/STATUS=periodically polling for updates/);
    expect(await hasName()).toBe(true);
    expect(await agent.metrics()).toContain('zincati_update_agent_health');
    expect(await agent.stop()).toEqual([0, null]);
  });

  it('is held for about two seconds at most when rpm-ostree hangs', async () => {
    setFaults(host.root, { kind: 'hang', method: 'RegisterClient', remaining: 100 });
    await writeAgentConfig(host.root, { baseUrl: NOBODY, more: `[identity]\n${IDENTITY}` });
    const begunAt = performance.now();
    const { agent, notified } = await start();
    await notified(/^READY=1/);
    const tookMs = performance.now() - begunAt;
    expect(tookMs).toBeGreaterThan(2000);
    // The limit is two seconds; the rest is this machine, which starts three processes meanwhile.
    expect(tookMs).toBeLessThan(8000);
    expect(await hasName()).toBe(true);
    expect(await agent.metrics()).toContain('zincati_update_agent_health');
    expect(await agent.stop()).toEqual([0, null]);
  });
});

describe('field 17: without the file of Afterburn', () => {
  const more = `[identity]\ngroup = "workers-\${AFTERBURN_AWS_REGION}"\n${IDENTITY}`;

  it('the agent is up, DEGRADED with the reason, and on its way when the file comes', async () => {
    await writeAgentConfig(host.root, { baseUrl: NOBODY, more });
    const { agent, notified } = await start();
    await notified(/^READY=1/);
    expect(await hasName()).toBe(true);
    await agent.says(/^error the configuration is not complete yet, waiting: .*afterburn does not exist/);
    const metrics = await agent.metrics();
    expect(metrics).toContain(
      'zincati_update_agent_health{level="DEGRADED",cause="configuration_awaited"} 1',
    );
    await place(ATTRIBUTES_FILE, 'AFTERBURN_AWS_REGION=eu-west-1\n');
    await agent.says(/^info agent running on node .*, in update group 'workers-eu-west-1'/);
    await agent.says(/^info updates are OK again/);
    await agent.says(/^info reached steady state/);
    expect(await notified(/^STATUS=periodically polling/)).toBeTruthy();
    expect(await agent.stop()).toEqual([0, null]);
  });

  it('the status says what is waited for, and the agent ends when it is told to', async () => {
    await writeAgentConfig(host.root, { baseUrl: NOBODY, more });
    const { agent, notified } = await start();
    expect(await notified(/STATUS=waiting for what the configuration needs/)).toMatch(
      /; updates are DEGRADED \(configuration_awaited\) since .*: .*identity\.group must be made from attribute AFTERBURN_AWS_REGION/,
    );
    expect(await agent.stop()).toEqual([0, null]);
  });

  it('a file that comes and is wrong ends the agent with 78, as a person must mend it', async () => {
    await writeAgentConfig(host.root, { baseUrl: NOBODY, more });
    const { agent } = await start();
    await agent.says(/^error the configuration is not complete yet/);
    await place(ATTRIBUTES_FILE, 'AFTERBURN_GCP_HOSTNAME=h\n');
    expect(await agent.exit()).toEqual([78, null]);
  });
});
