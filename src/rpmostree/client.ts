/**
 * The agent's port for rpm-ostree, over the daemon's D-Bus API. The `rpm-ostree` program is never run.
 *
 * Invariants:
 * - The daemon can always exit when it is idle.
 * - While nothing changes on disk, a cached status needs no D-Bus call.
 * - The deployment that was staged is read back.
 * - Finalization stays locked until `finalize`.
 * - What somebody else staged is never replaced or dropped. It is compared with what the caller knows of, right before
 *   and in the same visit.
 * - A release whose staging failed does not stay staged.
 */
import type { Clock, Deployment, HostStatus, RpmOstree, FollowEnd } from '../agent/ports.ts';
import { payloadDigest, type Release, samePayload } from '../agent/release.ts';
import { bootsNext } from '../agent/next-boot.ts';
import { sameStaged } from '../agent/same-staged.ts';
import type { ConnectPeer, SystemBus } from '../dbus/types.ts';
import { CancelledError, RpmOstreeError } from '../errors.ts';
import { printable } from '../text/printable.ts';
import type { DaemonCalls, Options } from './daemon-calls.ts';
import { type Visit, visitDaemon } from './session.ts';
import { planStage } from './stage-plan.ts';
import { type ReadStatus, type StatusObserver, StatusReader } from './status-reader.ts';
import { SILENCE_LIMIT_MS, STALL_LIMIT_MS } from './transaction.ts';
import { type Begin, type OnProgress, titled, Transactions } from './transactions.ts';

/** The name of the update driver that rpm-ostree's own command line shows. */
const DRIVER_NAME = 'Zincati';

export interface RpmOstreeClientOptions {
  readonly bus: SystemBus;
  readonly connectPeer: ConnectPeer;
  readonly clock: Clock;
  /** `/` on a host. */
  readonly root: string;
  readonly observer: StatusObserver;
  /** Default {@link STALL_LIMIT_MS}. */
  readonly stallLimitMs?: number;
  /** Default {@link SILENCE_LIMIT_MS}. */
  readonly silenceLimitMs?: number;
}

export class RpmOstreeClient implements RpmOstree {
  readonly #options: RpmOstreeClientOptions;
  readonly #reader: StatusReader;
  readonly #transactions: Transactions;

