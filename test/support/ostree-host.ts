/**
 * A real OSTree host that boots. A repository has commits with a Debian system and the agent, and one of them
 * is deployed to a disk image. systemd is PID 1 of a container in that deployment. A firmware boots the
 * newest boot entry after each reboot. libostree, logind, polkit and the bus are real. rpm-ostree's daemon is
 * ostree/rpm-ostreed.py on top of libostree.
 *
 * Invariants:
 * - It needs root, loop devices and namespaces; `whyNot` says what is missing.
 * - Everything that a host reaches over its network is served on its own loopback.
 * - Only the base system is left behind, in a cache for the next run. The cache is the folder
 *   ZINCATI_TEST_CACHE, or one below the system's temporary folder.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { Progress } from '../../scripts/progress.mjs';
import { HostShell, findInit } from './host-shell.ts';

const HERE = join(import.meta.dirname, 'ostree');
const PROJECT = join(import.meta.dirname, '../..');
const REF = 'testos/x86_64/nestos/stable';
const VERSIONS = [
  '24.03-LTS.20240904.0',
  '24.03-LTS.20240911.0',
  '24.03-LTS.20240918.0',
  '24.03-LTS.20240925.0',
] as const;
const UP = 'the host is up';
const STALLED = '=== stalled';
/** Enough for a machine that is also busy with other things. */
const BOOT_LIMIT_MS = 170_000;
const PROGRAMS = ['mmdebstrap', 'ostree', 'systemd-nspawn', 'systemd-sysusers', 'mkfs.ext4', 'ip', 'unshare'];
const NAMESPACE = ['--mount', '--propagation', 'private', '--net'] as const;
/** However the tests' process ends, everything in the container ends with it. */
const BOUND = ['setpriv', '--pdeathsig', 'KILL', 'unshare', ...NAMESPACE] as const;
const OWN_PROCESSES = ['--pid', '--fork', '--kill-child=KILL', '--mount-proc'] as const;

const run = promisify(execFile);

export interface BedRelease {
  readonly version: string;
  readonly checksum: string;
}

/** The releases, and a disk with the first one. They are made once and booted many times. */
export class OstreeBed implements AsyncDisposable {
  readonly releases: readonly BedRelease[];
  readonly #folder: string;

  private constructor(folder: string, releases: readonly BedRelease[]) {
    this.#folder = folder;
    this.releases = releases;
  }

  /** Why there can be no such host here; undefined if there can. */
  static whyNot(): string | undefined {
    if (process.getuid?.() !== 0) {
      return 'it takes root to boot a host';
    }
    const missing = PROGRAMS.find((name) => spawnSync('which', [name]).status !== 0);
    if (missing !== undefined) {
      return `${missing} is not installed`;
    }
    const folder = mkdtempSync(join(tmpdir(), 'ostree-probe-'));
    const script = `truncate -s 4M $1/i; mkfs.ext4 -q $1/i; mkdir $1/m; mount -o loop $1/i $1/m
      umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup`;
    const { status, stderr } = spawnSync('unshare', [...NAMESPACE, 'bash', '-ec', script, 'probe', folder], {
      encoding: 'utf8',
    });
    rmSync(folder, { recursive: true, force: true });
    return status === 0 ? undefined : `this machine gives no mounts: ${stderr.trim()}`;
  }

