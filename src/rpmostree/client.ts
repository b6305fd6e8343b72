/**
 * rpm-ostree for the agent: its port over the daemon's D-Bus API. The `rpm-ostree` program is never run.
 *
 * Invariants: a transaction of ours is always started, followed to its end or cancelled; the daemon is left free to
 * leave when idle; while nothing changes on disk, a cached status costs no D-Bus call; what was staged is read back.
 */
import type {
  ActiveTransaction,
  Clock,
  Deployment,
  HostStatus,
  Progress,
  RpmOstree,
} from '../agent/ports.ts';
import { payloadDigest, samePayload } from '../agent/release.ts';
import type { Release } from '../agent/release.ts';
import type { BusLink, ConnectPeer, SystemBus } from '../dbus/types.ts';
import { CancelledError, RpmOstreeError, printable } from '../errors.ts';
import type { DaemonCalls, Options } from './daemon-calls.ts';
import { isBusy, mapFinishedText } from './map-error.ts';
import { visitDaemon } from './session.ts';
import type { Visit } from './session.ts';
import { planStage } from './stage-plan.ts';
import { StatusReader } from './status-reader.ts';
import type { ReadStatus, StatusObserver } from './status-reader.ts';
import { transactionAddress } from './transaction-address.ts';
import { STALL_LIMIT_MS, followTransaction, readTitle } from './transaction.ts';
import type { TransactionEnd } from './transaction.ts';

/** Opens the title of every transaction of ours, so that an agent knows those of one that was killed. */
const TITLE_PREFIX = 'zincati: ';
const DRIVER_NAME = 'Zincati';

/** After an abort: how long an answer that names a transaction is still awaited, to cancel it. */
const LATE_ANSWER_LIMIT_MS = 200;

export interface RpmOstreeClientOptions {
  readonly bus: SystemBus;
  readonly connectPeer: ConnectPeer;
  readonly clock: Clock;
  /** `/` on a host. */
  readonly root: string;
  readonly observer: StatusObserver;
  /** Default {@link STALL_LIMIT_MS}. */
  readonly stallLimitMs?: number;
}

type OnProgress = (progress: Progress) => void;

export class RpmOstreeClient implements RpmOstree {
  readonly #options: RpmOstreeClientOptions;
  readonly #reader: StatusReader;

  constructor(options: RpmOstreeClientOptions) {
    this.#options = options;
    this.#reader = new StatusReader(options.root, options.observer);
  }

