/** Field 23: the built agent on a node whose images somebody else builds, stages past it, and boots. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { startCincinnatiServer } from '../../sandbox/cincinnati-server.ts';
import { carriedHistory } from '../../sandbox/releases.ts';
import {
  bootNext,
  editSysroot,
  readSysroot,
  stagedDeployment,
  standInRelease,
  type StandInDeployment,
} from '../../sandbox/stand-in.ts';
import { SYSTEM_CLOCK } from '../../src/host/clock.ts';
import { AgentProcess } from '../support/agent-process.ts';
import { startStandInHost, type StandInHost } from '../support/stand-in-host.ts';

const IMAGE = 'registry.example.com/k8s/node-image';
const FOLLOWED = `ostree-unverified-image:docker://${IMAGE}:latest`;
const FIRST = standInRelease(0, {
  version: '1.28',
  image: IMAGE,
  digest: `sha256:${'1'.repeat(64)}`,
  streamIn: [],
});
const NEXT = standInRelease(1, {
  version: '1.29',
  image: IMAGE,
  digest: `sha256:${'2'.repeat(64)}`,
  streamIn: [],
});
const { checksum, version, timestamp, digest } = NEXT;
const NEXT_DEPLOYED = { checksum, version, timestamp, ...(digest !== undefined && { digest }) };
const OFF = '[updates]\nenabled = false\n';
const IDENTITY = 'identity.node_uuid = "0123456789abcdef0123456789abcdef"\nidentity.platform = "metal"\n';

async function clusterNode(): Promise<StandInHost> {
  const host = await startStandInHost({
    osname: 'nestos',
    releases: [FIRST, NEXT],
    booted: FIRST.version,
    imageReference: FOLLOWED,
  });
  onTestFinished(() => host.close());
  return host;
}

async function configure(root: string, more: string, baseUrl = 'http://127.0.0.1:1'): Promise<void> {
  await writeAgentConfig(root, { baseUrl, more: IDENTITY + more });
}

function start(host: StandInHost): AgentProcess {
  const agent = new AgentProcess(host);
  onTestFinished(() => agent[Symbol.asyncDispose]());
  return agent;
}

/** As `rpm-ostree rebase --bypass-driver` leaves it. */
function rebase(root: string): StandInDeployment {
  editSysroot(root, (sysroot) => {
    const booted = sysroot.deployments.find((deployment) => deployment.booted)!;
    const staged = {
      ...booted,
      ...NEXT_DEPLOYED,
      serial: 1,
      booted: false,
      staged: true,
      finalizationLocked: false,
    };
    return { ...sysroot, deployments: [staged, ...sysroot.deployments] };
  });
  return stagedDeployment(root)!;
}

function complaints({ said }: AgentProcess): string[] {
  return said.filter((line) => /^(?:warn|error|stderr)/.test(line));
}

describe('field 23: a node of a cluster', () => {
  it('is up and says nothing where updates are switched off, and leaves alone what is staged', async () => {
    const host = await clusterNode();
    await configure(host.root, OFF);
    const agent = start(host);
    await agent.says(/auto-updates logic disabled by configuration/);
    const staged = rebase(host.root);
    // A reading after the rebase.
    const from = agent.said.length;
    await writeFile(join(host.root, 'etc/zincati/config.d/90-more.toml'), `${IDENTITY}${OFF}# again\n`);
    process.kill(agent.pid, 'SIGHUP');
    await agent.says(/the configuration was read again/, from);
    expect(await agent.metrics()).toContain('zincati_update_agent_health{level="OK",cause="none"} 1');
    expect(stagedDeployment(host.root)).toEqual(staged);
    expect(readSysroot(host.root).driver).toBeNull();
    expect(complaints(agent)).toEqual([]);
    expect(await agent.stop()).toEqual([0, null]);
    bootNext(host.root);
    const again = start(host);
    await again.says(/auto-updates logic disabled by configuration/);
    expect(complaints(again)).toEqual([]);
    expect(await again.stop()).toEqual([0, null]);
  });

  it('is told once to be off the graph where there is one, and holds nobody’s reboot', async () => {
    const host = await clusterNode();
    // It knows the releases of the distribution, and no image that somebody has derived from one.
    const server = await startCincinnatiServer({
      history: await carriedHistory('stable'),
      stream: 'stable',
      basearch: 'x86_64',
      clock: SYSTEM_CLOCK,
    });
    onTestFinished(() => server.stop());
    await configure(host.root, 'identity.stream = "stable"\n', server.baseUrl);
    const agent = start(host);
    await agent.says(/not found in the update graph/);
    const staged = rebase(host.root);
    const told = await agent.says(/'1\.29' is staged, and not by this agent/);
    for (let checks = 0, from = told; checks < 3; checks++) {
      from = (await agent.says(/^trace OffGraph: check|^debug OffGraph: check/, from)) + 1;
    }
    expect(stagedDeployment(host.root)).toEqual(staged);
    expect(complaints(agent).filter((line) => line.includes('update graph'))).toHaveLength(1);
    expect(bootNext(host.root).version).toBe(NEXT.version);
  });
});
