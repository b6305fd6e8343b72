/**
 * The TypeScript side of sandbox/rpm-ostreed.py. It prepares a simulated host, plays its firmware, orders
 * faults, and describes the daemon's bus activation.
 *
 * All state is in JSON files below ROOT/var/lib/stand-in, which are written atomically. The daemon reads them
 * on every use, so both sides may change them while it runs. Every change of the deployments updates the
 * modification time of ROOT/ostree/deploy, as with libostree. ROOT/run/ostree/staged-deployment has the lock.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { ActivatableService } from './private-bus.ts';

/**
 * Where a release's metadata names its stream: OCI label, OCI manifest annotation, or plain commit metadata.
 */
export type StreamPlace = 'label' | 'annotation' | 'fedora-coreos.stream' | 'nestos.stream';

/** One release in the simulated repository or registry. */
export interface StandInRelease {
  /** OSTree commit, 64 hex digits. */
  readonly checksum: string;
  readonly version: string;
  readonly stream: string;
  /** Seconds since 1970, by which rpm-ostree tells what is older. */
  readonly timestamp: number;
  /** Bytes to download. */
  readonly bytes: number;
  readonly streamIn: readonly StreamPlace[];
  /** Image digest (`sha256:…`) when the release is an image too. */
  readonly digest?: string;
  /** The only image name that it can be pulled as; any name if undefined. */
  readonly image?: string;
  /** Size of each of the two JSON texts in an image's metadata (default 8,000). */
  readonly metadataBytes?: number;
  /** Additional keys of base-commit-meta. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface StandInDeployment extends Omit<StandInRelease, 'bytes' | 'image'> {
  readonly osname: string;
  readonly serial: number;
  readonly booted: boolean;
  readonly staged: boolean;
  /** null: not staged, or staged and never locked. */
  readonly finalizationLocked: boolean | null;
  readonly layeredPackages: readonly string[];
  /** Packages that were installed from files. */
  readonly localPackages?: readonly string[];
  readonly pinned?: boolean;
  /** The ref that the deployment follows, or else the image. */
  readonly origin?: string;
  readonly imageReference?: string;
}

/**
 * The version that is played. It decides where the lock is. Since v2024.6 (here v2026.2), the file of the staged
 * deployment has it. Before, it was a file of its own, and the deployment's dictionary had it too. v2020.1 told it
 * always, v2024.5 only while it was there.
 */
export type DaemonVersion = 'v2026.2' | 'v2024.5' | 'v2020.1';

export interface StandInSysroot {
  readonly osname: string;
  /** Default v2026.2. */
  readonly version?: DaemonVersion;
  /** Counts boots, so that the daemon notices that the machine came up again. */
  readonly boot: number;
  /** The registered update driver. */
  readonly driver: string | null;
  /** In boot order. */
  readonly deployments: readonly StandInDeployment[];
}

export type Fault = { readonly remaining: number } & (
  | { readonly kind: 'deploy-fails'; readonly text?: string }
  /** The check after staging fails, and leaves the deployment staged. */
  | { readonly kind: 'sanity-check-fails'; readonly text?: string }
  /** In the middle of an image's download, nothing is said for `secs`. */
  | { readonly kind: 'silent-layer'; readonly secs: number }
  /** Cancel ends the transaction only after `secs`. */
  | { readonly kind: 'cancel-late'; readonly secs: number }
  | { readonly kind: 'finalize-fails'; readonly text?: string }
  /** One lock for each of `reasons`, or one with the reason `why`. */
  | {
      readonly kind: 'inhibited';
      readonly who?: string;
      readonly why?: string;
      readonly reasons?: readonly string[];
    }
  | { readonly kind: 'wrong-stream'; readonly stream?: string }
  | { readonly kind: 'wrong-types'; readonly where?: 'booted' | 'foreign' }
  /** Never answers the named method. */
  | { readonly kind: 'hang'; readonly method: string }
  /**
   * Somebody else's transaction, which begins at the next call. With `text` it fails with that text; if
   * `endless`, only Cancel ends it. With `download` it is one whose server sends nothing. `stages` is the version of a
   * commit that it leaves staged and locked.
   */
  | {
      readonly kind: 'busy';
      readonly secs?: number;
      readonly title?: string;
      readonly text?: string;
      readonly endless?: boolean;
      readonly download?: boolean;
      readonly stages?: string;
    }
  | {
      readonly kind:
        | 'die-mid-download'
        /** A download stops half-way until Cancel. */
        | 'stall'
        | 'ignore-cancel'
        | 'access-denied'
        | 'client-denied'
        /** register-driver finds no systemd unit of the caller. */
        | 'no-unit'
        | 'finalize-reboot-never-comes'
        /** The next call reaches the daemon while it is leaving. */
        | 'no-reply-on-exit';
    }
);

