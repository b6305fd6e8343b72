/**
 * The scriptlets of the RPM, in both orders in which files and scriptlets come: the real rpm, and as rpm-ostree does
 * it. The real systemctl works on a root that has not booted. The package has the real scriptlets, and few files.
 * Needs root.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { buildPackage, lines, RpmRoot, run } from '../support/rpm-root.ts';
import { ZINCATI_PACKAGE } from '../support/zincati-package.ts';

const PROJECT = join(import.meta.dirname, '../..');
const UNIT = 'zincati.service';
const PROGRAM = '/usr/lib/zincati/program/zincati.cjs';
const ZINCATI_IS_HERE = '/zincati-is-in-the-database';
const isRoot = process.getuid?.() === 0;

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

/** A scriptlet must not wait for a lock of the transaction that runs it, so this reads a file. */
const RPM = `#!/bin/sh
[ "$*" = '-q zincati' ] && [ -e ${ZINCATI_IS_HERE} ]
`;
/** What rpm-ostree puts in the place of systemctl while scriptlets run. */
const ONLY_PRESET = `#!/bin/sh
case " $* " in
  *' preset '*) exec /usr/bin/systemctl.real "$@" ;;
esac
echo "rpm-ostree-systemctl: Ignored non-preset command: $*"
`;

let folder = '';
let base = '';
let zincati = '';
let ours = '';
let newer = '';

beforeAll(() => {
  if (!isRoot) {
    return;
  }
  folder = mkdtempSync(join(tmpdir(), 'scriptlets-'));
  const spec = readFileSync(join(PROJECT, 'packaging/zincati-ng.spec'), 'utf8');
  const scriptlets = spec.slice(spec.indexOf('\n%pre\n'), spec.indexOf('\n%files\n'));
  const programs = ['/bin/sh', '/bin/mkdir', '/bin/rm', '/usr/bin/systemctl'];
  const libraries = programs.flatMap((program) =>
    lines('ldd', program).flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []),
  );
  base = buildPackage(folder, {
    head: 'Name: base\nVersion: 1\nProvides: /bin/sh',
    files: { '/usr/bin/rpm': RPM, '/usr/lib/systemd/system/multi-user.target': '[Unit]\n' },
    copies: [...new Set([...programs, ...libraries])],
  });
  zincati = buildPackage(folder, ZINCATI_PACKAGE);
  const make = (version: string): string =>
    buildPackage(folder, {
      head: `Name: zincati-ng\nVersion: ${version}\nObsoletes: zincati < 1\n${scriptlets}\n`,
      files: {
        '/usr/lib/systemd/system/zincati.service': readFileSync(
          join(PROJECT, 'systemd/zincati.service'),
          'utf8',
        ),
        '/usr/lib/systemd/system-preset/50-zincati.preset': readFileSync(
          join(PROJECT, 'systemd/50-zincati.preset'),
          'utf8',
        ),
        [PROGRAM]: `// ${version}\n`,
      },
    });
  ours = make('1');
  newer = make('2');
});
afterAll(() => {
  if (folder !== '') {
    rmSync(folder, { recursive: true, force: true });
  }
});

const isEnabled = (root: RpmRoot): string =>
  run('systemctl', `--root=${root.path}`, 'is-enabled', UNIT).stdout.trim();

/** `state`: a verb of systemctl, for the unit of a host that has Zincati. Undefined: there is no Zincati. */
function hostWith(state: 'enable' | 'disable' | 'mask' | undefined): RpmRoot {
  const root = new RpmRoot();
  root.change('-U', base);
  mkdirSync(root.at('/dev'));
  lines('mknod', '--mode=666', root.at('/dev/null'), 'c', '1', '3');
  if (state !== undefined) {
    root.change('-U', zincati);
    lines('systemctl', '--quiet', `--root=${root.path}`, state, UNIT);
    writeFileSync(root.at(ZINCATI_IS_HERE), '');
  }
  return root;
}

function byRpm(root: RpmRoot, file: string): void {
  root.change('-U', file);
}

/** Takes Zincati's files away, lays out the new ones, runs the scriptlets that it knows, and writes the database. */
function byRpmOstree(root: RpmRoot, file: string): void {
  if (root.rpm('-q', 'zincati').status === 0) {
    root.change('-e', '--noscripts', 'zincati');
  }
  lines('sh', '-ec', 'cd "$0" && rpm2cpio "$1" | cpio --quiet -idum', root.path, file);
  const real = root.at('/usr/bin/systemctl');
  lines('mv', real, `${real}.real`);
  writeFileSync(real, ONLY_PRESET);
  chmodSync(real, 0o755);
  for (const scriptlet of ['PREIN', 'POSTIN', 'POSTTRANS']) {
    const text = lines('rpm', '-qp', '--qf', `%{${scriptlet}}`, file).join('\n');
    lines('chroot', root.path, '/bin/sh', '-c', text, scriptlet, '1');
  }
  lines('mv', `${real}.real`, real);
  root.change('-U', '--noscripts', '--justdb', file);
}

describe.runIf(isRoot).each([
  ['rpm', byRpm],
  ['rpm-ostree', byRpmOstree],
])('P1: installed by %s', (_, install) => {
  it.each([
    ['a host without Zincati gets an agent that is enabled', undefined, 'enabled'],
    ['it stays enabled where Zincati was', 'enable', 'enabled'],
    ['it stays disabled where Zincati was', 'disable', 'disabled'],
    ['it stays masked where Zincati was', 'mask', 'masked'],
  ] as const)('%s', (_what, state, expected) => {
    using root = hostWith(state);
    install(root, ours);
    expect(isEnabled(root)).toBe(expected);
    expect(root.rpm('-q', 'zincati').status).not.toBe(0);
    expect(existsSync(root.at('/var/lib/rpm-state/zincati-ng'))).toBe(false);
  });

  it.each(['enable', 'disable', 'mask'] as const)('an upgrade and a reinstall leave it: %s', (state) => {
    using root = hostWith(undefined);
    install(root, ours);
    lines('systemctl', '--quiet', `--root=${root.path}`, state, UNIT);
    const before = isEnabled(root);
    byRpm(root, newer);
    expect(isEnabled(root)).toBe(before);
    root.change('-U', '--replacepkgs', newer);
    expect(isEnabled(root)).toBe(before);
  });
});

describe.runIf(isRoot)('P1: what an earlier attempt has left', () => {
  it('does not pass for Zincati: our files, and notes', () => {
    using root = hostWith(undefined);
    for (const [file, text] of [
      ['/usr/lib/systemd/system/zincati.service', '[Service]\nExecStart=/bin/false\n'],
      [PROGRAM, ''],
      ['/var/lib/rpm-state/zincati-ng/replaces', ''],
    ] as const) {
      mkdirSync(join(root.at(file), '..'), { recursive: true });
      writeFileSync(root.at(file), text);
    }
    byRpm(root, ours);
    expect(isEnabled(root)).toBe('enabled');
  });

  it.each(['enable', 'disable'] as const)('does not hide Zincati: %s', (state) => {
    using root = hostWith(state);
    mkdirSync(join(root.at(PROGRAM), '..'), { recursive: true });
    writeFileSync(root.at(PROGRAM), '');
    byRpm(root, ours);
    expect(isEnabled(root)).toBe(`${state}d`);
  });
});
