/** The transaction follower on a virtual clock: progress, stall, loss, cancel, limits. */
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../../src/agent/ports.ts';
import { BusError, CancelledError } from '../../../src/errors.ts';
import {
  CANCEL_LIMIT_MS,
  QUIET_STEP_MS,
  type FollowOptions,
  followTransaction,
  SILENCE_LIMIT_MS,
  STALL_LIMIT_MS,
} from '../../../src/rpmostree/transaction.ts';
import { FakeLink } from '../../support/fake-link.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const PATIENCE = { stallLimitMs: STALL_LIMIT_MS, silenceLimitMs: SILENCE_LIMIT_MS } as const;

function setUp(options: Partial<FollowOptions> = {}) {
  const clock = new VirtualClock();
  const link = new FakeLink();
  link.answers.set('Start', [true]).set('Cancel', []);
  const progress: Progress[] = [];
  const abort = new AbortController();
  const end = followTransaction(
    async () => link,
    clock,
    'unix:path=/x',
    { onProgress: (seen) => progress.push(seen), ours: true, patience: PATIENCE, ...options },
    abort.signal,
  );
  // Tests that expect a rejection check it later.
  end.catch(() => undefined);
  return { clock, link, progress, abort, end };
}

function download(bytes: bigint, rate: bigint, elapsed: bigint) {
  return [
    [0n, elapsed],
    [1, 0],
    [10, 10, 0],
    [0, 0, 0, 0n],
    [50, 200],
    [bytes, rate],
  ] as const;
}

