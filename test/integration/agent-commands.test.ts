/** Zincati's small commands, beside a running agent. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { standInRelease } from '../../sandbox/stand-in.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { MOTD_FILES, MOTD_FOLDER } from '../../src/host/motd.ts';
import { AgentProcess, PROGRAM } from '../support/agent-process.ts';
import { startStandInHost, type StandInHost } from '../support/stand-in-host.ts';

const CONFIG = [
  'identity.node_uuid = "0123456789abcdef0123456789abcdef"',
  'identity.platform = "metal"',
  '',
].join('\n');

async function aHost(): Promise<StandInHost> {
  const host = await startStandInHost({ releases: [standInRelease(0, { version: '1.0' })], booted: '1.0' });
  onTestFinished(() => host.close());
  await writeAgentConfig(host.root, { baseUrl: 'http://127.0.0.1:1', more: CONFIG });
  return host;
}

function start(host: StandInHost): AgentProcess {
  const agent = new AgentProcess(host);
  onTestFinished(() => agent[Symbol.asyncDispose]());
  return agent;
}

async function zincati(host: StandInHost, ...args: string[]) {
  const child = spawn(process.execPath, [PROGRAM, '--root', host.root, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: host.busAddress },
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

it('moos, and says when it last went to work', async () => {
  const host = await aHost();
  const agent = start(host);
  await agent.says(/^info reached steady state/);
  await agent.says(/^debug NoNewUpdate: waiting/);
  expect(await zincati(host, 'ex', 'moo')).toEqual({ code: 0, stdout: 'moo.\n', stderr: '' });
  expect((await zincati(host, 'ex', 'moo', '--talkative')).stdout).toBe('Moooo mooo moooo!\n');
  const { code, stdout } = await zincati(host, 'ex', 'last-refresh-time');
  expect(code).toBe(0);
  expect(Number(/\d{9,}/.exec(stdout)?.[0])).toBeGreaterThan(1.6e9);
});

it('says what is wrong when there is nobody to moo', async () => {
  const { code, stdout, stderr } = await zincati(await aHost(), 'ex', 'moo');
  expect([code, stdout]).toEqual([EXIT.failure, '']);
  expect(stderr).toContain('org.coreos.zincati');
});

it('sets and unsets the dead-end notice, readable for everybody', async () => {
  const host = await aHost();
  await mkdir(join(host.root, 'run/motd.d'), { recursive: true });
  const file = join(host.root, MOTD_FOLDER, MOTD_FILES.deadend);
  expect(await zincati(host, 'deadend-motd', 'set', '--reason', 'too old')).toMatchObject({ code: 0 });
  expect(await readFile(file, 'utf8')).toBe(
    'This release is a dead-end and will not further auto-update: too old\n',
  );
  expect((await stat(file)).mode & 0o777).toBe(0o644);
  expect(await zincati(host, 'deadend-motd', 'unset')).toMatchObject({ code: 0 });
  await expect(access(file)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await zincati(host, 'deadend-motd', 'unset')).toMatchObject({ code: 0 });
  expect(await zincati(host, 'deadend-motd', 'set')).toMatchObject({ code: EXIT.usage });
});
