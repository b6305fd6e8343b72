/** Each effect as it is done: what is asked of which port, which event comes of it, and which one of a failure. */
import { describe, expect, it } from 'vitest';
import type { Effect, EffectKind, EffectOf, Event } from '../../../src/agent/messages.ts';
import { asFailure, isInterruptible, limitMsOf, perform, type Ports } from '../../../src/agent/perform.ts';
import type { FollowEnd, GateReport, Lenders, SlotsLeft } from '../../../src/agent/ports.ts';
import { EMPTY_RECORD } from '../../../src/agent/record.ts';
import { CancelledError, CincinnatiError, RpmOstreeError } from '../../../src/errors.ts';
import {
  blocking,
  bootedOn,
  checkResult,
  PASSING,
  payloadOf,
  release,
  staged,
} from '../../support/samples.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const START_AT = 1_800_000_000_000;
const SECOND = 1000;
const HOUR = 3_600_000;
const LIFE = new AbortController().signal;
const V2 = release('2.0', 2);
const STAGED = staged('2.0');
const BOOTED = bootedOn('1.0');
const FOUND = checkResult({ kind: 'update', release: V2 });
const FORESIGHT = { classes: ['timed'], clearAt: undefined } as const;
const CORE = { user: 'core', tty: 'pts/0' };
const place = (id: string) => ({ lender: 'fleet_lock', address: 'https://lock', group: 'g', id, sinceAt: 1 });
const QUERY = {
  booted: release('1.0', 1),
  denied: [payloadOf('0.9')],
  skip: [],
  allowDowngrade: false,
};

type Call = readonly [method: string, ...args: unknown[]];

interface Scenery {
  readonly clock?: VirtualClock;
  readonly end?: FollowEnd;
  readonly left?: SlotsLeft;
  /** Left out: this host cannot tell whether its boot is complete. */
  readonly boot?: readonly GateReport[];
  /** What every port fails with. */
  readonly fault?: unknown;
}

/** Ports that write down what is asked of them, and fail with `fault` where there is one. */
function ports(
  { clock = new VirtualClock(START_AT), end, left, boot, ...more }: Scenery,
  calls: Call[] = [],
) {
  const answers =
    <T>(method: string, answer?: T) =>
    async (...args: unknown[]): Promise<T> => {
      calls.push([method, ...args.filter((arg) => !(arg instanceof AbortSignal))]);
      if ('fault' in more) {
        throw more.fault;
      }
      return answer as T;
    };
  const lenders: Lenders = {
    acquire: answers('acquire', { kind: 'granted' }),
    release: answers('release', left),
  };
  const all: Ports = {
    clock,
    rpmOstree: {
      registerDriver: answers('registerDriver'),
      status: answers('status', BOOTED),
      stage: answers('stage', STAGED),
      finalize: answers('finalize'),
      discardStaged: answers('discardStaged'),
      followActive: answers('followActive', end ?? 'ended'),
    },
    updatesFor: (stream) => ({ check: answers(`check ${stream}`, FOUND) }),
    gates: {
      survey: answers('survey', PASSING),
      look: answers('look', { reports: PASSING, foresight: FORESIGHT }),
    },
    lenders,
    ...(boot !== undefined && { boot: { survey: answers('boot', boot) } }),
    sessions: { list: answers('list', [CORE]), broadcast: answers('broadcast') },
    records: { save: answers('save') },
    notice: ({ version }, minutesLeft) => `${version} in ${minutesLeft}`,
    onProgress,
  };
  return all;
}

function onProgress(): void {
  // Nobody looks.
}

const RELEASING: EffectOf<'release-slot'> = {
  kind: 'release-slot',
  stream: 'stable',
  configured: true,
  present: [place('n')],
  former: [place('old'), place('older')],
  asksBoot: false,
};

