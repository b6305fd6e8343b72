/**
 * A root that rpm installs into, with its own database, and packages made for it. It uses the real rpm and
 * real scriptlets, which run in a chroot, so it needs root. `using` removes it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const LIMIT_MS = 120_000;

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function run(command: string, ...args: readonly string[]): Ran {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: LIMIT_MS,
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', TZ: 'UTC' },
  });
  if (error !== undefined) {
    throw error;
  }
  return { status, stdout, stderr };
}

/** The output of a command that must succeed, as lines. */
export function lines(command: string, ...args: readonly string[]): string[] {
  const { status, stdout, stderr } = run(command, ...args);
  if (status !== 0) {
    throw new Error(`${command} ${args.join(' ')} must succeed, got ${status}: ${stderr}`);
  }
  return stdout.split('\n').filter((line) => line !== '');
}

export interface PackageContents {
  /** Lines of the spec's head and its scriptlets, up to %install. */
  readonly head: string;
  /** Absolute path and text of each file; the mode is 0755 for scripts, else 0644. */
  readonly files: Readonly<Record<string, string>>;
  /** Files of this machine that are packaged unchanged. */
  readonly copies?: readonly string[];
  readonly folders?: readonly string[];
}

/** Builds a package below `folder` and gives its path. */
export function buildPackage(
  folder: string,
  { head, files, copies = [], folders = [] }: PackageContents,
): string {
  const work = mkdtempSync(join(folder, 'build-'));
  const tree = join(work, 'tree');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
  }
  for (const path of folders) {
    mkdirSync(join(tree, path), { recursive: true });
  }
  for (const path of copies) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    lines('cp', '--dereference', path, join(tree, path));
  }
  const listed = [...Object.keys(files), ...copies, ...folders.map((path) => `%dir ${path}`)];
  const spec = join(work, 'package.spec');
  writeFileSync(
    spec,
    `%global debug_package %{nil}
%global _build_id_links none
%global __os_install_post %{nil}
Release: 1
Summary: For a test
License: MIT
AutoReqProv: no
${head}
%description
For a test.
%install
cp -a ${tree}/. %{buildroot}/
%files
%defattr(-,root,root,0755)
${listed.join('\n')}
`,
  );
  const out = join(work, 'out');
  lines(
    ...(['rpmbuild', '-bb', '--quiet', '--define', `_topdir ${work}`, '--define', `_rpmdir ${out}`] as const),
    ...(['--define', '_binary_payload w1.zstdio', '--define', '_rpmfilename %{NAME}.rpm', spec] as const),
  );
  return join(out, readdirSync(out)[0] ?? '');
}

export class RpmRoot implements Disposable {
  readonly path: string;

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), 'rpm-root-'));
  }

  at(path: string): string {
    return join(this.path, path);
  }

  rpm(...args: readonly string[]): Ran {
    return run('rpm', `--root=${this.path}`, '--dbpath=/usr/lib/sysimage/rpm', ...args);
  }

  /** A transaction that must succeed without output. */
  change(...args: readonly string[]): void {
    const { status, stdout, stderr } = this.rpm(...args);
    // Debian's rpm warns at each transaction that Debian has another package manager. systemctl tells of links and
    // of masked units.
    const words = stderr
      .split('\n')
      .filter(
        (line) =>
          line !== '' &&
          !/^(?:rpm: (?:RPM should|However)|(?:Created|Removed) |Unit \S+ is masked)/.test(line),
      );
    if (status !== 0 || words.length > 0 || stdout !== '') {
      throw new Error(`rpm ${args.join(' ')} must go through, got ${status}: ${stdout}${words.join('\n')}`);
    }
  }

  /** Everything below the root that no package owns, except rpm's own files. */
  strays(): string[] {
    const owned = new Set(lines('rpm', `--root=${this.path}`, '--dbpath=/usr/lib/sysimage/rpm', '-qal'));
    return lines('find', this.path, '!', '-type', 'd', '-printf', '/%P\n')
      .filter((path) => !owned.has(path) && !path.startsWith('/usr/lib/sysimage/rpm/'))
      .sort();
  }

  read(path: string): string {
    return readFileSync(this.at(path), 'utf8');
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
