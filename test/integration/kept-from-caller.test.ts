/** Commands about the configuration, for a user who may not read all of it: the built program, and a real bus. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { EXIT } from '../../src/cli/exit-codes.ts';
import { PROGRAM } from '../support/agent-process.ts';
import { dictionary, FakeAgent, micros } from '../support/fake-agent.ts';
import { HostBus } from '../support/host-bus.ts';

/** Every distribution has it. */
const NOBODY = 65_534;
const START = Date.parse('2099-11-28T01:00:00Z');

let bus: HostBus;
let root = '';
let folder = '';
beforeAll(async () => {
  bus = await HostBus.start({ daemon: 'dbus-daemon', systemd: 'none', activatable: {} });
  await chmod(bus.root, 0o755);
  await chmod(join(bus.root, 'bus.sock'), 0o666);
});
afterAll(() => bus[Symbol.asyncDispose]());
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kept-from-caller-'));
  await chmod(root, 0o755);
  folder = join(root, 'etc/zincati/config.d');
  await mkdir(folder, { recursive: true });
  await writeFile(join(root, 'etc/machine-id'), '0123456789abcdef0123456789abcdef\n');
  await writeFile(join(folder, '50-secret.toml'), 'updates.strategy = "immediate"\n');
  await chmod(join(folder, '50-secret.toml'), 0o640);
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function asNobody(...args: string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...args, '--root', root], {
    uid: NOBODY,
    gid: NOBODY,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { DBUS_SYSTEM_BUS_ADDRESS: bus.address },
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, stdout: stdout.replaceAll(root, ''), stderr: stderr.replaceAll(root, '') };
}

const SECRET = 'cannot read /etc/zincati/config.d/50-secret.toml: permission denied';

describe('config check', () => {
  it('names the line that may, and no remedy for the agent', async () => {
    const { code, stdout, stderr } = await asNobody('config', 'check');
    expect([code, stdout]).toEqual([EXIT.notPermitted, '']);
    expect(stderr).toMatch(
      new RegExp(`^${SECRET}.*\nyou are not permitted to read all files of the configuration\n`),
    );
    expect(stderr).toContain('\nsudo zincati config check --root ');
    expect(stderr).not.toContain('let user zincati');
    expect(JSON.parse((await asNobody('config', 'check', '--json')).stdout)).toMatchObject({
      kind: 'Error',
      exitCode: EXIT.notPermitted,
    });
  });

  it('still tells what is wrong in the files that are for everybody', async () => {
    await writeFile(join(folder, '60.toml'), 'updates.enabled = 1\n');
    const { code, stdout } = await asNobody('config', 'check');
    expect(code).toBe(EXIT.config);
    expect(stdout).toMatch(
      /^error: cannot read .*50-secret.*\nerror: .*60\.toml: updates\.enabled must be .*\n/,
    );
    expect(stdout).toContain(
      '\nnote: root reads the files that are not for you: `sudo zincati config check`\n',
    );
    expect(stdout).not.toContain('let user zincati');
  });
});

describe('calendar', () => {
  async function anAgent(strategy: string): Promise<FakeAgent> {
    const setting = (key: string, value: string) => dictionary({ key, value, file: '' });
    const agent = await FakeAgent.start(bus.address, {});
    onTestFinished(() => agent[Symbol.asyncDispose]());
    return agent
      .on('ShowConfiguration', () => [
        setting('updates.strategy', strategy),
        setting('updates.periodic.time_zone', '"UTC"'),
      ])
      .on('Calendar', () => [
        dictionary({
          kind: 'window',
          start: micros(START),
          end: micros(START + 7_200_000),
          text: 'maintenance window',
        }),
        dictionary({ kind: 'freeze', start: micros(START), text: 'freeze' }),
      ]);
  }

  it('is what the agent has', async () => {
    const agent = await anAgent('["periodic", "marker"]');
    const { code, stdout, stderr } = await asNobody('calendar', '--days', '3');
    expect([code, stderr]).toEqual([EXIT.ok, '']);
    expect(stdout).toMatch(
      /^Sat 2099-11-28 01:00 UTC {2}to {2}Sat 2099-11-28 03:00 UTC {2}maintenance window\n/,
    );
    expect(stdout).toMatch(/no end in sight +freeze\n/);
    expect((await agent.called('Calendar')).options.get('days')).toMatchObject({ value: 3 });
    expect(JSON.parse((await asNobody('calendar', '--json')).stdout)).toMatchObject({
      kind: 'Calendar',
      timeZone: 'UTC',
      spans: [{ kind: 'window', endAt: '2099-11-28T03:00:00.000Z' }, { kind: 'freeze' }],
    });
    expect((await asNobody('calendar', '--ics')).stdout.match(/^BEGIN:VEVENT/gm)).toHaveLength(2);
  });

  it('says that there are no windows', async () => {
    await anAgent('"immediate"');
    expect((await asNobody('calendar')).stdout).toBe(
      'there are no maintenance windows: updates.strategy is immediate\n',
    );
  });

  it('without an agent, names the line that may', async () => {
    const { code, stdout, stderr } = await asNobody('calendar', '--ics');
    expect([code, stdout]).toEqual([EXIT.notPermitted, '']);
    expect(stderr).toMatch(
      /^you are not permitted to read all files .*\nsudo zincati calendar --ics --root /,
    );
  });
});
