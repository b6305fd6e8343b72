/** R3: the built agent is killed while rpm-ostree stages, and rpm-ostree's own check fails before it is there again. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { startCincinnatiServer } from '../../sandbox/cincinnati-server.ts';
import { carriedHistory } from '../../sandbox/releases.ts';
import { setFaults, stagedDeployment, standInRelease } from '../../sandbox/stand-in.ts';
import { SYSTEM_CLOCK } from '../../src/host/clock.ts';
import { AgentProcess } from '../support/agent-process.ts';
import { startStandInHost, type StandInHost } from '../support/stand-in-host.ts';

const BYTES = 100e6;

/** Its download takes two seconds; nothing allows a reboot. */
async function updatingHost(): Promise<StandInHost> {
  const history = await carriedHistory('stable');
  const releases = history.entries
    .slice(-2)
    .map(({ digest, version }, index) => standInRelease(index, { checksum: digest, version, bytes: BYTES }));
  const host = await startStandInHost(
    { releases, booted: releases[0]!.version },
    { bytesPerSecond: BYTES / 2 },
  );
  onTestFinished(() => host.close());
  const server = await startCincinnatiServer({
    history,
    stream: 'stable',
    basearch: 'x86_64',
    clock: SYSTEM_CLOCK,
  });
  onTestFinished(() => server.stop());
  await writeAgentConfig(host.root, {
    baseUrl: server.baseUrl,
    more: `identity.node_uuid = "0123456789abcdef0123456789abcdef"
identity.platform = "metal"
identity.rollout_wariness = 0.0
updates.strategy = "marker"
`,
  });
  await mkdir(join(host.root, 'proc/sys/kernel/random'), { recursive: true });
  await writeFile(join(host.root, 'proc/sys/kernel/random/boot_id'), 'one-boot\n');
  return host;
}

function start(host: StandInHost): AgentProcess {
  const agent = new AgentProcess(host);
  onTestFinished(() => agent[Symbol.asyncDispose]());
  return agent;
}

/** Resolves when the transaction that a killed agent has left is over. Drops nothing. */
async function transactionOver({ newClient }: StandInHost): Promise<void> {
  const client = newClient();
  const timeout = 60_000;
  // Asked without a pause, the stand-in would get nothing else done.
  await vi.waitFor(
    async () => {
      const { activeTransaction } = await client.status('fresh', AbortSignal.timeout(timeout));
      expect(activeTransaction).toBeUndefined();
    },
    { timeout, interval: 50 },
  );
}

describe('R3: an agent that is killed before it hears that the check of a release has failed', () => {
  it('does not go on with what is staged: it is dropped, and staged anew', async () => {
    const host = await updatingHost();
    setFaults(host.root, { kind: 'sanity-check-fails', remaining: 1 });
    const killed = start(host);
    await killed.says(/^debug fetching objects: 100 of 200/);
    await killed[Symbol.asyncDispose]();
    await transactionOver(host);
    expect(stagedDeployment(host.root)).toMatchObject({ finalizationLocked: true });
    const next = start(host);
    await next.says(/^info update staged/);
    const dropped = await next.says(
      /^info dropped the staged deployment .*: it is staged anew, since nobody saw it succeed/,
    );
    const staging = await next.says(/^debug UpdateAvailable: stage/);
    const staged = await next.says(/^info update staged/);
    expect([dropped, staging, staged].toSorted((a, b) => a - b)).toEqual([dropped, staging, staged]);
  });
});
