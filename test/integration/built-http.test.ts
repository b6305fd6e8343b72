/** How the built agent speaks to its update server: its bundle has less of the libraries than other tests run. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { standInRelease } from '../../sandbox/stand-in.ts';
import { unitEnvironment } from '../../bench/unit-environment.ts';
import { AgentProcess } from '../support/agent-process.ts';
import { TestAuthority } from '../support/certificates.ts';
import { Loopback } from '../support/loopback.ts';
import { startStandInHost } from '../support/stand-in-host.ts';

const RELEASE = standInRelease(0, { version: '1.0' });
const GRAPH = JSON.stringify({
  nodes: [
    {
      version: '1.0',
      payload: RELEASE.checksum,
      metadata: {
        'org.fedoraproject.coreos.scheme': 'checksum',
        'org.fedoraproject.coreos.releases.age_index': '0',
        'org.fedoraproject.coreos.updates.deadend': 'true',
        'org.fedoraproject.coreos.updates.deadend_reason': 'the graph says so',
      },
    },
  ],
  edges: [],
});
const ANSWERED = /dead-end, reason: the graph says so/;

let loopback: Loopback;
beforeEach(() => void (loopback = new Loopback()));
afterEach(() => loopback.stop());

/** An agent of a node that trusts `authority` and asks the update server at `baseUrl`. */
async function start(
  baseUrl: string,
  authority: TestAuthority | undefined,
  env: Readonly<Record<string, string>> = {},
): Promise<AgentProcess> {
  const host = await startStandInHost({ releases: [RELEASE], booted: '1.0' });
  onTestFinished(() => host.close());
  await writeAgentConfig(host.root, {
    baseUrl,
    more: 'identity.node_uuid = "0123456789abcdef0123456789abcdef"\nidentity.platform = "metal"\n',
  });
  const store = join(host.root, 'authorities.pem');
  writeFileSync(store, authority?.cert ?? '');
  // Where OpenSSL looks for the host's store, instead of /etc/ssl and /etc/pki.
  const agent = new AgentProcess({ ...host, env: { ...unitEnvironment(), SSL_CERT_FILE: store, ...env } });
  onTestFinished(() => agent[Symbol.asyncDispose]());
  return agent;
}

async function serve(authority: TestAuthority) {
  return loopback.https(await authority.issue('IP:127.0.0.1'), (_request, reply) => reply.end(GRAPH));
}

describe('over TLS', () => {
  it('it trusts the authorities of the host, as the unit starts it', async () => {
    await using authority = await TestAuthority.create('a company');
    const agent = await start((await serve(authority)).url, authority);
    await agent.says(ANSWERED);
  });

  it('it trusts those of its runtime alone where NODE_USE_SYSTEM_CA=0 says so', async () => {
    await using authority = await TestAuthority.create('a company');
    const agent = await start((await serve(authority)).url, authority, { NODE_USE_SYSTEM_CA: '0' });
    await agent.says(/^error failed to check Cincinnati for updates: .*certificate/);
  });

  it('it goes through a proxy', async () => {
    await using authority = await TestAuthority.create('a company');
    const seen: string[] = [];
    const [server, proxy] = [await serve(authority), await loopback.proxy(seen)];
    const agent = await start(server.url, authority, { https_proxy: proxy.url, no_proxy: '' });
    await agent.says(ANSWERED);
    expect(seen).toEqual([`CONNECT 127.0.0.1:${server.port}`]);
  });
});

it('it goes through a proxy without TLS', async () => {
  const seen: string[] = [];
  const proxy = await loopback.proxy(seen);
  const agent = await start('http://updates.invalid', undefined, { http_proxy: proxy.url, no_proxy: '' });
  await agent.says(/^error failed to check Cincinnati for updates: .*must be JSON/);
  expect(seen[0]).toMatch(/^(?:GET|CONNECT) /);
});
