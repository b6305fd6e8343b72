/** The built agent beside another one, as another user, with a record that it may not read, and after crashes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { standInRelease } from '../../sandbox/stand-in.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { toText } from '../../src/agent/record-text.ts';
import { EMPTY_RECORD } from '../../src/agent/record.ts';
import { CRASHES_BEFORE_REST } from '../../src/history/crash-count.ts';
import { AgentProcess, PROGRAM } from '../support/agent-process.ts';
import { startStandInHost, type StandInHost } from '../support/stand-in-host.ts';

async function newHost(): Promise<StandInHost> {
  const host = await startStandInHost({ releases: [standInRelease(0, { version: '1.0' })], booted: '1.0' });
  onTestFinished(() => host.close());
  await writeAgentConfig(host.root, {
    baseUrl: 'http://127.0.0.1:1',
    more: 'identity.node_uuid = "0123456789abcdef0123456789abcdef"\nidentity.platform = "metal"\n',
  });
  return host;
}

function start(host: StandInHost): AgentProcess {
  const agent = new AgentProcess(host);
  onTestFinished(() => agent[Symbol.asyncDispose]());
  return agent;
}

describe('F13: a second agent', () => {
  it('ends with a reason, before it does anything; the first goes on, and a later one starts', async () => {
    const host = await newHost();
    const first = start(host);
    await first.says(/^info reached steady state/);
    const second = start(host);
    expect(await second.exit()).toEqual([EXIT.failure, null]);
    expect(second.said.join('\n')).toMatch(
      /^error critical error: cannot start: no other update agent must be running, got one that holds .*\/lock\./m,
    );
    expect(second.said.join('\n')).not.toContain('StartState');
    await first[Symbol.asyncDispose]();
    const third = start(host);
    await third.says(/^info reached steady state/);
    expect(await third.stop()).toEqual([0, null]);
  });
});

describe('diff 2: the agent by hand', () => {
  it('ends at once, in the words of Zincati', () => {
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, 'agent', '--log-format', 'text'], {
      encoding: 'utf8',
    });
    expect(status).toBe(EXIT.failure);
    expect(stderr).toContain('critical error: update agent not running as `zincati` user');
  });
});

describe('F10: a record of root', () => {
  it.runIf(process.getuid?.() === 0)(
    'stays where it is, and the agent says that it cannot read it',
    async () => {
      const host = await newHost();
      const folder = join(host.root, 'var/lib/zincati');
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(join(folder, 'state.json'), toText(EMPTY_RECORD), { mode: 0o600 });
      chownSync(folder, 65_534, 65_534);
      chmodSync(host.root, 0o755);
      execFileSync('chmod', ['-R', 'a+rX', join(host.root, 'etc')]);
      const setpriv = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, PROGRAM];
      const { status, stderr } = spawnSync(
        'timeout',
        [
          '--signal=TERM',
          '8',
          'setpriv',
          ...setpriv,
          'agent',
          '-v',
          '--log-format',
          'text',
          '--root',
          host.root,
        ],
        { encoding: 'utf8', env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: host.busAddress } },
      );
      expect(stderr).toMatch(/cannot read .*state\.json: permission denied \(EACCES\); it is left as it is/);
      expect(status).toBe(124);
      expect(readdirSync(folder).filter((name) => name.startsWith('state'))).toEqual(['state.json']);
      expect(readFileSync(join(folder, 'state.json'), 'utf8')).toBe(toText(EMPTY_RECORD));
    },
  );
});

describe('F2: crash after crash', () => {
  it('ends in an agent that is up, idle and says why; a clean stop ends that', async () => {
    const host = await newHost();
    for (let crash = 0; crash < CRASHES_BEFORE_REST; crash += 1) {
      const agent = start(host);
      await agent.says(/^debug StartState: read-status/);
      await agent[Symbol.asyncDispose]();
    }
    const resting = start(host);
    await resting.says(
      /^error the last 3 starts crashed: idle until .* UTC, with neither checks nor staging/,
    );
    await resting.says(
      /^warn updates are DEGRADED: the agent crashed 3 times in a row: its journal says why/,
    );
    await expect
      .poll(() => resting.metrics().catch(() => ''), { timeout: 10_000 })
      .toMatch(/^zincati_update_agent_health\{[^}]*cause="crashing"[^}]*\} 1$/m);
    expect(resting.said.join('\n')).not.toContain('StartState');
    expect(await resting.stop()).toEqual([0, null]);
    const next = start(host);
    await next.says(/^debug StartState: read-status/);
    expect(await next.stop()).toEqual([0, null]);
  });
});
