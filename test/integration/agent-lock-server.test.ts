/** The built agent and a lock server that works, fails, or is missing: updates continue, slots come back. */
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'vitest';
import type { LockFault } from '../../sandbox/lock-fault.ts';
import { startLockServer, type LockServer, type LockServerOptions } from '../../sandbox/lock-server.ts';
import { bootNext, setFaults, stagedDeployment } from '../../sandbox/stand-in.ts';
import { TestAuthority, type Issued } from '../support/certificates.ts';
import { fakeSession, type LogindState } from '../support/fake-logind.ts';
import { freePort } from '../support/loopback.ts';
import { NODE_UUID, ReleasedHost } from '../support/released-host.ts';

const GROUP = 'default';
/** More slots than any agent takes in a test. */
const ALWAYS = 1000;
const LOGIND = join(import.meta.dirname, '../support/logind.py');
const APPLIED = /^info update applied, waiting for reboot/;

interface Differences {
  readonly sessions?: LogindState;
  /** How long the agent waits for an answer of the lock server. By default longer than any answer takes. */
  readonly timeoutSecs?: number;
}

async function hostOf(
  { onTestFinished }: TestContext,
  baseUrl: string,
  { sessions, timeoutSecs = 120 }: Differences = {},
): Promise<ReleasedHost> {
  const host = await ReleasedHost.start({
    booted: 'oldest',
    config: `updates.strategy = "fleet_lock"
updates.fleet_lock.base_url = "${baseUrl}"
updates.fleet_lock.timeout_secs = ${timeoutSecs}`,
    services: (root) => {
      if (sessions === undefined) {
        return [];
      }
      const file = join(root, 'logind.json');
      writeFileSync(file, JSON.stringify(sessions));
      return [{ name: 'org.freedesktop.login1', exec: `/usr/bin/python3 "${LOGIND}" "${file}"` }];
    },
  });
  onTestFinished(() => host[Symbol.asyncDispose]());
  return host;
}

async function lockServer(
  { onTestFinished }: TestContext,
  tls?: Issued,
  options: Partial<LockServerOptions> = {},
): Promise<LockServer> {
  const server = await startLockServer({
    groups: { [GROUP]: 1 },
    clock: Date,
    ...(tls !== undefined && { tls }),
    ...options,
  });
  onTestFinished(() => server.stop());
  return server;
}

/** `steady 200`, `pre 409`, ... */
function story({ requests }: LockServer): string[] {
  return requests.map(
    ({ api, status, fault }) => `${api === 'pre-reboot' ? 'pre' : 'steady'} ${fault ?? status}`,
  );
}

interface Sick {
  readonly what: string;
  readonly fault?: LockFault;
  readonly timeoutSecs?: number;
  readonly said: RegExp;
  /** In the metric's form. */
  readonly kind: string;
}

const SICK: readonly Sick[] = [
  { what: 'is not there', said: /connection refused/, kind: 'client_failed_request' },
  {
    what: 'never answers',
    fault: { kind: 'hang', remaining: ALWAYS },
    timeoutSecs: 1,
    said: /the answer must be complete within 1 s$/,
    kind: 'client_failed_request',
  },
  {
    what: 'fails',
    fault: { kind: 'status', status: 500, remaining: ALWAYS },
    said: /got 500; it says: fault_on_demand/,
    kind: 'fault_on_demand',
  },
  {
    what: 'fails in JSON of other types',
    fault: { kind: 'status', status: 500, body: '{"kind":["a"],"value":{}}', remaining: ALWAYS },
    said: /got 500; it says: status 500, without a reason/,
    kind: 'generic_http_500',
  },
  {
    what: 'fails in no JSON',
    fault: { kind: 'status', status: 502, body: '<html>{"kind":', remaining: ALWAYS },
    said: /got 502; it says: status 502, without a reason/,
    kind: 'generic_http_502',
  },
  {
    what: 'speaks no HTTP',
    fault: { kind: 'garbage', remaining: ALWAYS },
    said: /cannot POST/,
    kind: 'client_failed_request',
  },
];

