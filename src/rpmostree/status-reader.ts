/**
 * Reads the host's deployments, and remembers the answer while the system root does not change.
 *
 * Invariants:
 * - An answer is remembered with a stamp that was taken before the request, so no change in between is missed.
 * - Only reduced deployments are kept.
 * - The lock of the staged deployment comes from libostree's files as well; see staged-lock.ts.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActiveTransaction, Deployment, HostStatus } from '../agent/ports.ts';
import { overrideStamp, readBootedOverride } from './booted-override.ts';
import type { DaemonCalls } from './daemon-calls.ts';
import { type DecodedDeployments, decodeDeployments } from './deployment.ts';
import { readStagedLock, stagedLockStamp } from './staged-lock.ts';

/** libostree updates the modification time of this directory whenever the deployments change. */
const DEPLOY_DIRECTORY = 'ostree/deploy';

/** Events to be counted and logged while the status is read. */
export interface StatusObserver {
  /** The daemon is about to be asked. `onStatusFailure` follows if that fails. */
  onStatusAttempt(): void;
  onStatusFailure(): void;
  /** A cached answer is acceptable. `onCacheMiss` follows if there is none. */
  onCacheRequest(): void;
  onCacheMiss(): void;
  /** A malformed deployment was left out. Called only for sentences that the previous read did not have. */
  onForeignDeployment(warning: string): void;
}

/** A status, with what rpm-ostree builds on as it reports it. In the rest, an override may stand for the booted one. */
export interface ReadStatus extends HostStatus {
  readonly base: Deployment;
}

export class StatusReader {
  readonly #root: string;
  readonly #observer: StatusObserver;
  #remembered: { readonly stamp: string; readonly status: HostStatus } | undefined;
  #warnings: readonly string[] = [];

  constructor(root: string, observer: StatusObserver) {
    this.#root = root;
    this.#observer = observer;
  }

  /** The last answer, if it still holds. This takes a few `stat` calls and no D-Bus. */
  async remembered(): Promise<HostStatus | undefined> {
    this.#observer.onCacheRequest();
    const stamp = await this.#stamp();
    if (stamp !== undefined && this.#remembered?.stamp === stamp) {
      return this.#remembered.status;
    }
    this.#observer.onCacheMiss();
    return undefined;
  }

  async read(
    daemon: DaemonCalls,
    describeActive: (signal: AbortSignal) => Promise<ActiveTransaction | undefined>,
    signal: AbortSignal,
  ): Promise<ReadStatus> {
    this.#remembered = undefined;
    const stamp = await this.#stamp();
    await daemon.reload(signal);
    const told = decodeDeployments(await daemon.deployments(signal));
    this.#warn(told.warnings);
    const decoded = withLock(told, await readStagedLock(this.#root));
    const override = await readBootedOverride(this.#root);
    const booted = override ?? decoded.booted;
    const status: HostStatus = {
      booted,
      staged: decoded.staged,
      deployments: decoded.deployments.map((deployment) => (deployment.booted ? booted : deployment)),
      activeTransaction: undefined,
    };
    // The active transaction is not remembered, because it says nothing about later.
    if (stamp !== undefined) {
      this.#remembered = { stamp, status };
    }
    return { ...status, activeTransaction: await describeActive(signal), base: baseOf(decoded) };
  }

  #warn(warnings: readonly string[]): void {
    for (const warning of warnings) {
      if (!this.#warnings.includes(warning)) {
        this.#observer.onForeignDeployment(warning);
      }
    }
    this.#warnings = warnings;
  }

  async #stamp(): Promise<string | undefined> {
    try {
      const { mtimeNs } = await stat(join(this.#root, DEPLOY_DIRECTORY), { bigint: true });
      const others = await Promise.all([overrideStamp(this.#root), stagedLockStamp(this.#root)]);
      return [mtimeNs, ...others].join(' ');
    } catch {
      // Without a stamp, changes cannot be noticed, so every read asks the daemon.
      return undefined;
    }
  }
}

/**
 * What rpm-ostree builds a new deployment on: the first one of the booted system, which boots next. It may be staged,
 * booted, or put first by `rpm-ostree rollback`.
 */
export function baseOf({ booted, deployments }: DecodedDeployments): Deployment {
  const system = systemOf(booted);
  return deployments.find((deployment) => systemOf(deployment) === system) ?? booted;
}

/** The name of the system, from an id `OSNAME-CHECKSUM.SERIAL`. */
function systemOf({ id }: Deployment): string {
  return id.slice(0, id.lastIndexOf('-'));
}

/**
 * The deployments with what the files say of the lock. Locked is what the daemon or the files call so. What neither of
 * them speaks of stays undefined.
 */
export function withLock(decoded: DecodedDeployments, lock: boolean | undefined): DecodedDeployments {
  const { staged: told } = decoded;
  if (told === undefined || lock === undefined || told.finalizationLocked === true) {
    return decoded;
  }
  const staged = { ...told, finalizationLocked: lock };
  return { ...decoded, staged, deployments: decoded.deployments.map((one) => (one === told ? staged : one)) };
}