/** One of each kind; what is asked of a port, and what comes of it and of its failure. */
const DONE: { readonly [E in Exclude<EffectKind, 'wait'>]: readonly [EffectOf<E>, Call, Event, string] } = {
  save: [{ kind: 'save', record: EMPTY_RECORD }, ['save', EMPTY_RECORD], { kind: 'saved' }, 'save-failed'],
  'register-driver': [
    { kind: 'register-driver' },
    ['registerDriver'],
    { kind: 'driver-registered' },
    'driver-failed',
  ],
  'read-status': [
    { kind: 'read-status', mode: 'cached' },
    ['status', 'cached'],
    { kind: 'status-read', status: BOOTED },
    'status-failed',
  ],
  'follow-active': [
    { kind: 'follow-active', limitMs: 7 },
    ['followActive', 7, onProgress],
    { kind: 'transaction-over' },
    'follow-failed',
  ],
  'release-slot': [
    RELEASING,
    ['release', { ...RELEASING, at: START_AT }],
    {
      kind: 'slot-released',
      configured: true,
      returned: [place('n'), place('old'), place('older')],
    },
    'release-failed',
  ],
  check: [
    { kind: 'check', query: QUERY, stream: 'next' },
    ['check next', QUERY],
    { kind: 'checked', result: FOUND },
    'check-failed',
  ],
  stage: [
    { kind: 'stage', release: V2, allowDowngrade: true, expected: STAGED },
    ['stage', V2, { allowDowngrade: true, expected: STAGED }, onProgress],
    { kind: 'staged', deployment: STAGED },
    'stage-failed',
  ],
  'discard-staged': [
    { kind: 'discard-staged', expected: STAGED },
    ['discardStaged', STAGED],
    { kind: 'discarded' },
    'discard-failed',
  ],
  survey: [
    { kind: 'survey', booted: BOOTED.booted, staged: STAGED },
    ['look', { at: START_AT, booted: BOOTED.booted, staged: STAGED }],
    { kind: 'surveyed', reports: PASSING, foresight: FORESIGHT },
    'survey-failed',
  ],
  'acquire-slot': [
    { kind: 'acquire-slot', stream: 'stable' },
    ['acquire', { at: START_AT, stream: 'stable' }],
    { kind: 'slot-answered', answer: { kind: 'granted' } },
    'slot-failed',
  ],
  'list-sessions': [
    { kind: 'list-sessions' },
    ['list'],
    { kind: 'sessions-listed', sessions: [CORE] },
    'sessions-failed',
  ],
  'warn-sessions': [
    { kind: 'warn-sessions', sessions: [CORE], release: V2, minutesLeft: 3 },
    ['broadcast', [CORE], '2.0 in 3'],
    { kind: 'sessions-warned' },
    // Nobody is waited for longer because a notice could not be written.
    'sessions-warned',
  ],
  finalize: [
    { kind: 'finalize', release: V2, allowUnlocked: true },
    ['finalize', V2, { allowUnlocked: true }],
    { kind: 'finalized' },
    'finalize-failed',
  ],
};

const CASES = Object.values(DONE).map((done) => [done[0].kind, ...done] as const);

describe('an effect', () => {
  it.each(CASES)('%s asks one port and ends in its event', async (_, effect, call, event) => {
    const calls: Call[] = [];
    expect(await perform(effect, ports({}, calls), LIFE)).toEqual(event);
    expect(calls).toEqual([call]);
  });

  it.each(CASES)('%s that fails is an event as well, with the kind of the error', async (...args) => {
    const [, effect, , , failed] = args;
    const fault = new RpmOstreeError('rpm_ostree_failed', 'it broke');
    const event = await perform(effect, ports({ fault }), LIFE);
    expect(event).toEqual(
      failed === 'sessions-warned'
        ? { kind: failed }
        : { kind: failed, failure: { kind: 'rpm_ostree_failed', message: 'it broke' } },
    );
  });

  it.each(CASES)('%s leaves no timer behind, done or failed', async (_, effect) => {
    const clock = new VirtualClock(START_AT);
    await perform(effect, ports({ clock }), LIFE);
    await perform(effect, ports({ clock, fault: new Error('x') }), LIFE);
    await settle();
    expect(clock.sleepers).toBe(0);
  });
});