describe.concurrent('a lock server that', () => {
  it.for(SICK)('B24: $what stops the reboot alone', async ({ fault, timeoutSecs, said, kind }, context) => {
    const { expect } = context;
    const server = await lockServer(context);
    if (fault !== undefined) {
      server.addFault(fault);
    }
    const host = await hostOf(
      context,
      fault === undefined ? `http://127.0.0.1:${await freePort()}` : server.baseUrl,
      { ...(timeoutSecs !== undefined && { timeoutSecs }) },
    );
    const agent = host.startAgent();
    const steady = await agent.says(/^error failed to report steady state, trying again in the background/);
    expect(agent.said[steady]).toMatch(said);
    await agent.says(/^info update staged: /);
    const held = await agent.says(/^error failed to ask the update strategy: cannot take a reboot slot/);
    expect(agent.said[held]).toMatch(said);
    // The agent keeps looking for updates, with the release staged and locked.
    const checks = host.server.requests.length;
    const again = await agent.says(/^debug UpdateStaged: check/, held);
    await agent.says(/^debug UpdateStaged: check/, again + 1);
    expect(host.server.requests.length).toBeGreaterThan(checks);
    expect(stagedDeployment(host.root)?.finalizationLocked).toBe(true);
    expect(agent.said.join('\n')).not.toContain('proceeding to finalize it');
    const metrics = await agent.metrics();
    for (const api of ['steady-state', 'pre-reboot']) {
      expect(metrics).toMatch(
        new RegExp(`^zincati_strategy_fleet_lock_errors_total\\{api="${api}",kind="${kind}"\\} [1-9]`, 'm'),
      );
      const answers = `^zincati_strategy_fleet_lock_answers_total\\{api="${api}",answer`;
      expect(metrics).toMatch(new RegExp(`${answers}="(?:uncertain|failed)"\\} [1-9]`, 'm'));
      expect(metrics).not.toMatch(new RegExp(`${answers}="(?:yes|no|under-way)"\\} [1-9]`, 'm'));
    }
    expect(await agent.stop()).toEqual([0, null]);
  });

  it('B24: shows a certificate of nobody known stops the reboot alone', async (context) => {
    const { expect } = context;
    await using authority = await TestAuthority.create('nobody');
    const server = await lockServer(context, await authority.issue('IP:127.0.0.1'));
    const host = await hostOf(context, server.baseUrl);
    const agent = host.startAgent();
    await agent.says(/^error failed to report steady state.*certificate was issued by an unknown authority/);
    await agent.says(/^info update staged: /);
    await agent.says(/^error failed to ask the update strategy: .*unknown authority/);
    expect(server.requests).toEqual([]);
    expect(stagedDeployment(host.root)?.finalizationLocked).toBe(true);
    expect(await agent.stop()).toEqual([0, null]);
  });

  it('fails for a while is asked again, and then the reboot comes', async (context) => {
    const { expect } = context;
    const server = await lockServer(context);
    server.addFault({ kind: 'status', api: 'pre-reboot', status: 503, remaining: 2 });
    const host = await hostOf(context, server.baseUrl);
    const agent = host.startAgent();
    await agent.says(APPLIED);
    expect(story(server).filter((line) => line.startsWith('pre'))).toEqual([
      'pre status',
      'pre status',
      'pre 200',
    ]);
    expect(await server.holders(GROUP)).toEqual([NODE_UUID]);
    expect(stagedDeployment(host.root)?.finalizationLocked).toBe(false);
  });
});