  async registerDriver(signal: AbortSignal): Promise<void> {
    const doing = 'register as the update driver';
    const options = { 'register-driver': DRIVER_NAME, ...titled('register as the update driver') };
    await this.#visit(doing, signal, (visit) =>
      this.#run(visit, doing, (daemon, until) => daemon.deploy('', options, until), ignoreProgress, signal),
    );
  }

  async status(mode: 'cached' | 'fresh', signal: AbortSignal): Promise<HostStatus> {
    if (mode === 'cached') {
      const remembered = await this.#reader.remembered();
      if (remembered !== undefined) return remembered;
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
      if (!(error instanceof CancelledError)) observer.onStatusFailure();
      throw error;
    }
  }

  async stage(
    release: Release,
    allowDowngrade: boolean,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<Deployment> {
    const doing = `stage ${printable(release.version)}`;
    return this.#visit(doing, signal, async (visit) => {
      const before = await this.#read(visit.daemon, signal);
      if (before.staged !== undefined && isStagedAs(before.staged, release)) return before.staged;
      const begin = stageCall(before, release, { 'allow-downgrade': allowDowngrade, ...titled(doing) });
      await this.#run(visit, doing, begin, onProgress, signal);
      const { staged } = await this.#read(visit.daemon, signal);
      if (staged !== undefined) return staged;
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
    await this.#visit(doing, signal, (visit) =>
      this.#run(
        visit,
        doing,
        (daemon, until) => daemon.finalizeDeployment(options, until),
        ignoreProgress,
        signal,
      ),
    );
  }

  async discardStaged(signal: AbortSignal): Promise<void> {
    const doing = 'discard the staged deployment';
    await this.#visit(doing, signal, async (visit) => {
      const begin: Begin = (daemon, until) => daemon.cleanup(['pending-deploy'], until);
      await this.#run(visit, doing, begin, ignoreProgress, signal);
      await visit.daemon.reload(signal);
    });
  }

  async followActive(
    limitMs: number,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<'ended' | 'still-running'> {
    return this.#visit('follow the running transaction', signal, async ({ daemon }) => {
      const active = await this.#activeAddress(daemon, signal);
      if (active === undefined) return 'ended';
      const end = await this.#join(active, daemon, limitMs, onProgress, signal);
      if (end.kind === 'limit') return 'still-running';
      await daemon.reload(signal);
      return 'ended';
    });
  }

  #visit<T>(doing: string, signal: AbortSignal, work: (visit: Visit) => Promise<T>): Promise<T> {
    return visitDaemon(this.#options.bus, doing, signal, work);
  }

  #read(daemon: DaemonCalls, signal: AbortSignal): Promise<ReadStatus> {
    return this.#reader.read(daemon, (until) => this.#describeActive(daemon, until), signal);
  }

  async #activeAddress(daemon: DaemonCalls, signal: AbortSignal): Promise<string | undefined> {
    const address = await daemon.activeTransactionPath(signal);
    return address === '' ? undefined : transactionAddress(address, this.#options.root);
  }

  async #describeActive(daemon: DaemonCalls, signal: AbortSignal): Promise<ActiveTransaction | undefined> {
    const address = await this.#activeAddress(daemon, signal);
    if (address === undefined) return undefined;
    const method = await daemon.activeTransactionMethod(signal);
    const title = await this.#title(address, signal);
    return { method: printable(method), title: printable(title), ours: title.startsWith(TITLE_PREFIX) };
  }

  /** Empty when the transaction ended meanwhile. */
  async #title(address: string, signal: AbortSignal): Promise<string> {
    try {
      return await readTitle(this.#options.connectPeer, address, signal);
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      return '';
    }
  }

  /** Follows a transaction that somebody began; one that is over by the time we reach it has ended. */
  async #join(
    address: string,
    daemon: DaemonCalls,
    limitMs: number,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<TransactionEnd> {
    const { connectPeer, clock, stallLimitMs = STALL_LIMIT_MS } = this.#options;
    const ours = (await this.#title(address, signal)).startsWith(TITLE_PREFIX);
    const stall = ours ? { stallLimitMs } : {};
    try {
      return await followTransaction(
        connectPeer,
        clock,
        address,
        { onProgress, ours, limitMs, ...stall },
        signal,
      );
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      await daemon.reload(signal);
      if ((await this.#activeAddress(daemon, signal)) === undefined) return { kind: 'lost' };
      throw error;
    }
  }

  /** Begins a transaction of ours and follows it to a good end; any other end is thrown. */
  async #run(
    { daemon, link }: Visit,
    doing: string,
    begin: Begin,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<void> {
    const { connectPeer, clock, root, stallLimitMs = STALL_LIMIT_MS } = this.#options;
    const attempt = (): Promise<string> => this.#beginOrLeave(link, (until) => begin(daemon, until), signal);
    const answered = await attempt().catch(async (error: unknown) => {
      if (!isBusy(error)) throw error;
      // It may be our last transaction, over but not yet let go: after a Reload it is.
      await daemon.reload(signal);
      if ((await daemon.activeTransactionPath(signal)) !== '') throw error;
      return attempt();
    });
    const address = transactionAddress(answered, root);
    const end = await followTransaction(
      connectPeer,
      clock,
      address,
      { onProgress, ours: true, stallLimitMs },
      signal,
    );
    if (end.kind !== 'succeeded') throw failureOf(end, doing, stallLimitMs);
  }

  /**
   * The answer of a call that makes a transaction. An abort does not give the call up at once: a transaction that
   * nobody starts or cancels blocks all others. If the answer is late, leaving the bus makes the daemon drop it.
   */
  async #beginOrLeave(
    link: BusLink,
    begin: (until: AbortSignal) => Promise<string>,
    signal: AbortSignal,
  ): Promise<string> {
    if (signal.aborted) throw new CancelledError('the call was given up', { cause: signal.reason });
    const late = new AbortController();
    const answered = new AbortController();
    const tooLate = async (): Promise<void> => {
      try {
        await this.#options.clock.sleep(LATE_ANSWER_LIMIT_MS, answered.signal);
      } catch {
        return;
      }
      late.abort(signal.reason);
      await link.close();
    };
    const onAbort = (): void => void tooLate();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await begin(late.signal);
    } finally {
      answered.abort();
      signal.removeEventListener('abort', onAbort);
    }
  }
}

/** A call that answers with a transaction's address. */
type Begin = (daemon: DaemonCalls, signal: AbortSignal) => Promise<string>;

function stageCall({ booted, actualBooted, staged }: ReadStatus, release: Release, given: Options): Begin {
  const plan = planStage({ booted, base: staged ?? actualBooted, stream: booted.stream }, release);
  const options = { ...given, 'lock-finalization': true };
  if (plan.kind === 'rebase') {
    const modifiers = { 'set-refspec': plan.refspec, 'set-revision': plan.revision };
    return (daemon, signal) => daemon.updateDeployment(modifiers, options, signal);
  }
  const all = plan.skipBranchCheck ? { ...options, 'skip-branch-check': true } : options;
  return (daemon, signal) => daemon.deploy(plan.revision, all, signal);
}

/** Exactly this release is staged and still locked (a daemon too old to say is believed). */
function isStagedAs({ payload, finalizationLocked }: Deployment, release: Release): boolean {
  return payload !== undefined && samePayload(payload, release.payload) && finalizationLocked !== false;
}

function failureOf(
  end: Exclude<TransactionEnd, { kind: 'succeeded' }>,
  doing: string,
  stallLimitMs: number,
): RpmOstreeError {
  switch (end.kind) {
    case 'failed':
      return mapFinishedText(end.text, doing);
    case 'lost': {
      const message = `cannot ${doing}: rpm-ostree's daemon went away in the middle, the outcome is unknown`;
      return new RpmOstreeError('rpm_ostree_transaction_lost', message);
    }
    case 'stalled':
    case 'limit': {
      const message = `cannot ${doing}: no progress for ${Math.round(stallLimitMs / 1000)} s, the transaction was cancelled`;
      return new RpmOstreeError('rpm_ostree_transaction_stalled', message);
    }
  }
}

function titled(doing: string): Options {
  return { 'initiating-command-line': `${TITLE_PREFIX}${doing}` };
}

function ignoreProgress(): void {
  // Quick transactions: nobody waits for their progress.
}
