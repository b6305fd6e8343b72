/**
 * Reads the host's deployments, and remembers the answer for as long as the system root does not change.
 *
 * Invariant: an answer is remembered under the stamp taken before it was asked for, so a change in between is never
 * missed. Only reduced deployments are kept.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActiveTransaction, Deployment, HostStatus } from '../agent/ports.ts';
import { overrideStamp, readBootedOverride } from './booted-override.ts';
import type { DaemonCalls } from './daemon-calls.ts';
import { decodeDeployments } from './deployment.ts';

/** libostree bumps its modification time whenever the deployments change. */
const DEPLOY_DIRECTORY = 'ostree/deploy';

/** What is to be counted and logged about reading the status. */
export interface StatusObserver {
  /** The daemon is asked; `onStatusFailure` follows if that fails. */
  onStatusAttempt(): void;
  onStatusFailure(): void;
  /** A cached answer would do; `onCacheMiss` follows if there is none. */
  onCacheRequest(): void;
  onCacheMiss(): void;
  /** A deployment was left out because it cannot be read; once for each sentence that differs from the last read's. */
  onForeignDeployment(warning: string): void;
}

/** A status, and the booted deployment as rpm-ostree has it, where an override stands in its place. */
export interface ReadStatus extends HostStatus {
  readonly actualBooted: Deployment;
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

  /** The answer of before, while it holds; a few `stat` calls, no D-Bus. */
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
    const decoded = decodeDeployments(await daemon.deployments(signal));
    this.#warn(decoded.warnings);
    const override = await readBootedOverride(this.#root);
    const booted = override ?? decoded.booted;
    const status: HostStatus = {
      booted,
      staged: decoded.staged,
      deployments: decoded.deployments.map((deployment) => (deployment.booted ? booted : deployment)),
      activeTransaction: undefined,
    };
    // What runs now says nothing about later: it is not remembered.
    if (stamp !== undefined) {
      this.#remembered = { stamp, status };
    }
    return { ...status, activeTransaction: await describeActive(signal), actualBooted: decoded.booted };
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
      return `${mtimeNs} ${await overrideStamp(this.#root)}`;
    } catch {
      // Nothing to tell a change by: every read asks.
      return undefined;
    }
  }
}
