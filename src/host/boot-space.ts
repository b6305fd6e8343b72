/**
 * How much space a staged deployment will need on /boot, and how much there is.
 *
 * libostree keeps one directory /boot/ostree/OSNAME-BOOTCSUM for each kernel with its initramfs and device trees. Only
 * root can read the initramfs of a deployment, so its checksum is out of reach; its size is not. That is why
 * directories are told apart by kernel version and total size.
 *
 * Invariants:
 * - Files are only listed and measured. The one that is opened is the kernel command line.
 * - Whatever is missing or cannot be looked at makes the answer `unknown`, never an error.
 */
import { lstat, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';

import type { Deployment } from '../agent/ports.ts';
import { readSmallText } from '../files/read-small-file.ts';
import type { BootSpaceReading } from '../gates/free-space.ts';

/** The part of a file system that a test replaces. */
export interface DiskProbe {
  /** Bytes that root can still write, since rpm-ostree finalizes as root. */
  freeBytes(path: string): Promise<number>;
  /** Which file system a path is on. */
  device(path: string): Promise<number>;
}

export const DISK: DiskProbe = {
  freeBytes: async (path) => {
    const { bfree, bsize } = await statfs(path);
    return bfree * bsize;
  },
  device: async (path) => (await stat(path)).dev,
};

/** `root`: where the host's files are. Never rejects. */
export async function readBootSpace(
  root: string,
  deployment: Deployment,
  disk: DiskProbe = DISK,
): Promise<BootSpaceReading> {
  try {
    return await measure(root, deployment, disk);
  } catch {
    return 'unknown';
  }
}

interface BootDirectory {
  readonly name: string;
  readonly files: readonly string[];
  readonly bytes: number;
}

async function measure(root: string, deployment: Deployment, disk: DiskProbe): Promise<BootSpaceReading> {
  const boot = join(root, 'boot');
  // Within one file system libostree makes hard links, which need no space.
  if ((await disk.device(boot)) === (await disk.device(join(root, 'ostree/deploy')))) {
    return 'unneeded';
  }
  const directories = await bootDirectories(boot);
  const booted = bootedDirectory(await readSmallText(join(root, 'proc/cmdline')));
  if (booted === undefined) {
    return 'unknown';
  }
  const kernel = await stagedKernel(root, deployment);
  if (kernel !== undefined && directories.some((directory) => holds(directory, kernel))) {
    return 'unneeded';
  }
  const neededBytes = kernel?.bytes ?? Math.max(0, ...directories.map(({ bytes }) => bytes));
  if (neededBytes === 0) {
    return 'unknown';
  }
  const others = directories.filter(({ name }) => name !== booted);
  return {
    neededBytes,
    freeBytes: await disk.freeBytes(boot),
    reclaimableBytes: others.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

const BOOT_DIRECTORY = /^.+-[0-9a-f]{64}$/;

async function bootDirectories(boot: string): Promise<readonly BootDirectory[]> {
  const names = (await readdir(join(boot, 'ostree'))).filter((name) => BOOT_DIRECTORY.test(name));
  return Promise.all(
    names.map(async (name) => {
      const path = join(boot, 'ostree', name);
      return { name, files: await readdir(path), bytes: await treeBytes(path) };
    }),
  );
}

/** `ostree=/ostree/boot.1/OSNAME/BOOTCSUM/0` on the kernel command line. */
const OSTREE_ARGUMENT = /(?:^|\s)ostree=\/ostree\/boot\.[01]\/([^/\s]+)\/([0-9a-f]{64})\/\d+(?=\s|$)/;

function bootedDirectory(commandLine: string): string | undefined {
  const match = OSTREE_ARGUMENT.exec(commandLine);
  return match === null ? undefined : `${match[1] ?? ''}-${match[2] ?? ''}`;
}

interface StagedKernel {
  readonly release: string;
  readonly bytes: number;
}

const DEPLOYMENT_ID = /^([A-Za-z0-9][\w.+-]*)-([0-9a-f]{64}\.\d+)$/;
/** What libostree copies from /usr/lib/modules/RELEASE: files and, for `dtb`, a directory. */
const BOOT_PARTS = [
  'vmlinuz',
  'initramfs.img',
  'initramfs',
  'devicetree',
  'dtb',
  '.vmlinuz.hmac',
  'aboot.img',
];

/** Undefined: the deployment or its kernel is not where it should be. */
async function stagedKernel(root: string, { id }: Deployment): Promise<StagedKernel | undefined> {
  const [, osname, name] = DEPLOYMENT_ID.exec(id) ?? [];
  if (osname === undefined || name === undefined) {
    return undefined;
  }
  const modules = join(root, 'ostree/deploy', osname, 'deploy', name, 'usr/lib/modules');
  for (const release of await readdir(modules).catch((): string[] => [])) {
    const parts = await readdir(join(modules, release)).catch((): string[] => []);
    if (!parts.includes('vmlinuz')) {
      continue;
    }
    const present = BOOT_PARTS.filter((part) => parts.includes(part));
    // Where there is a file `devicetree`, libostree does not look into the directory `dtb`.
    const copied = present.filter((part) => part !== 'dtb' || !present.includes('devicetree'));
    const sizes = await Promise.all(copied.map((part) => treeBytes(join(modules, release, part))));
    return { release, bytes: sizes.reduce((sum, bytes) => sum + bytes, 0) };
  }
  return undefined;
}

function holds({ files, bytes }: BootDirectory, kernel: StagedKernel): boolean {
  return bytes === kernel.bytes && files.includes(`vmlinuz-${kernel.release}`);
}

/** Device trees nest two levels deep. A deeper tree is a loop in the file system. */
const MAX_DEPTH = 8;

/** Bytes of the regular files at or below `path`. */
async function treeBytes(path: string, depth = 0): Promise<number> {
  const stats = await lstat(path);
  if (stats.isFile()) {
    return stats.size;
  }
  if (!stats.isDirectory() || depth >= MAX_DEPTH) {
    return 0;
  }
  let bytes = 0;
  for (const name of await readdir(path)) {
    bytes += await treeBytes(join(path, name), depth + 1);
  }
  return bytes;
}