  static async build(): Promise<OstreeBed> {
    const base = await baseFolder();
    const isThere = existsSync(base);
    const progress = new Progress('OSTree host', isThere ? 2 : 3);
    if (!isThere) {
      await progress.step('make the Debian base system, kept for later runs', (tell) => makeBase(base, tell));
    }
    const folder = await mkdtemp(join(tmpdir(), 'ostree-bed-'));
    try {
      const overlay = join(folder, 'overlay');
      await progress.step('lay the agent out', () => layOut(overlay));
      const releases = await progress.step('make the releases and a disk', (tell) =>
        script(tell, 'releases.sh', folder, base, overlay, REF, ...VERSIONS),
      );
      return new OstreeBed(
        folder,
        releases
          .trim()
          .split('\n')
          .map((line) => {
            const [version = '', checksum = ''] = line.split(' ');
            return { version, checksum };
          }),
      );
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** A new host. `etc` has files for its /etc, by their paths below it. */
  async boot(etc: Readonly<Record<string, string>> = {}): Promise<OstreeHost> {
    return OstreeHost.start(this.#folder, this.releases, etc);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export class OstreeHost extends HostShell implements AsyncDisposable {
  protected init = 0;
  readonly #folder: string;
  readonly #releases: readonly BedRelease[];
  readonly #firmware: ChildProcess;
  readonly #console: string[] = [];
  readonly #watchers = new Set<() => void>();
  /** Checksums of the deployments that were booted, one for each boot. */
  readonly boots: string[] = [];
  #ups = 0;
  #stalls = 0;
  #ended = false;

  private constructor(folder: string, releases: readonly BedRelease[], firmware: ChildProcess) {
    super();
    this.#folder = folder;
    this.#releases = releases;
    this.#firmware = firmware;
  }

  static async start(
    bed: string,
    releases: readonly BedRelease[],
    etc: Readonly<Record<string, string>>,
  ): Promise<OstreeHost> {
    const folder = await mkdtemp(join(tmpdir(), 'ostree-host-'));
    await chmod(folder, 0o755);
    // Sparse files stay sparse, because the image is mostly holes.
    await run('cp', ['--reflink=auto', '--sparse=always', join(bed, 'host.img'), folder]);
    for (const [path, text] of Object.entries(etc)) {
      await mkdir(dirname(join(folder, 'etc', path)), { recursive: true });
      await writeFile(join(folder, 'etc', path), text);
    }
    await writeFile(join(folder, 'graph.json'), graphOf(releases.slice(0, 1)));
    await run('ln', ['-s', join(bed, 'repo'), join(folder, 'repo')]);
    const [bound, ...namespaces] = BOUND;
    const firmware = spawn(
      bound,
      [...namespaces, ...OWN_PROCESSES, 'bash', join(HERE, 'firmware.sh'), folder],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const host = new OstreeHost(folder, releases, firmware);
    host.#listen();
    try {
      await host.booted(1);
      return host;
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Offers the first `count` releases; each leads to the newest of them. */
  async offer(count: number): Promise<void> {
    const graph = join(this.#folder, 'graph.json');
    await writeFile(`${graph}.new`, graphOf(this.#releases.slice(0, count)));
    await rename(`${graph}.new`, graph);
  }

  /** From now on the update server offers nothing. */
  async withdrawGraph(): Promise<void> {
    await rm(join(this.#folder, 'graph.json'));
  }

  /** Waits until the journal of this boot has a line, by or about the agent, with this beginning. */
  async said(words: string, unit = 'zincati.service'): Promise<void> {
    if (!(await this.follow(`^${words}`, '--boot', `--unit=${unit}`))) {
      throw new Error(`the journal must say "${words}", got\n${await this.story()}`);
    }
  }

  /** Waits until the host has booted this many times, and returns the checksum that it booted. */
  async booted(count: number): Promise<string> {
    await this.#until(() => this.#ups >= count, `boot ${count} times`);
    return this.boots[count - 1] ?? '';
  }

  /**
   * From now on requests for objects of the repository get no answer. Resolves after the first such request.
   */
  async stallDownloads(): Promise<{ readonly stalled: () => Promise<void> }> {
    await writeFile(join(this.#folder, 'stall'), '');
    const before = this.#stalls;
    return { stalled: () => this.#until(() => this.#stalls > before, 'ask for an object') };
  }

  async resumeDownloads(): Promise<void> {
    await rm(join(this.#folder, 'stall'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) {
      const gone = once(this.#firmware, 'exit');
      // The end of PID 1 is an orderly end: the firmware cleans up.
      const init = await findInit(this.#firmware.pid ?? 0).catch(() => 0);
      if (init > 0) {
        process.kill(init, 'SIGKILL');
      } else {
        this.#firmware.kill('SIGKILL');
      }
      await gone;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  #listen(): void {
    const { stdout, stderr } = this.#firmware;
    const hear = (line: string): void => {
      this.#console.push(line);
      const boot = /^=== boot \d+ ([0-9a-f]{64})/.exec(line);
      if (boot !== null) {
        this.boots.push(boot[1] ?? '');
      }
      if (line === STALLED) {
        this.#stalls++;
      }
      if (line.includes(UP)) {
        void this.#isUp();
      }
      this.#wake();
    };
    if (stdout !== null) {
      createInterface({ input: stdout }).on('line', hear);
    }
    if (stderr !== null) {
      createInterface({ input: stderr }).on('line', hear);
    }
    this.#firmware.once('exit', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  async #isUp(): Promise<void> {
    this.init = await findInit(this.#firmware.pid ?? 0);
    this.#ups++;
    this.#wake();
  }

  async #until(isSo: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + BOOT_LIMIT_MS;
    while (!isSo()) {
      if (this.#ended || !(await this.#change(deadline - Date.now()))) {
        throw new Error(`the host must ${what}, it ${this.#ended ? 'is off' : 'did not'}:\n${this.#said()}`);
      }
    }
  }

  #wake(): void {
    for (const wake of this.#watchers) {
      wake();
    }
  }

  /** True if something happened. */
  #change(limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (happened: boolean): void => {
        clearTimeout(timer);
        this.#watchers.delete(wake);
        resolve(happened);
      };
      const wake = (): void => settle(true);
      const timer = setTimeout(() => settle(false), Math.max(limitMs, 0));
      this.#watchers.add(wake);
    });
  }

  #said(): string {
    return this.#console.slice(-60).join('\n');
  }
}

/** Runs a script of ostree/, and resolves with its output. `tell` gets each line of its standard error. */
async function script(
  tell: (line: string) => void,
  name: string,
  ...args: readonly string[]
): Promise<string> {
  const running = run('bash', [join(HERE, name), ...args], { maxBuffer: 64 * 1024 * 1024 });
  if (running.child.stderr !== null) {
    createInterface({ input: running.child.stderr }).on('line', (line) => tell(line.replace(/^I: /, '')));
  }
  return (await running).stdout;
}

/** Lays out what goes on top of the base system: the agent, rpm-ostree's daemon, and what the tests configure. */
async function layOut(overlay: string): Promise<void> {
  // The modes of the overlay become the system's.
  await mkdir(overlay, { mode: 0o755 });
  await cp(join(HERE, 'tree'), overlay, { recursive: true });
  await run(process.execPath, [join(PROJECT, 'scripts/install.mjs'), overlay, '--with-node']);
  const libexec = join(overlay, 'usr/libexec');
  await cp(join(HERE, 'rpm-ostreed.py'), join(libexec, 'rpm-ostreed.py'));
  await chmod(join(libexec, 'rpm-ostreed.py'), 0o755);
  await cp(join(PROJECT, 'sandbox/rpmostree_dbus.py'), join(libexec, 'rpmostree_dbus.py'));
}

/** Where the base system is, or has to be made. Another base.sh makes another one. */
async function baseFolder(): Promise<string> {
  const key = createHash('sha256')
    .update(await readFile(join(HERE, 'base.sh')))
    .digest('hex')
    .slice(0, 16);
  return join(process.env['ZINCATI_TEST_CACHE'] ?? join(tmpdir(), 'zincati-test-cache'), `base-${key}`);
}

/** Makes the base system. It is at `base` as a whole or not at all. */
async function makeBase(base: string, tell: (line: string) => void): Promise<void> {
  await mkdir(dirname(base), { recursive: true });
  const partial = await mkdtemp(join(dirname(base), 'partial-'));
  try {
    await script(tell, 'base.sh', partial, await debianMirror());
    // Another run may have been faster: its result stays.
    await rename(partial, base).catch(() => rm(partial, { recursive: true, force: true }));
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/** The mirror that this machine's own package manager uses. */
async function debianMirror(): Promise<string> {
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)']);
  const mirror = stdout.split('\n').find((uri) => /\/debian\/?$/.test(uri));
  if (mirror === undefined) {
    throw new Error(`cannot tell a Debian mirror: apt must name one, got\n${stdout}`);
  }
  return mirror;
}

function graphOf(releases: readonly BedRelease[]): string {
  const nodes = releases.map(({ version, checksum }, age) => ({
    version,
    payload: checksum,
    metadata: {
      'org.fedoraproject.coreos.scheme': 'checksum',
      'org.fedoraproject.coreos.releases.age_index': String(age),
    },
  }));
  const edges = releases.slice(0, -1).map((_, index) => [index, releases.length - 1]);
  return JSON.stringify({ nodes, edges });
}