  constructor(options: RpmOstreeClientOptions) {
    this.#options = options;
    this.#reader = new StatusReader(options.root, options.observer);
    const { stallLimitMs = STALL_LIMIT_MS, silenceLimitMs = SILENCE_LIMIT_MS } = options;
    this.#transactions = new Transactions({
      ...options,
      patience: { stallLimitMs, silenceLimitMs: Math.max(stallLimitMs, silenceLimitMs) },
    });
  }

  async registerDriver(signal: AbortSignal): Promise<void> {
    const doing = 'register as the update driver';
    const options = { 'register-driver': DRIVER_NAME, ...titled(doing) };
    await this.#change(doing, (daemon, until) => daemon.deploy('', options, until), signal);
  }

  async status(mode: 'cached' | 'fresh', signal: AbortSignal): Promise<HostStatus> {
    if (mode === 'cached') {
      const remembered = await this.#reader.remembered();
      if (remembered !== undefined) {
        return remembered;
      }
    }
    const { observer } = this.#options;
    observer.onStatusAttempt();
    try {
      const { booted, staged, deployments, activeTransaction } = await this.#visit(
        'read the deployments',
        signal,
        ({ daemon }) => this.#read(daemon, signal),
      );
      return { booted, staged, deployments, activeTransaction };
    } catch (error) {
      if (!(error instanceof CancelledError)) {
        observer.onStatusFailure();
      }
      throw error;
    }
  }

  async stage(
    release: Release,
    {
      allowDowngrade,
      expected,
    }: { readonly allowDowngrade: boolean; readonly expected: Deployment | undefined },
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<Deployment> {
    const doing = `stage ${printable(release.version)}`;
    return this.#visit(doing, signal, async (visit) => {
      const before = await this.#readExpected(visit, doing, expected, signal);
      if (before.staged !== undefined && isStagedAs(before.staged, release)) {
        return before.staged;
      }
      const begin = stageCall(before, release, { 'allow-downgrade': allowDowngrade, ...titled(doing) });
      try {
        await this.#transactions.run(visit, doing, begin, onProgress, signal);
      } catch (error) {
        if (error instanceof RpmOstreeError) {
          await this.#dropFailed(visit, before.staged, (staged) => isStagedAs(staged, release), signal);
        }
        throw error;
      }
      const { staged } = await this.#read(visit.daemon, signal);
      if (staged !== undefined) {
        return staged;
      }
      const message = `cannot ${doing}: rpm-ostree reported success, but no deployment is staged`;
      throw new RpmOstreeError('rpm_ostree_staged_mismatch', message);
    });
  }

  async finalize(
    release: Release,
    { allowUnlocked }: { allowUnlocked: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const doing = `finalize ${printable(release.version)}`;
    const options = {
      checksum: payloadDigest(release.payload) ?? release.payload.value,
      'allow-unlocked': allowUnlocked,
      ...titled(doing),
    };
    await this.#change(doing, (daemon, until) => daemon.finalizeDeployment(options, until), signal);
  }

  async discardStaged(expected: Deployment | undefined, signal: AbortSignal): Promise<void> {
    const doing = 'discard the staged deployment';
    await this.#visit(doing, signal, async (visit) => {
      await this.#readExpected(visit, doing, expected, signal);
      await this.#transactions.run(visit, doing, dropStaged, () => undefined, signal);
    });
  }

  async followActive(limitMs: number, onProgress: OnProgress, signal: AbortSignal): Promise<FollowEnd> {
    return this.#visit('follow the running transaction', signal, async (visit) => {
      const { daemon } = visit;
      const before = await this.#read(daemon, signal);
      const end = await this.#transactions.join(daemon, limitMs, onProgress, signal);
      if (end?.kind === 'limit') {
        return 'still-running';
      }
      if (end !== undefined) {
        await daemon.letGo(signal);
        if (before.activeTransaction?.ours !== true) {
          return 'ended';
        }
        if (end.kind === 'succeeded') {
          return 'succeeded';
        }
        // An agent before this one began it, and has not heard that it failed.
        await this.#dropFailed(visit, before.staged, () => true, signal);
      }
      return 'ended';
    });
  }

  /** The deployments right before they are changed. Whoever else staged something since was not asked about it. */
  async #readExpected(
    { daemon }: Visit,
    doing: string,
    expected: Deployment | undefined,
    signal: AbortSignal,
  ): Promise<ReadStatus> {
    const status = await this.#read(daemon, signal);
    const next = bootsNext(status);
    if (!sameStaged(expected, next)) {
      const message = `cannot ${doing}: ${described(expected)} must be next to boot, got ${described(next)}`;
      throw new RpmOstreeError('rpm_ostree_staged_changed', message);
    }
    return status;
  }

  /**
   * Drops what a failed transaction of ours left staged. rpm-ostree looks whether a deployment works at all only after
   * it was staged. Never rejects: the failure counts, and a later look at the deployments finds what was left.
   */
  async #dropFailed(
    visit: Visit,
    before: Deployment | undefined,
    isOurs: (staged: Deployment) => boolean,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const { staged } = await this.#read(visit.daemon, signal);
      if (staged !== undefined && isLeftover(before, staged) && isOurs(staged)) {
        const doing = 'discard what could not be staged';
        await this.#transactions.run(visit, doing, dropStaged, () => undefined, signal);
      }
    } catch {
      return;
    }
  }

  /** Runs a transaction that stands alone and is too quick for its progress to matter. */
  #change(doing: string, begin: Begin, signal: AbortSignal): Promise<void> {
    return this.#visit(doing, signal, (visit) =>
      this.#transactions.run(visit, doing, begin, () => undefined, signal),
    );
  }

  #visit<T>(doing: string, signal: AbortSignal, work: (visit: Visit) => Promise<T>): Promise<T> {
    return visitDaemon(this.#options.bus, doing, signal, work);
  }

  #read(daemon: DaemonCalls, signal: AbortSignal): Promise<ReadStatus> {
    return this.#reader.read(daemon, (until) => this.#transactions.describeActive(daemon, until), signal);
  }
}

function stageCall({ booted, base }: ReadStatus, release: Release, given: Options): Begin {
  const plan = planStage({ booted, base, stream: booted.stream }, release);
  const options = { ...given, 'lock-finalization': true };
  if (plan.kind === 'rebase') {
    const modifiers = { 'set-refspec': plan.refspec, 'set-revision': plan.revision };
    return (daemon, signal) => daemon.updateDeployment(modifiers, options, signal);
  }
  const all = plan.skipBranchCheck ? { ...options, 'skip-branch-check': true } : options;
  return (daemon, signal) => daemon.deploy(plan.revision, all, signal);
}

/**
 * Whether `staged` came of a transaction of ours; `before`: what was staged before it. All that we stage is locked.
 * Without its lock it is what somebody else wants to boot.
 */
export function isLeftover(before: Deployment | undefined, staged: Deployment): boolean {
  return staged.id !== before?.id && staged.finalizationLocked !== false;
}

const dropStaged: Begin = (daemon, signal) => daemon.cleanup(['pending-deploy'], signal);

/** Locked or not: what is staged already would stay as it is, since rpm-ostree sees no change in it. */
function isStagedAs({ payload }: Deployment, release: Release): boolean {
  return payload !== undefined && samePayload(payload, release.payload);
}

function described(deployment: Deployment | undefined): string {
  if (deployment === undefined) {
    return 'nothing';
  }
  const { version, id, finalizationLocked } = deployment;
  const lock = finalizationLocked === undefined ? '' : finalizationLocked ? ', locked' : ', not locked';
  return `${printable(version)} (${printable(id)}${lock})`;
}
