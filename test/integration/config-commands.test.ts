/** The commands about the configuration, as the real program runs them, on folders of their own. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ICAL from 'ical.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { loadSettings } from '../../src/config/load-settings.ts';

const PROGRAM = join(import.meta.dirname, '../../src/main.ts');
const GOOD = `identity.platform = "aws"
identity.node_uuid = "12345678123412341234123456789abc"
cincinnati.base_url = "https://user:secret@updates.example.com"
updates.strategy = "periodic"
[[updates.periodic.window]]
days = ["Sat", "Sun"]
start_time = "02:00"
length_minutes = 120
`;
let root = '';
let folder = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'config-commands-'));
  folder = join(root, 'etc/zincati/config.d');
  mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout: stdout.replaceAll(root, ''), stderr: stderr.replaceAll(root, '') };
}

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text);
  }
}

describe('config check', () => {
  it('says that a good configuration is good, and what is odd about it', () => {
    write({ '50.toml': GOOD, '60.toml': 'updates.strategie = "immediate"\n' });
    const { status, stdout } = run('config', 'check', '--root', root);
    expect(status).toBe(0);
    expect(stdout).toContain(
      'warning: /etc/zincati/config.d/60.toml: unknown key updates.strategie ignored; did you mean',
    );
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('the configuration is good: 2 files were read');
  });

  it('tells all errors at once, and ends with 78', () => {
    write({
      '50.toml': GOOD,
      '60.toml': 'updates.enabled = 1\nupdates.strategy = "sometimes"\n',
      '70.toml': 'x = \n',
    });
    const { status, stdout } = run('config', 'check', '--root', root);
    expect(status).toBe(78);
    const errors = stdout.split('\n').filter((line) => line.startsWith('error: '));
    expect(errors).toHaveLength(3);
    expect(errors.join()).toMatch(
      /60\.toml: updates\.enabled must be .*60\.toml: updates\.strategy must be /,
    );
    expect(errors.join()).toContain('70.toml: line 1');
    const json: unknown = JSON.parse(run('config', 'check', '--json', '--root', root).stdout);
    expect(json).toMatchObject({ apiVersion: 'zincati.v1', kind: 'ConfigCheck', valid: false });
  });

  it('checks a folder on its own, and names what only a host has', () => {
    write({ '50.toml': 'identity.group = "w-${AFTERBURN_AWS_REGION}"\nupdates.strategy = "immediate"\n' });
    const { status, stdout } = run('config', 'check', folder);
    expect(status).toBe(0);
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      'note: identity.group in /etc/zincati/config.d/50.toml is made from attributes of each node',
      'note: cincinnati.base_url is not set here: another file of the host must set it',
    ]);
    write({ '50.toml': 'updates.strategy = "periodic"\n' });
    expect(run('config', 'check', folder)).toMatchObject({ status: 78 });
  });

  it('of several folders the last counts most, and masks', () => {
    const [weak, strong] = ['usr', 'etc'].map((name) => join(root, name, 'config.d'));
    for (const one of [weak!, strong!]) {
      mkdirSync(one, { recursive: true });
    }
    writeFileSync(join(weak!, '50.toml'), 'updates.enabled = "wrong"\n');
    writeFileSync(join(weak!, '60.toml'), 'updates.strategy = "sometimes"\n');
    writeFileSync(join(strong!, '50.toml'), 'updates.strategy = "immediate"\n');
    symlinkSync('/dev/null', join(strong!, '60.toml'));
    const { status, stdout } = run('config', 'check', weak!, strong!);
    expect([status, stdout.trimEnd().split('\n').at(-1)]).toEqual([
      0,
      'the configuration is good: 1 file was read',
    ]);
    expect(run('config', 'check', strong!, weak!)).toMatchObject({
      status: 78,
      stdout: expect.stringMatching(/updates\.enabled must be .*\n.*updates\.strategy must be /) as string,
    });
  });

  it('checks a tree without its machine, and names what the host must have', () => {
    write({ '50.toml': GOOD.replace(/^identity.*\n/gm, '') });
    const { status, stdout } = run('config', 'check', '--root', root);
    expect(status).toBe(0);
    expect(stdout.split('\n').filter((line) => line.startsWith('note: identity'))).toEqual([
      'note: identity.node_uuid is not set, and /etc/machine-id is not there: the host must have it',
      'note: identity.platform is not set, and /proc/cmdline is not there: the host must have it',
    ]);
    writeFileSync(join(root, 'etc/machine-id'), 'nonsense\n');
    expect(run('config', 'check', '--root', root)).toMatchObject({
      status: 78,
      stdout: expect.stringMatching(/^error: cannot derive the node's identity/) as string,
    });
  });

  it('does not take a folder that is not there for one without faults', () => {
    const missing = run('config', 'check', join(root, 'nowhere'));
    expect(missing).toMatchObject({ status: 1, stderr: 'cannot check /nowhere: it must exist\n' });
    const file = join(root, 'file');
    writeFileSync(file, '');
    expect(run('config', 'check', file)).toMatchObject({
      status: 1,
      stderr: 'cannot check /file: it must be a folder\n',
    });
  });
});

describe('config show', () => {
  it('prints what leads to the same settings again, without passwords', async () => {
    write({ '50.toml': GOOD, '60.toml': 'updates.strategy = ["periodic", "marker"]\n' });
    const { stdout, status } = run('config', 'show', '--origin', '--root', root);
    expect(status).toBe(0);
    expect(stdout).not.toContain('secret');
    expect(stdout).toContain(
      'updates.strategy = ["periodic", "marker"]  # /etc/zincati/config.d/60.toml, in place of /etc/zincati/config.d/50.toml',
    );
    const before = await loadSettings(root);
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    write({ '10.toml': stdout });
    const after = await loadSettings(root);
    expect({ ...after.settings, cincinnati: {} }).toEqual({ ...before.settings, cincinnati: {} });
    expect(after.settings.cincinnati.baseUrl).toBe('https://updates.example.com');
  });

  it('refers to the check where there is nothing to show', () => {
    write({ '50.toml': 'updates.enabled = 1\n' });
    const { status, stderr } = run('config', 'show', '--root', root);
    expect(status).toBe(78);
    expect(stderr).toMatch(/updates\.enabled must be .*\n`zincati config check` says more\.\n$/);
  });
});

describe('calendar', () => {
  it('is a table with a drawn week, iCalendar, or JSON', () => {
    write({ '50.toml': GOOD });
    const table = run('calendar', '--days', '8', '--root', root);
    expect(table.status).toBe(0);
    expect(table.stdout).toMatch(/^(?:since )?S(?:at|un) \d{4}-\d\d-\d\d 02:00 UTC .* maintenance window$/m);
    expect(table.stdout).toMatch(/^Sat .{6} \.{4}#{4}\.{40}$/m);
    const ics = new ICAL.Component(
      ICAL.parse(run('calendar', '--ics', '--days', '8', '--root', root).stdout) as unknown[],
    );
    expect(ics.getAllSubcomponents('vevent').length).toBeGreaterThanOrEqual(2);
    const json: unknown = JSON.parse(run('calendar', '--json', '--days', '8', '--root', root).stdout);
    expect(json).toMatchObject({
      kind: 'Calendar',
      timeZone: 'UTC',
      spans: [{ kind: 'window' }, { kind: 'window' }],
    });
  });

  it('says why there is nothing to show', () => {
    write({ '50.toml': GOOD.replace('"periodic"', '"immediate"') });
    expect(run('calendar', '--root', root)).toMatchObject({
      status: 0,
      stdout: 'there are no maintenance windows: updates.strategy is immediate\n',
    });
  });

  it.each(['0', '367', 'x', '-1', '1.5'])('refuses --days %s', (days) => {
    expect(run('calendar', `--days=${days}`, '--root', root)).toMatchObject({ status: 2 });
  });
});
