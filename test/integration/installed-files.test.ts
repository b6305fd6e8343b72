/** The installed tree before any boot, checked by systemd's own programs. Setting owners needs root. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { PROGRAM_LIMIT_MS } from '../support/limits.ts';

const PROJECT = join(import.meta.dirname, '../..');
const INSTALL = join(PROJECT, 'scripts/install.mjs');
const isRoot = process.getuid?.() === 0;

function run(command: string, ...args: readonly string[]) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: PROGRAM_LIMIT_MS,
  });
  if (error !== undefined) {
    throw error;
  }
  return { status, stdout, stderr };
}

/** Sorted lines with path, octal mode, the owner's name in the tree, and the target of a link. */
function listing(root: string, folder: string): string[] {
  const users = readFileSync(join(root, 'etc/passwd'), 'utf8').split('\n');
  const owners = new Map(users.map((line) => line.split(':')).map(([name = '', , uid = '']) => [uid, name]));
  owners.set('0', 'root');
  return run('find', join(root, folder), '-mindepth', '1', '-printf', '%P %m %U %l\n')
    .stdout.split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [path, mode, uid = '', target = ''] = line.split(' ');
      return [path, mode === '777' ? 'link' : mode, owners.get(uid) ?? uid, target].join(' ').trim();
    })
    .sort();
}

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'installed-'));
  const { status, stderr } = run(process.execPath, INSTALL, root);
  expect(stderr, 'built before?').toBe('');
  expect(status).toBe(0);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('zincati.service', () => {
  // Every host has these; the tree does not.
  const targets = ['sysinit', 'basic', 'network', 'shutdown', 'multi-user'];
  const units = () => join(root, 'usr/lib/systemd/system');

  it('is understood by systemd to the last word', () => {
    for (const target of targets) {
      writeFileSync(join(units(), `${target}.target`), '[Unit]\n');
    }
    mkdirSync(join(root, 'bin'));
    writeFileSync(join(root, 'bin/kill'), '', { mode: 0o755 });
    onTestFinished(() => rmSync(join(root, 'bin'), { recursive: true }));
    // For systemd-analyze an unknown key is not a failure, only a line.
    const verified = run('systemd-analyze', 'verify', '--man=no', `--root=${root}`, 'zincati.service');
    expect(verified).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('exposes no more than 1.3', () => {
    const file = join(units(), 'zincati.service');
    const { status, stdout } = run('systemd-analyze', 'security', '--offline=true', '--threshold=13', file);
    expect(status, stdout).toBe(0);
  });
});

it('runs from where it is installed', () => {
  for (const program of ['usr/libexec/zincati', 'usr/bin/zincati']) {
    const { status, stdout } = run(join(root, program), '--version');
    expect([status, stdout], program).toEqual([0, expect.stringMatching(/^zincati \d+\.\d+\.\d+\n$/)]);
  }
});

it.runIf(isRoot)('gives the agent a user and its folders', () => {
  mkdirSync(join(root, 'etc'));
  expect(run('systemd-sysusers', `--root=${root}`).status).toBe(0);
  expect(readFileSync(join(root, 'etc/passwd'), 'utf8')).toMatch(
    /^zincati:x:\d+:\d+:Zincati update agent:\/:\S*nologin$/m,
  );
  // Files left by an older agent are replaced.
  mkdirSync(join(root, 'run/motd.d'), { recursive: true });
  writeFileSync(join(root, 'run/motd.d/85-zincati-deadend.motd'), 'old\n');
  const expected = [
    'motd.d 755 root',
    'motd.d/85-zincati-deadend.motd link root zincati/85-zincati-deadend.motd',
    'motd.d/86-zincati-health.motd link root zincati/86-zincati-health.motd',
    'motd.d/zincati 755 zincati',
    'zincati 775 zincati',
    'zincati/config.d 775 zincati',
    'zincati/private 770 zincati',
    'zincati/private/metrics.promsock link root ../public/metrics.promsock',
    'zincati/public 775 zincati',
  ];
  for (const times of ['once', 'and again']) {
    const made = run('systemd-tmpfiles', '--create', `--root=${root}`, 'zincati.conf');
    expect([made.status, made.stderr], times).toEqual([0, '']);
    expect(listing(root, 'run'), times).toEqual(expected);
  }
});

describe('install.mjs', () => {
  it('leaves /usr alone in the layout for hosts that cannot write it, and takes precedence there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'installed-'));
    try {
      expect(run(process.execPath, INSTALL, folder, '--layout', 'local').status).toBe(0);
      const files = run('find', folder, '-type', 'f', '-printf', '%P\n').stdout.trim().split('\n');
      expect(files.filter((file) => !/^(etc|usr\/local)\//.test(file))).toEqual([]);
      expect(readFileSync(join(folder, 'etc/systemd/system/zincati.service'), 'utf8')).toContain(
        'ExecStart=/usr/local/libexec/zincati agent ',
      );
      expect(run(join(folder, 'usr/local/libexec/zincati'), '--version').status).toBe(0);
      expect(run(join(folder, 'usr/local/bin/zincati'), '--version').status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('gives everybody what they need to read, whatever the umask, and starts without any other program', () => {
    const folder = mkdtempSync(join(tmpdir(), 'installed-'));
    try {
      const install = '"$0" "$1" "$2/tree" --with-node';
      const installed = run('sh', '-c', `umask 077; ${install}`, process.execPath, INSTALL, folder);
      expect(installed).toEqual({ status: 0, stdout: '', stderr: '' });
      const closed = run(
        'find',
        join(folder, 'tree'),
        '!',
        '-type',
        'l',
        '!',
        '-perm',
        '644',
        '!',
        '-perm',
        '755',
      );
      expect(closed.stdout).toBe('');
      const started = run(
        '/usr/bin/env',
        '-i',
        'PATH=',
        join(folder, 'tree/usr/libexec/zincati'),
        '--version',
      );
      expect([started.status, started.stderr]).toEqual([0, '']);
      expect(started.stdout).toMatch(/^zincati /);
      // It also finds its program when called through a link, or by a relative path.
      const link = join(folder, 'zincati');
      symlinkSync(join(folder, 'tree/usr/libexec/zincati'), link);
      expect(run(link, '--version').status).toBe(0);
      expect(run('sh', '-c', 'cd "$0" && libexec/zincati --version', join(folder, 'tree/usr')).status).toBe(
        0,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    [[], 'cannot install: there must be one folder to install below'],
    [['/x', '--layout', 'opt'], 'cannot install: --layout must be usr or local, got "opt"'],
  ])('refuses %j', (args, complaint) => {
    const stderr = `${complaint}\nnode scripts/install.mjs --help says what there is\n`;
    expect(run(process.execPath, INSTALL, ...args)).toEqual({ status: 2, stdout: '', stderr });
  });

  it('installs nothing that docs/install.md does not name', () => {
    const text = readFileSync(join(PROJECT, 'docs/install.md'), 'utf8');
    const files = run('find', root, '!', '-type', 'd', '-printf', '/%P\n').stdout.trim().split('\n');
    const named = files
      .filter((file) => !/\/(?:run|etc)\/|\.target$/.test(file))
      .map((file) =>
        file.replace(/^(\/usr\/(?:lib\/zincati\/(?:program|config\.d)|share\/zincati\/schemas)\/).*/, '$1'),
      );
    expect([...new Set(named)].filter((file) => !text.includes(`\`${file}\``))).toEqual([]);
  });
});