describe.concurrent('a reboot slot', () => {
  it('B4: is given back when rpm-ostree refuses, before it is asked for again', async (context) => {
    const { expect } = context;
    const server = await lockServer(context);
    const host = await hostOf(context, server.baseUrl);
    setFaults(host.root, { kind: 'finalize-fails', remaining: 1 });
    const agent = host.startAgent();
    await agent.says(APPLIED);
    expect(story(server)).toEqual(['steady 200', 'pre 200', 'steady 200', 'pre 200']);
  });

  it('B5: is not asked for while somebody is logged in', async (context) => {
    const { expect } = context;
    const server = await lockServer(context);
    const host = await hostOf(context, server.baseUrl, { sessions: { sessions: [fakeSession()] } });
    const agent = host.startAgent();
    const at = await agent.says(/^info reboot delayed due to active user sessions: core on pts\/7/);
    await agent.says(/^debug UpdateStaged: waiting/, at);
    expect(story(server)).toEqual(['steady 200']);
    expect(await agent.stop()).toEqual([0, null]);
    expect(story(server)).toEqual(['steady 200']);
  });

  it('is given back after the reboot by the next process, which tries until the server has heard it', async (context) => {
    const { expect } = context;
    const server = await lockServer(context);
    const host = await hostOf(context, server.baseUrl);
    const before = host.startAgent();
    await before.says(APPLIED);
    expect(await before.stop()).toEqual([0, null]);
    expect(await server.holders(GROUP)).toEqual([NODE_UUID]);
    const asked = server.requests.length;
    server.addFault({ kind: 'status', api: 'steady-state', status: 503, remaining: 1 });
    bootNext(host.root);
    const after = host.startAgent();
    await after.says(/^info booted release '.*', as asked for/);
    await after.says(/^error failed to report steady state, trying again in the background: .*got 503/);
    await after.says(/^info reporting steady state works again after 1 failed attempt/);
    // In between the slot is not taken for another reboot.
    expect(story(server).slice(asked, asked + 2)).toEqual(['steady status', 'steady 200']);
    expect(await after.stop()).toEqual([0, null]);
  });
});

describe.concurrent('a server that drains the node before it says yes', () => {
  it.for(['poseidon', 'heathcliff26'] as const)(
    'field 1, field 2: %s is waited for and asked again, drains once, and lets the node in after no refusal',
    async (flavour, context) => {
      const { expect } = context;
      const drained: string[] = [];
      const server = await lockServer(context, undefined, {
        flavour,
        // Longer than the limit of a request, which is a second.
        drainMs: 3500,
        onDrain: (_, event) => drained.push(event),
      });
      const host = await hostOf(context, server.baseUrl, { timeoutSecs: 1 });
      const agent = host.startAgent();
      await agent.says(APPLIED);
      expect(drained).toEqual(['drain']);
      expect(await server.holders(GROUP)).toEqual([NODE_UUID]);
      expect(story(server).filter((line) => line.startsWith('steady'))).toEqual(['steady 200']);
    },
  );

  it('field 2: keeps neither a reload nor the end of the agent waiting, and the next life gives back', async (context) => {
    const { expect } = context;
    const events: string[] = [];
    const began = Promise.withResolvers<undefined>();
    const server = await lockServer(context, undefined, {
      flavour: 'poseidon',
      drainMs: 600_000,
      onDrain: (_, event) => {
        events.push(event);
        began.resolve(undefined);
      },
    });
    const host = await hostOf(context, server.baseUrl, { timeoutSecs: 1800 });
    const agent = host.startAgent();
    await began.promise;
    writeFileSync(
      join(host.root, 'etc/zincati/config.d/95-later.toml'),
      'agent.timing.reboot_overdue_secs = 1000',
    );
    const reloadedAt = performance.now();
    process.kill(agent.pid, 'SIGHUP');
    const inUse = await agent.says(/^info the new configuration is in use/);
    expect(performance.now() - reloadedAt).toBeLessThan(10_000);
    // The same lock server: it is asked again, and the drain goes on.
    await agent.says(/^debug UpdateStaged: acquire-slot/, inUse);
    expect(events).toEqual(['drain']);
    const endedAt = performance.now();
    expect(await agent.stop()).toEqual([0, null]);
    expect(performance.now() - endedAt).toBeLessThan(10_000);
    expect(await server.holders(GROUP)).toEqual([NODE_UUID]);
    // F8: another address by now, and still the slot goes back where it was taken.
    const other = await lockServer(context);
    writeFileSync(
      join(host.root, 'etc/zincati/config.d/96-other.toml'),
      `updates.fleet_lock.base_url = "${other.baseUrl}"`,
    );
    const after = host.startAgent();
    await after.says(/^info reached steady state/);
    expect(events).toEqual(['drain', 'uncordon']);
    expect(await server.holders(GROUP)).toEqual([]);
    expect(story(other).slice(0, 1)).toEqual(['steady 200']);
    expect(await after.stop()).toEqual([0, null]);
  });
});
