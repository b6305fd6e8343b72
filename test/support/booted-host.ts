/**
 * A host that really boots. This machine's own system is the lower layer of an overlay, and the agent is
 * installed into the upper one. systemd is PID 1 of a container on top. It takes about a second, and nothing
 * is downloaded.
 *
 * Invariants:
 * - It needs root, an overlay and namespaces; `whyNot` says what is missing.
 * - It has no network except its own loopback.
 * - It changes nothing outside of its folder, and leaves no process, mount or control group behind.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

import { HostShell, findInit } from './host-shell.ts';

const INSTALL = join(import.meta.dirname, '../../scripts/install.mjs');
/** It takes a few seconds on a quiet machine. */
const BOOT_LIMIT_MS = 150_000;
const UP = 'the host is up';

/**
 * Reports on the console when the agent was started, or could not be. multi-user.target may never be reached.
 */
const ANNOUNCE = `[Unit]
After=zincati.service basic.target
[Service]
Type=oneshot
ExecStart=/bin/echo ${UP}
StandardOutput=tty
TTYPath=/dev/console
`;

/**
 * Units that this machine has enabled beyond its distribution's own are masked. Control groups are mounted as
 * in every current distribution.
 */
const LAUNCH = `
umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup
group=/sys/fs/cgroup/zincati-test-$$
mkdir $group && echo $$ >$group/cgroup.procs
mount -t tmpfs tmpfs /run && mkdir /run/lock
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
rm -rf "$1"/root/etc/systemd/system/*.wants "$1"/root/etc/rc?.d "$1"/root/var/log/journal
: >"$1/root/etc/machine-id"
if [ -e "$1/root/usr/lib/systemd/system/zincati.service" ]; then
  systemctl --quiet --root="$1/root" preset zincati.service
fi
systemctl --quiet --root="$1/root" add-wants multi-user.target announce.service $2
systemd-nspawn --quiet --directory="$1/root" --register=no --keep-unit --private-network --resolv-conf=off \\
  --timezone=off --link-journal=no --console=read-only --capability=CAP_BPF --system-call-filter=bpf \\
  /lib/systemd/systemd --unit=multi-user.target </dev/null || true
echo $$ >/sys/fs/cgroup/cgroup.procs
find $group -depth -type d -exec rmdir {} +
`;

/** These may be impossible if this machine is itself a container. */
const PROBE = `
umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
`;
const NAMESPACE = ['--mount', '--propagation', 'private'] as const;

export interface BootedHostOptions {
  /** Absolute paths as the host sees them. By default programs are executable, and everything is readable. */
  readonly files: Readonly<Record<string, string | { readonly text: string; readonly mode: number }>>;
  /** Those of the units that multi-user.target wants. */
  readonly wanted?: readonly string[];
  /** If false, the agent is missing until somebody installs it. */
  readonly withAgent?: boolean;
}

export class BootedHost extends HostShell implements AsyncDisposable {
  readonly #folder: string;
  readonly #launcher: ChildProcess;
  protected readonly init: number;

  private constructor(folder: string, launcher: ChildProcess, init: number) {
    super();
    this.#folder = folder;
    this.#launcher = launcher;
    this.init = init;
  }

  /** Why no host can be booted here; undefined if it can. */
  static whyNot(): string | undefined {
    if (process.getuid?.() !== 0) {
      return 'it takes root to boot a host';
    }
    if (!existsSync('/usr/bin/systemd-nspawn')) {
      return 'systemd-nspawn is not installed';
    }
    if (!existsSync('/lib/systemd/systemd')) {
      return 'systemd is not installed';
    }
    if (!existsSync('/usr/lib/polkit-1/polkitd')) {
      return 'polkitd is not installed';
    }
    const folder = mkdtempSync(join(tmpdir(), 'booted-'));
    const { status, stderr } = spawnSync('unshare', [...NAMESPACE, 'bash', '-ec', PROBE, 'probe', folder], {
      encoding: 'utf8',
    });
    rmSync(folder, { recursive: true, force: true });
    return status === 0 ? undefined : `this machine gives no mounts: ${stderr.trim()}`;
  }

  static async boot({ files, wanted = [], withAgent = true }: BootedHostOptions): Promise<BootedHost> {
    const folder = await mkdtemp(join(tmpdir(), 'booted-'));
    for (const name of ['upper', 'work', 'root']) {
      await mkdir(join(folder, name), { mode: 0o755 });
    }
    const upper = join(folder, 'upper');
    if (withAgent) {
      const installed = spawnSync(process.execPath, [INSTALL, upper, '--with-node'], { encoding: 'utf8' });
      if (installed.status !== 0) {
        throw new Error(installed.stderr);
      }
    }
    const all = { ...files, '/etc/systemd/system/announce.service': ANNOUNCE };
    for (const [path, file] of Object.entries(all)) {
      const { text, mode } =
        typeof file === 'string' ? { text: file, mode: file.startsWith('#!') ? 0o755 : 0o644 } : file;
      await mkdir(dirname(join(upper, path)), { recursive: true });
      await writeFile(join(upper, path), text, { mode });
    }
    const launcher = spawn(
      'unshare',
      [...NAMESPACE, 'bash', '-ec', LAUNCH, 'launch', folder, wanted.join(' ')],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    try {
      await announced(launcher);
      return new BootedHost(folder, launcher, await findInit(launcher.pid ?? 0));
    } catch (error) {
      await end(launcher, await findInit(launcher.pid ?? 0).catch(() => 0));
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#launcher, this.init);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The end of PID 1 ends everything in the container; the launcher then cleans up. */
async function end(launcher: ChildProcess, init: number): Promise<void> {
  if (launcher.exitCode !== null || launcher.signalCode !== null) {
    return;
  }
  const gone = once(launcher, 'exit');
  if (init > 0) {
    process.kill(init, 'SIGKILL');
  } else {
    launcher.kill('SIGKILL');
  }
  await gone;
}

async function announced(launcher: ChildProcess): Promise<void> {
  const seen: string[] = [];
  const lines = createInterface({ input: launcher.stdout! });
  // Ends the loop below; the caller ends the host itself.
  const timer = setTimeout(() => lines.close(), BOOT_LIMIT_MS);
  launcher.stderr?.on('data', (chunk: Buffer) => seen.push(chunk.toString()));
  try {
    for await (const line of lines) {
      seen.push(line);
      if (line.includes(UP)) {
        return;
      }
    }
    throw new Error(`cannot boot: it must announce itself, got\n${seen.join('\n')}`);
  } finally {
    clearTimeout(timer);
    // The rest of the console's output must not fill the pipe.
    launcher.stdout?.resume();
  }
}
