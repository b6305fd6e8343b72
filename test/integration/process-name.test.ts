/** What people see of the built agent in `ps`, `top` and `systemctl status`. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { unixAddress } from '../../src/dbus/address.ts';
import { AgentProcess, PROGRAM } from '../support/agent-process.ts';

it('the agent is called zincati, and its command line stays readable', async () => {
  const root = await mkdtemp(join(tmpdir(), 'process-name-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await writeAgentConfig(root, {
    baseUrl: 'http://127.0.0.1:9',
    more: 'identity.node_uuid = "0123456789abcdef0123456789abcdef"\nidentity.platform = "metal"\n',
  });
  await using agent = new AgentProcess({ root, busAddress: unixAddress(join(root, 'no-bus.sock')) });
  await agent.says(/^info starting update agent/);
  expect(readFileSync(`/proc/${agent.pid}/comm`, 'utf8')).toBe('zincati\n');
  const { stdout } = spawnSync('ps', ['-o', 'comm=,args=', '-p', String(agent.pid)], { encoding: 'utf8' });
  expect(stdout.trim()).toMatch(/^zincati +\S/);
  expect(stdout).toContain(` ${PROGRAM} agent -vv --log-format json --root ${root}`);
});