describe('followTransaction', () => {
  it('listens, starts, and ends with Finished', async () => {
    const { clock, link, progress, end } = setUp();
    await clock.advance(0);
    expect(link.calls).toEqual(['Start']);
    link.emit('Message', 'Pulling\u001b[0m\nmanifest');
    link.emit('PercentProgress', 'Fetching layers', 40);
    link.emit('DownloadProgress', ...download(5_000_000_000n, 1_000_000n, 3n));
    link.emit('TaskBegin', 'Checking out');
    link.emit('TaskEnd', 'done');
    link.emit('SignatureProgress', [], 'abc');
    link.emit('Finished', true, '');
    await expect(end).resolves.toEqual({ kind: 'succeeded' });
    expect(progress).toEqual([
      { text: 'Pulling\uFFFD[0m manifest' },
      { text: 'Fetching layers', percent: 40 },
      { text: 'fetching objects: 50 of 200', percent: 25, bytesTransferred: 5e9, bytesPerSecond: 1e6 },
      { text: 'Checking out' },
    ]);
    expect(link).toMatchObject({ closed: true, listeners: 0 });
    expect(clock.sleepers).toBe(0);
  });

  it('believes no signal of the wrong types', async () => {
    const { clock, link, progress, end } = setUp();
    await clock.advance(0);
    link.emit('Message', 7);
    link.emit('PercentProgress', 'x', 'y');
    link.emit('DownloadProgress', 'x');
    link.emit('Finished', 'yes', 4);
    await expect(end).resolves.toEqual({ kind: 'failed', text: '' });
    expect(progress).toEqual([]);
  });

  it('takes a Finished that comes before the answer to Start', async () => {
    const { clock, link, end } = setUp();
    link.answers.delete('Start');
    await clock.advance(0);
    link.emit('Finished', false, 'no');
    await expect(end).resolves.toEqual({ kind: 'failed', text: 'no' });
  });

  it('sees the loss of the daemon', async () => {
    const { clock, link, end } = setUp();
    await clock.advance(0);
    link.drop();
    await expect(end).resolves.toEqual({ kind: 'lost' });
    expect(link.listeners).toBe(0);
  });

  it('sees the loss while Start waits for its answer', async () => {
    const { clock, link, end } = setUp();
    link.answers.delete('Start');
    await clock.advance(0);
    link.drop();
    await expect(end).resolves.toEqual({ kind: 'lost' });
  });

  it('lets Finished win over the end of the connection', async () => {
    const { clock, link, end } = setUp();
    await clock.advance(0);
    link.emit('Finished', true, '');
    link.drop();
    await expect(end).resolves.toEqual({ kind: 'succeeded' });
  });

  it('reports a Start that is refused', async () => {
    const { link, end, clock } = setUp();
    link.answers.set('Start', new BusError('bus_remote_error', 'no', { errorName: 'x.y' }));
    await clock.advance(0);
    await expect(end).rejects.toBeInstanceOf(BusError);
    expect(link.closed).toBe(true);
  });

  it('has the size of all static deltas, where there are any', async () => {
    const { link, progress, clock } = setUp();
    await clock.advance(0);
    const [time, outstanding, metadata, , content] = download(0n, 0n, 1n);
    const emit = (parts: number, size: bigint, bytes: bigint) =>
      link.emit('DownloadProgress', time, outstanding, metadata, [parts, 0, 1, size], content, [bytes, 1n]);
    emit(3, 500n, 100n);
    emit(0, 500n, 101n);
    // More has come than the deltas are: it is not the size of all.
    emit(3, 500n, 501n);
    expect(progress.map(({ bytesTotal }) => bytesTotal)).toEqual([500, undefined, undefined]);
  });

  it('stalled-progress: tells whoever waits each minute that nothing moves, and no rate of before', async () => {
    const { clock, link, progress } = setUp();
    await clock.advance(0);
    link.emit('DownloadProgress', ...download(7n, 5n, 1n));
    await clock.advance(QUIET_STEP_MS - 1);
    expect(progress).toHaveLength(1);
    await clock.advance(1);
    await clock.advance(QUIET_STEP_MS);
    expect(progress.slice(1)).toEqual([
      {
        text: 'fetching objects: 50 of 200',
        percent: 25,
        bytesTransferred: 7,
        bytesPerSecond: 0,
        quietMs: QUIET_STEP_MS,
      },
      {
        text: 'fetching objects: 50 of 200',
        percent: 25,
        bytesTransferred: 7,
        bytesPerSecond: 0,
        quietMs: 2 * QUIET_STEP_MS,
      },
    ]);
    // A change of only the clock and the rate is not progress.
    link.emit('DownloadProgress', ...download(7n, 4n, 200n));
    expect(progress.at(-1)).toMatchObject({ quietMs: 2 * QUIET_STEP_MS });
    link.emit('DownloadProgress', ...download(8n, 4n, 201n));
    expect(progress.at(-1)).toEqual({
      text: 'fetching objects: 50 of 200',
      percent: 25,
      bytesTransferred: 8,
      bytesPerSecond: 4,
    });
    const before = progress.length;
    await clock.advance(QUIET_STEP_MS - 1);
    expect(progress).toHaveLength(before);
  });

  it('stalled-progress: a transaction that never says anything is told of too', async () => {
    const { clock, progress } = setUp();
    await clock.advance(QUIET_STEP_MS);
    expect(progress).toEqual([{ text: 'waiting for rpm-ostree', quietMs: QUIET_STEP_MS }]);
  });

  it('B15: cancels after ten minutes without progress, not before', async () => {
    const { clock, link, end } = setUp();
    await clock.advance(0);
    link.emit('DownloadProgress', ...download(0n, 0n, 0n));
    await clock.advance(STALL_LIMIT_MS - 1000);
    link.emit('DownloadProgress', ...download(1n, 5n, 1n));
    await clock.advance(STALL_LIMIT_MS - 1000);
    expect(link.calls).toEqual(['Start']);
    // A change of only the clock and the rate is not progress.
    link.emit('DownloadProgress', ...download(1n, 4n, 600n));
    await clock.advance(1000);
    expect(link.calls).toEqual(['Start', 'Cancel']);
    link.emit('Finished', false, 'Operation was cancelled');
    await expect(end).resolves.toEqual({ kind: 'stalled', afterMs: STALL_LIMIT_MS });
    expect(clock.sleepers).toBe(0);
  });

  it.each(['TaskBegin', 'Message', 'ProgressEnd', 'TaskEnd', 'PercentProgress'])(
    'R4: waits for hours after %s, since nothing more is told of a layer',
    async (member) => {
      const { clock, link, end } = setUp();
      await clock.advance(0);
      link.emit('DownloadProgress', ...download(1n, 5n, 1n));
      link.emit(member, 'Fetching layer sha256:1 (172.2 MB)', 1);
      await clock.advance(SILENCE_LIMIT_MS - 1000);
      expect(link.calls).toEqual(['Start']);
      link.emit('TaskEnd', 'done');
      await clock.advance(SILENCE_LIMIT_MS - 1000);
      expect(link.calls).toEqual(['Start']);
      await clock.advance(1000);
      expect(link.calls).toEqual(['Start', 'Cancel']);
      link.emit('Finished', false, 'Operation was cancelled');
      await expect(end).resolves.toEqual({ kind: 'stalled', afterMs: SILENCE_LIMIT_MS });
      expect(clock.sleepers).toBe(0);
    },
  );

  it.each([0, 1, STALL_LIMIT_MS / 2, 5 * STALL_LIMIT_MS])(
    'R4: a download that begins after %i ms of silence has its own limit from then on',
    async (silentMs) => {
      const { clock, link, end } = setUp();
      await clock.advance(silentMs);
      link.emit('DownloadProgress', ...download(1n, 5n, 1n));
      await clock.advance(STALL_LIMIT_MS - 1);
      expect(link.calls).toEqual(['Start']);
      await clock.advance(1);
      expect(link.calls).toEqual(['Start', 'Cancel']);
      link.drop();
      await expect(end).resolves.toEqual({ kind: 'stalled', afterMs: STALL_LIMIT_MS });
    },
  );

  it.each([
    'layers already present: 43; layers needed: 2 (172.2\u00a0MB)',
    'ostree chunk layers stored: 43 needed: 2 (172.2 MB)',
  ])('R4: counts the layers of an image: %s', async (message) => {
    const { clock, link, progress, end } = setUp();
    await clock.advance(0);
    link.emit('TaskBegin', 'Fetching a layer that is not counted yet');
    link.emit('Message', message);
    link.emit('TaskBegin', 'Fetching ostree chunk 1');
    link.emit('TaskEnd', 'done');
    link.emit('TaskBegin', 'Fetching layer 2');
    link.emit('TaskBegin', 'Checking out tree 1');
    link.emit('TaskEnd', 'done');
    link.emit('Finished', true, '');
    await end;
    expect(
      progress.map(({ layersDone, layersNeeded, percent }) => [layersDone, layersNeeded, percent]),
    ).toEqual([
      [undefined, undefined, undefined],
      [0, 2, 0],
      [0, 2, 0],
      [1, 2, 50],
      [1, 2, 50],
      [2, 2, 100],
    ]);
  });

  it('R5: gives a cancelled transaction longer than the half minute that a silent server costs', async () => {
    const { clock, link, end } = setUp();
    await clock.advance(0);
    link.emit('DownloadProgress', ...download(1n, 5n, 1n));
    await clock.advance(STALL_LIMIT_MS + 31_000);
    expect(link.closed).toBe(false);
    link.emit('Finished', false, 'Operation was cancelled');
    await expect(end).resolves.toEqual({ kind: 'stalled', afterMs: STALL_LIMIT_MS });
  });

  it('B15: leaves a transaction behind that does not heed the cancel', async () => {
    const { clock, link, end } = setUp();
    link.answers.delete('Cancel');
    await clock.advance(0);
    link.emit('DownloadProgress', ...download(1n, 5n, 1n));
    await clock.advance(STALL_LIMIT_MS + CANCEL_LIMIT_MS);
    await expect(end).resolves.toEqual({ kind: 'stalled', afterMs: STALL_LIMIT_MS });
    expect(link.closed).toBe(true);
  });

  it("never cancels somebody else's, however quiet", async () => {
    const { clock, link, end } = setUp({ ours: false, limitMs: 3_600_000, patience: undefined as never });
    await clock.advance(3_600_000);
    await expect(end).resolves.toEqual({ kind: 'limit' });
    expect(link.calls).toEqual(['Start']);
  });

  it('cancels ours on abort and is over within a second', async () => {
    const { clock, link, abort, end } = setUp();
    link.answers.delete('Cancel');
    await clock.advance(5000);
    abort.abort();
    await clock.advance(1000);
    await expect(end).rejects.toBeInstanceOf(CancelledError);
    expect(link.calls).toEqual(['Start', 'Cancel']);
    expect(link).toMatchObject({ closed: true, listeners: 0 });
    expect(clock.sleepers).toBe(0);
  });

  it("leaves somebody else's alone on abort", async () => {
    const { clock, link, abort, end } = setUp({ ours: false });
    await clock.advance(5000);
    abort.abort();
    await expect(end).rejects.toBeInstanceOf(CancelledError);
    expect(link.calls).toEqual(['Start']);
    expect(link.closed).toBe(true);
  });

  it('starts and cancels a transaction of ours when the abort came first: unstarted it would block everybody', async () => {
    const clock = new VirtualClock();
    const link = new FakeLink();
    link.answers.set('Start', [true]).set('Cancel', []);
    const options = { onProgress: () => undefined, ours: true, patience: PATIENCE };
    const end = followTransaction(async () => link, clock, 'unix:path=/x', options, AbortSignal.abort());
    end.catch(() => undefined);
    await clock.advance(1000);
    await expect(end).rejects.toBeInstanceOf(CancelledError);
    expect(link.calls).toEqual(['Start', 'Cancel']);
  });
});
