/** The built agent with bad input: configuration, graphs, a daemon's answers, its own state file. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { startCincinnatiServer } from '../../sandbox/cincinnati-server.ts';
import { carriedHistory } from '../../sandbox/releases.ts';
import { setFaults, standInRelease } from '../../sandbox/stand-in.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { AgentProcess } from '../support/agent-process.ts';
import { startStandInHost, type StandInHost } from '../support/stand-in-host.ts';

const RELEASE = standInRelease(0, { version: '1.0' });
const BAD = 'state.json.bad-1';

async function hostWith(
  ...files: readonly (readonly [path: string, contents: string])[]
): Promise<StandInHost> {
  const host = await startStandInHost({ releases: [RELEASE], booted: '1.0' });
  onTestFinished(() => host.close());
  for (const [path, contents] of files) {
    await mkdir(dirname(join(host.root, path)), { recursive: true });
    await writeFile(join(host.root, path), contents);
  }
  return host;
}

async function start(host: StandInHost, baseUrl = 'http://127.0.0.1:1'): Promise<AgentProcess> {
  await writeAgentConfig(host.root, {
    baseUrl,
    more: 'identity.node_uuid = "0123456789abcdef0123456789abcdef"\nidentity.platform = "metal"\n',
  });
  const agent = new AgentProcess(host);
  onTestFinished(() => agent[Symbol.asyncDispose]());
  return agent;
}

/** Answers each request with the next body, and repeats the last one from then on. */
async function serve(...bodies: readonly string[]): Promise<string> {
  let next = 0;
  const server = createServer((_request, response) => {
    const body = bodies[Math.min(next++, bodies.length - 1)];
    response.setHeader('content-type', 'application/json').end(body);
  }).listen(0, '127.0.0.1');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const GOOD_GRAPH = JSON.stringify({
  nodes: [
    {
      version: '1.0',
      payload: RELEASE.checksum,
      metadata: {
        'org.fedoraproject.coreos.scheme': 'checksum',
        'org.fedoraproject.coreos.releases.age_index': '0',
      },
    },
  ],
  edges: [],
});

describe('configuration', () => {
  it('B27: ends with the code for it, and names every file and key that is wrong, in one go', async () => {
    const host = await hostWith(
      ['etc/zincati/config.d/60-syntax.toml', 'updates = \n'],
      [
        'etc/zincati/config.d/70-values.toml',
        'updates.strategy = "sometimes"\nidentity.rollout_wariness = 7\n',
      ],
    );
    await symlink('/nowhere', join(host.root, 'etc/zincati/config.d/80-link.toml'));
    const agent = await start(host);
    expect(await agent.exit()).toEqual([EXIT.config, null]);
    const said = agent.said.join('\n');
    for (const part of [
      '60-syntax.toml: line 1 must be TOML',
      '70-values.toml: updates.strategy must be one of',
      '70-values.toml: identity.rollout_wariness must be',
      '80-link.toml: ignored, the symbolic link leads to /nowhere',
    ]) {
      expect(said).toContain(part);
    }
  });

  it('B20: goes on beside what is no file, and says so', async () => {
    const host = await hostWith();
    const folder = join(host.root, 'etc/zincati/config.d');
    await mkdir(join(folder, '60-folder.toml'), { recursive: true });
    expect(spawnSync('mkfifo', [join(folder, '70-fifo.toml')]).status).toBe(0);
    const agent = await start(host, await serve(GOOD_GRAPH));
    await agent.says(/^info reached steady state/);
    expect(agent.said.join('\n')).toMatch(/^warn .*60-folder\.toml.*$/m);
    expect(agent.said.join('\n')).toMatch(/^warn .*70-fifo\.toml.*$/m);
    expect(await agent.stop()).toEqual([0, null]);
  });
});

describe('graphs', () => {
  it('that are none are survived, told once, counted, and gone on from when a good one comes', async () => {
    const bad = ['null', '[]', '{"nodes": 5}', '{"nodes": [], "edges": {}}', '['.repeat(100_000), '"\\ud800'];
    const agent = await start(await hostWith(), await serve(...bad, GOOD_GRAPH));
    await agent.says(/^info checking Cincinnati for updates works again/);
    const failures = agent.said.filter((line) => /^(error|warn) failed to check Cincinnati/.test(line));
    expect(failures).toHaveLength(1);
    expect(await agent.metrics()).toContain(
      `zincati_cincinnati_update_checks_errors_total{kind="client_failed_json_decoding"} ${bad.length}`,
    );
    expect(await agent.stop()).toEqual([0, null]);
  });

  it('survives a server that answers without end, breaks off and refuses, in bounded memory', async () => {
    const server = await startCincinnatiServer({
      history: await carriedHistory('stable'),
      stream: 'stable',
      basearch: 'x86_64',
      clock: Date,
    });
    onTestFinished(() => server.stop());
    server.addFault({ kind: 'endless', remaining: 1 });
    server.addFault({ kind: 'cut', remaining: 1 });
    server.addFault({ kind: 'status', status: 503, remaining: 1 });
    const agent = await start(await hostWith(), server.baseUrl);
    await agent.says(/^info checking Cincinnati for updates works again/);
    expect(await agent.peakMemory()).toBeLessThan(150_000_000);
    const metrics = await agent.metrics();
    expect(metrics).toContain(
      'zincati_cincinnati_update_checks_errors_total{kind="client_failed_request"} 2',
    );
    expect(metrics).toContain('zincati_cincinnati_update_checks_errors_total{kind="fault_on_demand"} 1');
  });
});

describe("rpm-ostree's daemon", () => {
  it('may answer with other types: that is said, and read again', async () => {
    const host = await hostWith();
    setFaults(host.root, { kind: 'wrong-types', where: 'booted', remaining: 1 });
    const agent = await start(host, await serve(GOOD_GRAPH));
    await agent.says(/rpm_ostree_malformed_reply|cannot read a deployment/);
    await agent.says(/^info reached steady state/);
    expect(await agent.metrics()).toMatch(/^zincati_rpm_ostree_status_failures_total [1-9]/m);
  });
});

describe('the state file', () => {
  const STATE = 'var/lib/zincati/state.json';

  it.each([
    ['cut off', '{"format":1,"denials":['],
    ['of other types', '{"format":1,"denials":"none","boots":{}}'],
    ['empty', ''],
  ])('that is %s is put aside, and the agent works', async (_what, contents) => {
    const host = await hostWith([STATE, contents]);
    const agent = await start(host, await serve(GOOD_GRAPH));
    await agent.says(/^info reached steady state/);
    await agent.says(/cannot use .*state\.json|state\.json.*left out/);
    expect(await agent.stop()).toEqual([0, null]);
    const left = await readdir(join(host.root, dirname(STATE)));
    expect(left).toContain('state.json');
    if (left.includes(BAD)) {
      expect(await readFile(join(host.root, dirname(STATE), BAD), 'utf8')).toBe(contents);
    }
  });

  it('that is a folder is put aside as well', async () => {
    const host = await hostWith([`${STATE}/inside`, '']);
    const agent = await start(host, await serve(GOOD_GRAPH));
    await agent.says(/cannot use .*state\.json/);
    await agent.says(/^info reached steady state/);
  });

  it('that is a FIFO holds nothing up', async () => {
    const host = await hostWith(['var/lib/zincati/keep', '']);
    expect(spawnSync('mkfifo', [join(host.root, STATE)]).status).toBe(0);
    const agent = await start(host, await serve(GOOD_GRAPH));
    await agent.says(/cannot use .*state\.json/);
    await agent.says(/^info reached steady state/);
  });

  it('that cannot be written stops no polling, and every reboot', async () => {
    const host = await hostWith(['var/lib/zincati', 'a file in the place of the folder']);
    const agent = await start(host, await serve(GOOD_GRAPH));
    await agent.says(/failed to write the state file, no reboot is asked for until it works/);
    await agent.says(/^info reached steady state/);
    expect(await agent.stop()).toEqual([0, null]);
  });
});