export interface HostOptions {
  /** Default `fedora-coreos`. */
  readonly osname?: string;
  /** What can be pulled, including the booted release. */
  readonly releases: readonly StandInRelease[];
  /** Version of the release that the host has booted. */
  readonly booted: string;
  /** Version of the rollback deployment, if any. */
  readonly rollback?: string;
  /** The image that the host follows; by default the OSTree ref `osname:osname/x86_64/STREAM`. */
  readonly imageReference?: string;
  readonly layeredPackages?: readonly string[];
  readonly localPackages?: readonly string[];
  readonly version?: DaemonVersion;
}

export interface DaemonOptions {
  /** Bytes per second of the simulated network. */
  readonly bytesPerSecond?: number;
  /** The daemon leaves after this long without clients and transactions. */
  readonly idleSecs?: number;
  /** From the end of a finalization to the reboot. */
  readonly rebootMs?: number;
}

const BUS_NAME = 'org.projectatomic.rpmostree1';
const PROGRAM = join(import.meta.dirname, 'rpm-ostreed.py');

/**
 * A release in which the fields that most callers do not care about are filled in. `index` orders releases in
 * time.
 */
export function standInRelease(
  index: number,
  given: Partial<StandInRelease> & Pick<StandInRelease, 'version'>,
): StandInRelease {
  const hex = (salt: number): string =>
    Array.from({ length: 8 }, (_, part) =>
      (Math.imul(index * 31 + salt + part * 7 + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0'),
    ).join('');
  const digest = `sha256:${hex(1000)}`;
  const isImage = given.digest !== undefined || given.image !== undefined;
  return {
    checksum: hex(0),
    stream: 'stable',
    timestamp: 1_700_000_000 + index * 86_400,
    bytes: 40_000_000,
    streamIn: isImage ? ['label', 'annotation'] : ['fedora-coreos.stream'],
    ...(isImage ? { digest } : {}),
    ...given,
  };
}

/** Writes a fresh host below `root`, which need not exist. */
export function prepareHost(root: string, options: HostOptions): void {
  for (const folder of ['run', 'ostree/deploy', 'var/lib/stand-in']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  const osname = options.osname ?? 'fedora-coreos';
  const deployment = (version: string, booted: boolean): StandInDeployment => {
    const release = options.releases.find((candidate) => candidate.version === version);
    if (release === undefined) {
      throw new Error(`cannot prepare the host: no release has the version '${version}'`);
    }
    const { checksum, version: name, stream, timestamp, streamIn, digest, metadataBytes, metadata } = release;
    const followed =
      options.imageReference === undefined
        ? { origin: `${osname}:${osname}/x86_64/${release.stream}` }
        : { imageReference: options.imageReference, ...(digest === undefined ? {} : { digest }) };
    return {
      checksum,
      version: name,
      stream,
      timestamp,
      streamIn,
      ...(metadataBytes === undefined ? {} : { metadataBytes }),
      ...(metadata === undefined ? {} : { metadata }),
      ...followed,
      osname,
      serial: 0,
      booted,
      staged: false,
      finalizationLocked: null,
      layeredPackages: options.layeredPackages ?? [],
      localPackages: options.localPackages ?? [],
    };
  };
  const deployments = [deployment(options.booted, true)];
  if (options.rollback !== undefined) {
    deployments.push(deployment(options.rollback, false));
  }
  writeRepository(root, options.releases);
  const version = options.version === undefined ? {} : { version: options.version };
  writeSysroot(root, { osname, ...version, boot: 1, driver: null, deployments });
  writeState(root, 'faults.json', { faults: [] });
}

/** Replaces what can be pulled. */
export function writeRepository(root: string, releases: readonly StandInRelease[]): void {
  writeState(root, 'repository.json', { releases });
}

/** Orders faults, and drops earlier ones. */
export function setFaults(root: string, ...faults: readonly Fault[]): void {
  writeState(root, 'faults.json', { faults });
}

/** How many times the faults that were ordered have yet to strike. */
export function faultsLeft(root: string): number {
  // Only this file and the daemon write it.
  const { faults } = JSON.parse(readFileSync(join(root, 'var/lib/stand-in/faults.json'), 'utf8')) as {
    readonly faults: readonly Fault[];
  };
  return faults.reduce((sum, { remaining }) => sum + remaining, 0);
}

export function readSysroot(root: string): StandInSysroot {
  // Only this file and the daemon write it.
  return JSON.parse(readFileSync(join(root, 'var/lib/stand-in/sysroot.json'), 'utf8')) as StandInSysroot;
}

/** Changes the deployments behind the daemon's back, as an administrator with other tools would. */
export function editSysroot(root: string, edit: (sysroot: StandInSysroot) => StandInSysroot): void {
  writeSysroot(root, edit(readSysroot(root)));
}

export function bootedDeployment(root: string): StandInDeployment {
  const booted = readSysroot(root).deployments.find((deployment) => deployment.booted);
  if (booted === undefined) {
    throw new Error('cannot read the host: no deployment is booted');
  }
  return booted;
}

export function stagedDeployment(root: string): StandInDeployment | undefined {
  return readSysroot(root).deployments.find((deployment) => deployment.staged);
}

/**
 * Plays shutdown, firmware and boot. An unlocked staged deployment becomes the booted one, and the formerly
 * booted one its rollback. A locked staged deployment is discarded. Pinned deployments stay.
 */
export function bootNext(root: string): StandInDeployment {
  editSysroot(root, (sysroot) => {
    const staged = sysroot.deployments.find((deployment) => deployment.staged);
    const former = sysroot.deployments.find((deployment) => deployment.booted);
    const others = sysroot.deployments.filter((deployment) => !deployment.staged && !deployment.booted);
    const boot = sysroot.boot + 1;
    if (staged === undefined || staged.finalizationLocked === true || former === undefined) {
      const kept = sysroot.deployments.filter((deployment) => !deployment.staged);
      return { ...sysroot, boot, driver: null, deployments: kept };
    }
    const deployments = [
      { ...staged, booted: true, staged: false, finalizationLocked: null },
      { ...former, booted: false },
      ...others.filter((deployment) => deployment.pinned === true),
    ];
    return { ...sysroot, boot, driver: null, deployments };
  });
  return bootedDeployment(root);
}

/**
 * Boots into the rollback deployment, as an administrator can from the boot menu or with `rpm-ostree
 * rollback`.
 */
export function bootRollback(root: string): StandInDeployment {
  editSysroot(root, (sysroot) => {
    const [target] = sysroot.deployments.filter((deployment) => !deployment.staged && !deployment.booted);
    if (target === undefined) {
      throw new Error('cannot roll back: there is no rollback deployment');
    }
    const others = sysroot.deployments.filter((deployment) => !deployment.staged && deployment !== target);
    const deployments = [
      { ...target, booted: true },
      ...others.map((other) => ({ ...other, booted: false })),
    ];
    return { ...sysroot, boot: sysroot.boot + 1, driver: null, deployments };
  });
  return bootedDeployment(root);
}

/** For startPrivateBus: how a bus starts the daemon of `root` when somebody calls rpm-ostree's name. */
export function standInService(root: string, options: DaemonOptions = {}): ActivatableService {
  const environment: readonly (readonly [string, string | number | undefined])[] = [
    ['STAND_IN_ROOT', root],
    ['STAND_IN_SPEED', options.bytesPerSecond],
    ['STAND_IN_IDLE_SECS', options.idleSecs],
    ['STAND_IN_REBOOT_MS', options.rebootMs],
  ];
  const settings = environment.flatMap(([name, value]) =>
    value === undefined ? [] : [quoted(`${name}=${value}`)],
  );
  const exec = ['/usr/bin/env', ...settings, '/usr/bin/python3', quoted(PROGRAM)].join(' ');
  return { name: BUS_NAME, exec };
}

function quoted(word: string): string {
  return `"${word.replaceAll(/[\\"$`]/g, '\\$&')}"`;
}