describe('a transaction that was joined', () => {
  const followed = (end: FollowEnd) => perform({ kind: 'follow-active', limitMs: 7 }, ports({ end }), LIFE);

  it('is over, has succeeded, or runs on', async () => {
    expect(await followed('ended')).toEqual({ kind: 'transaction-over' });
    expect(await followed('succeeded')).toEqual({ kind: 'transaction-over', succeeded: true });
    expect(await followed('still-running')).toEqual({ kind: 'transaction-running' });
  });
});

describe('giving back', () => {
  const released = (left: SlotsLeft, changes: Partial<typeof RELEASING> = {}) =>
    perform({ ...RELEASING, ...changes }, ports({ left }), LIFE);
  const error = new RpmOstreeError('rpm_ostree_failed', 'no answer');
  const failure = { kind: 'rpm_ostree_failed', message: 'no answer' };

  it('names what was returned and what was not, where one lender fails', async () => {
    const old = place('old');
    expect(await released({ configured: false, former: [old], error })).toEqual({
      kind: 'release-failed',
      failure,
      configured: true,
      returned: [place('n'), place('older')],
      left: [old],
    });
    expect(await released({ configured: true, former: [], error })).toMatchObject({
      configured: false,
      returned: [place('old'), place('older')],
      left: [],
    });
  });

  it('returns nothing of the lenders of now where they were not to be told', async () => {
    const former = [place('old')];
    expect(await released({ configured: false, former: [], error }, { configured: false, former })).toEqual({
      kind: 'release-failed',
      failure,
      configured: false,
      returned: former,
      left: [],
    });
  });

  it('waits for a boot that is not complete, and says what it lacks', async () => {
    const effect = { ...RELEASING, asksBoot: true };
    const calls: Call[] = [];
    const kept = await perform(
      effect,
      ports({ boot: [...PASSING, ...blocking('boot_complete')] }, calls),
      LIFE,
    );
    expect(kept).toEqual({ kind: 'slot-kept', reason: blocking('boot_complete')[0]?.reason });
    expect(calls).toEqual([['boot', { at: START_AT, booted: undefined, staged: undefined }]]);
    expect(await perform(effect, ports({ boot: PASSING }), LIFE)).toMatchObject({ kind: 'slot-released' });
    // A host that cannot tell is taken to be up.
    expect(await perform(effect, ports({}), LIFE)).toMatchObject({ kind: 'slot-released' });
    // Only where it matters.
    const boot = blocking('boot_complete');
    expect(await perform(RELEASING, ports({ boot }), LIFE)).toMatchObject({ kind: 'slot-released' });
  });
});

/** A port that answers nothing, and gives up when it is told to. */
function silent(clock: VirtualClock): Ports {
  const hang = (_request: unknown, signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new CancelledError('given up')), { once: true });
    });
  const all = ports({ clock });
  return {
    ...all,
    updatesFor: () => ({ check: hang }),
    lenders: { acquire: hang, release: hang },
  };
}