function writeSysroot(root: string, sysroot: StandInSysroot): void {
  writeState(root, 'sysroot.json', sysroot);
  writeLock(root, sysroot);
  const folder = join(root, 'ostree/deploy');
  // Always later than before, whatever the resolution of the clock and the file system.
  const now = Math.max(Date.now(), Math.floor(statSync(folder).mtimeMs) + 1) / 1000;
  utimesSync(folder, now, now);
}

/** `{'locked': <true>}`, `{'locked': <false>}` and `{'a': <true>}`, as GLib serialises them. */
const STAGED_FILES = {
  locked: '6c6f636b65640000010062070c',
  unlocked: '6c6f636b65640000000062070c',
  withoutKey: '6100000000000000010062020c',
} as const;

/** libostree's files, as the daemon writes them as well. */
function writeLock(root: string, { version = 'v2026.2', deployments }: StandInSysroot): void {
  const folder = join(root, 'run/ostree');
  mkdirSync(folder, { recursive: true });
  const staged = deployments.find((deployment) => deployment.staged);
  const isLocked = staged?.finalizationLocked === true;
  const isOld = version !== 'v2026.2';
  const oldLock = join(folder, 'staged-deployment-locked');
  rmSync(oldLock, { force: true });
  if (isLocked && isOld) {
    writeFileSync(oldLock, '');
  }
  const path = join(folder, 'staged-deployment');
  if (staged === undefined) {
    rmSync(path, { force: true });
    return;
  }
  const hasKey = !isOld && staged.finalizationLocked !== null;
  const content = hasKey ? (isLocked ? 'locked' : 'unlocked') : 'withoutKey';
  writeFileSync(`${path}.new`, Buffer.from(STAGED_FILES[content], 'hex'));
  renameSync(`${path}.new`, path);
}

function writeState(root: string, name: string, value: unknown): void {
  const path = join(root, 'var/lib/stand-in', name);
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${String(process.pid)}.new`;
  writeFileSync(temporary, `${JSON.stringify(value, undefined, 1)}\n`);
  renameSync(temporary, path);
}