describe('what ends an effect early', () => {
  const ask: Effect = { kind: 'acquire-slot', stream: undefined };
  const check: Effect = { kind: 'check', query: QUERY, stream: undefined };

  it('is its limit, which says how long that was', async () => {
    const clock = new VirtualClock(START_AT);
    const event = perform(check, silent(clock), LIFE);
    await clock.advance(limitMsOf('check'));
    expect(await event).toEqual({
      kind: 'check-failed',
      failure: { kind: 'effect_timeout', message: 'check took longer than 180 s' },
    });
  });

  it('is a request, for any of them', async () => {
    const cut = new AbortController();
    const event = perform(check, silent(new VirtualClock(START_AT)), LIFE, undefined, cut.signal);
    cut.abort();
    expect(await event).toEqual({
      kind: 'check-failed',
      failure: { kind: 'cancelled', message: 'a request came in' },
    });
  });

  it('is a new configuration, for what can be interrupted alone', async () => {
    const interrupt = new AbortController();
    const clock = new VirtualClock(START_AT);
    const asked = perform(ask, silent(clock), LIFE, interrupt.signal);
    const checked = perform(check, silent(clock), LIFE, interrupt.signal);
    interrupt.abort();
    expect(isInterruptible('acquire-slot')).toBe(true);
    expect(isInterruptible('check')).toBe(false);
    expect(await asked).toEqual({
      kind: 'slot-answered',
      answer: {
        kind: 'may-be-held',
        reason: 'the lender was not waited for: a new configuration was read',
        label: 'fleet_lock',
        askAgainMs: 30 * SECOND,
        cutShort: true,
      },
    });
    await clock.advance(limitMsOf('check'));
    expect(await checked).toMatchObject({ failure: { kind: 'effect_timeout' } });
  });

  it('leaves nobody knowing whether a lender lent, and its limit is an error besides', async () => {
    const clock = new VirtualClock(START_AT);
    const asked = perform(ask, silent(clock), LIFE);
    await clock.advance(limitMsOf('acquire-slot'));
    const event = await asked;
    expect(event).toMatchObject({ answer: { kind: 'may-be-held', errorKind: 'effect_timeout' } });
    expect(event).not.toHaveProperty('answer.cutShort');
  });

  it('is the end of the agent, which is no event', async () => {
    const life = new AbortController();
    const event = perform(ask, silent(new VirtualClock(START_AT)), life.signal);
    life.abort();
    await expect(event).rejects.toThrow(CancelledError);
  });
});

describe('a wait', () => {
  /** How often it was asked to sleep, and when it was over. */
  async function waited(effect: Omit<EffectOf<'wait'>, 'kind'>, clock = new VirtualClock(START_AT)) {
    const sleeps: number[] = [];
    const watched: Ports['clock'] = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: (ms, signal) => {
        sleeps.push(ms);
        return clock.sleep(ms, signal);
      },
    };
    let overMono: number | undefined;
    const event = perform({ kind: 'wait', ...effect }, { ...ports({}), clock: watched }, LIFE);
    const over = event.then(() => (overMono = clock.monotonic()));
    await clock.advance(24 * HOUR);
    await over;
    const [limitMs, ...rest] = sleeps;
    expect(limitMs).toBe(limitMsOf('wait'));
    expect(await event).toEqual({ kind: 'woke' });
    return { overMono, sleeps: rest };
  }

  it('lasts as long as it was asked to, in one sleep', async () => {
    expect(await waited({ forMs: HOUR })).toEqual({ overMono: HOUR, sleeps: [HOUR] });
    expect(await waited({ forMs: 0 })).toEqual({ overMono: 0, sleeps: [] });
  });

  it('until an instant looks at the wall clock every half minute, and ends with what comes first', async () => {
    const untilAt = START_AT + 70 * SECOND;
    expect(await waited({ forMs: HOUR, untilAt })).toEqual({
      overMono: 70 * SECOND,
      sleeps: [30 * SECOND, 30 * SECOND, 10 * SECOND],
    });
    expect(await waited({ forMs: 40 * SECOND, untilAt })).toEqual({
      overMono: 40 * SECOND,
      sleeps: [30 * SECOND, 10 * SECOND],
    });
    expect(await waited({ forMs: HOUR, untilAt: START_AT })).toEqual({ overMono: 0, sleeps: [] });
  });
});

describe('a failure as data', () => {
  it('has the pause that a server asks for, and only from an error that says so in milliseconds', () => {
    const options = { retryAfterMs: 5000 };
    expect(asFailure(new CincinnatiError('client_failed_request', 'busy', options))).toEqual({
      kind: 'client_failed_request',
      message: 'busy',
      retryAfterMs: 5000,
    });
    const without = [
      new CincinnatiError('client_failed_request', 'busy'),
      Object.assign(new Error('x'), { retryAfterMs: 'soon' }),
      new Error('x'),
      { retryAfterMs: 5000 },
      'a text',
      undefined,
    ];
    for (const error of without) {
      expect(asFailure(error)).not.toHaveProperty('retryAfterMs');
    }
  });
});
