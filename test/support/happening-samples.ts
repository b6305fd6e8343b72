/** One or more samples of each kind of happening, for tests that go through all of them. */
import type { HappeningKind, HappeningOf } from '../../src/agent/happenings.ts';
import type { Request, Wish } from '../../src/agent/requests.ts';
import { checkResult, deployment, payloadOf, release } from './samples.ts';

const V = release('V', 2);
const TARGET = { version: 'V', payload: payloadOf('V') };
const BOOTED = { version: 'B', payload: payloadOf('B') };
const FAILURE = { kind: 'some_kind', message: 'E' };
const AT = Date.UTC(2026, 0, 2, 3, 4, 5);

const WISH_SAMPLES: readonly Wish[] = [
  { kind: 'check' },
  { kind: 'stage', ignoreRollout: false },
  { kind: 'stage', ignoreRollout: true, to: 'V' },
  { kind: 'reboot', overrides: [] },
  { kind: 'reboot', overrides: ['window', 'people'] },
  { kind: 'cancel' },
  { kind: 'cancel', request: 'r-1' },
  { kind: 'discard' },
  { kind: 'hold', what: 'reboot', untilAt: AT, reason: 'R' },
  { kind: 'hold', what: 'stage', reason: '' },
  { kind: 'release', hold: 'h1' },
  { kind: 'deny', release: 'V', reason: 'R' },
  { kind: 'allow', release: 'V' },
];

const request = (wish: Wish): Request => ({ id: '0123abcd-1', by: { uid: 1000 }, wish });

export const HAPPENING_SAMPLES: { readonly [K in HappeningKind]: readonly HappeningOf<K>[] } = {
  waiting: [{ kind: 'waiting', state: 'NoNewUpdate', forMs: 1600 }],
  registering: [
    { kind: 'registering', repeated: false },
    { kind: 'registering', repeated: true },
  ],
  checking: [{ kind: 'checking', state: 'NoNewUpdate' }],
  staging: [{ kind: 'staging', state: 'UpdateAvailable', release: V }],
  following: [
    { kind: 'following', title: 'upgrade' },
    { kind: 'following', title: undefined },
  ],
  finalizing: [
    { kind: 'finalizing', release: V, repeated: false },
    { kind: 'finalizing', release: V, repeated: true },
  ],
  working: [{ kind: 'working', state: 'UpdateStaged', effect: 'list-sessions' }],
  failing: (['save', 'driver', 'status', 'steady', 'check'] as const).flatMap((activity) => [
    { kind: 'failing', activity, failure: FAILURE, repeated: false },
    { kind: 'failing', activity, failure: FAILURE, repeated: true },
  ]),
  recovered: (['save', 'driver', 'status', 'steady', 'check'] as const).map((activity) => ({
    kind: 'recovered',
    activity,
    failures: 3,
    lastedMs: 90_000,
  })),
  'state-changed': [{ kind: 'state-changed', to: 'UpdateStaged' }],
  reconfigured: [{ kind: 'reconfigured' }],
  'request-taken': WISH_SAMPLES.map((wish) => ({ kind: 'request-taken', request: request(wish) })),
  'request-ended': [
    {
      kind: 'request-ended',
      request: request({ kind: 'reboot', overrides: ['window'] }),
      outcome: { kind: 'done', text: 'T', changed: true, release: 'V' },
    },
    {
      kind: 'request-ended',
      request: request({ kind: 'check' }),
      outcome: { kind: 'refused', error: 'Failed', text: 'T' },
    },
  ],
  initialized: [{ kind: 'initialized' }],
  'others-excluded': [
    { kind: 'others-excluded', others: [TARGET] },
    { kind: 'others-excluded', others: [TARGET, BOOTED] },
  ],
  'updates-disabled': [{ kind: 'updates-disabled' }],
  steady: [{ kind: 'steady' }],
  'booted-as-asked': [{ kind: 'booted-as-asked', target: TARGET }],
  'reboot-missed': [
    { kind: 'reboot-missed', target: TARGET, booted: BOOTED, strikes: 1, untilAt: AT },
    { kind: 'reboot-missed', target: TARGET, booted: BOOTED, strikes: 2 },
  ],
  'rolled-back': [{ kind: 'rolled-back', target: TARGET, booted: BOOTED }],
  checked: [{ kind: 'checked', result: checkResult({ kind: 'no-update' }) }],
  deadend: [{ kind: 'deadend', reason: 'R' }],
  'no-deadend': [{ kind: 'no-deadend' }],
  'targets-ignored': [
    { kind: 'targets-ignored', count: 2, repeated: false },
    { kind: 'targets-ignored', count: 2, repeated: true },
  ],
  'downgrade-refused': [{ kind: 'downgrade-refused', release: V, repeated: false }],
  'graph-warning': [{ kind: 'graph-warning', text: 'W', repeated: false }],
  'offers-skipped': [
    { kind: 'offers-skipped', versions: ['V'], stayingOn: 'B', repeated: false },
    { kind: 'offers-skipped', versions: ['V', 'W'], stayingOn: undefined, repeated: false },
    { kind: 'offers-skipped', versions: ['V'], stayingOn: undefined, repeated: false, requests: true },
  ],
  'offer-left': [
    { kind: 'offer-left', release: V, staged: 'S', repeated: false },
    { kind: 'offer-left', release: V, staged: 'S', pending: true, repeated: false },
  ],
  'check-put-off': [{ kind: 'check-put-off', untilAt: AT, repeated: false }],
  'off-graph': [{ kind: 'off-graph', booted: 'B' }],
  'on-graph-again': [{ kind: 'on-graph-again', booted: 'B' }],
  selected: [{ kind: 'selected', release: V }],
  staged: [{ kind: 'staged', release: V }],
  'staging-cut-short': [{ kind: 'staging-cut-short', release: V }],
  'staging-held': [{ kind: 'staging-held', release: V, reason: 'R', repeated: false }],
  'staging-busy': [{ kind: 'staging-busy', failure: FAILURE }],
  'staging-failed': [
    { kind: 'staging-failed', release: V, failure: FAILURE, repeated: false },
    { kind: 'staging-failed', release: V, failure: FAILURE, repeated: true },
  ],
  'foreign-staged': [
    { kind: 'foreign-staged', version: 'S' },
    { kind: 'foreign-staged', version: 'S', pending: true },
  ],
  'foreign-gone': [{ kind: 'foreign-gone', version: 'S' }],
  'staged-changed': [{ kind: 'staged-changed', failure: FAILURE }],
  'failed-one-dropped': [
    { kind: 'failed-one-dropped', release: V, hasFailed: true },
    { kind: 'failed-one-dropped', release: V, hasFailed: false },
  ],
  'staged-other': [{ kind: 'staged-other', release: V, found: deployment('O', { payload: undefined }) }],
  'wrong-stream': [
    { kind: 'wrong-stream', release: V, expected: 'A', found: 'B' },
    { kind: 'wrong-stream', release: V, expected: 'A', found: undefined },
  ],
  abandoned: [{ kind: 'abandoned', release: V, attempts: 12, untilAt: AT }],
  'no-longer-offered': [{ kind: 'no-longer-offered', release: V }],
  'transaction-over': [{ kind: 'transaction-over' }],
  'transaction-running': [{ kind: 'transaction-running' }],
  'transaction-lost': [{ kind: 'transaction-lost', failure: FAILURE }],
  blocked: [{ kind: 'blocked', release: V }],
  dropped: [
    { kind: 'dropped', version: 'V', why: 'skipped' },
    { kind: 'dropped', version: 'V', why: 'request' },
    { kind: 'dropped', version: 'V', why: 'denied-or-withdrawn' },
  ],
  'drop-failed': [{ kind: 'drop-failed', failure: FAILURE }],
  'staged-lost': [
    { kind: 'staged-lost', release: V, replacedBy: undefined },
    { kind: 'staged-lost', release: V, replacedBy: 'S' },
  ],
  'staged-kept-off-graph': [{ kind: 'staged-kept-off-graph', release: V, booted: 'B', repeated: false }],
  'staged-unoffered': [{ kind: 'staged-unoffered', release: V }],
  'reboot-allowed': [
    { kind: 'reboot-allowed', by: 'gates' },
    { kind: 'reboot-allowed', by: 'lenders' },
  ],
  'reboot-held': [
    { kind: 'reboot-held', by: 'gates', reason: 'R', label: 'outside_window', untilAt: AT, repeated: false },
    { kind: 'reboot-held', by: 'lenders', reason: 'R', label: 'fleet_lock', repeated: true },
  ],
  'asking-failed': [
    { kind: 'asking-failed', failure: FAILURE, repeated: false },
    { kind: 'asking-failed', failure: FAILURE, repeated: true },
  ],
  'slot-returned': [{ kind: 'slot-returned', heldMs: 90_000 }],
  'slot-kept': [
    { kind: 'slot-kept', reason: 'R', repeated: false },
    { kind: 'slot-kept', reason: 'R', repeated: true },
  ],
  'slot-wait-over': [
    { kind: 'slot-wait-over', of: 'boot', reason: 'R' },
    { kind: 'slot-wait-over', of: 'answer', reason: 'R' },
  ],
  'slot-given-up': [
    {
      kind: 'slot-given-up',
      place: { lender: 'fleet_lock', address: 'https://user:secret@lock/g', group: 'g', id: 'n' },
      tries: 2016,
    },
  ],
  'sessions-seen': [
    { kind: 'sessions-seen', sessions: [], repeated: false },
    { kind: 'sessions-seen', sessions: [{ user: 'core', tty: 'pts/0' }], repeated: false },
  ],
  'sessions-untold': [{ kind: 'sessions-untold', failure: FAILURE, repeated: false }],
  'reboot-postponed': [{ kind: 'reboot-postponed', sessions: 1 }],
  'grace-begun': [
    { kind: 'grace-begun', minutes: 10 },
    { kind: 'grace-begun', minutes: 1 },
    { kind: 'grace-begun', minutes: undefined },
  ],
  'grace-ending': [{ kind: 'grace-ending' }],
  'grace-over': [{ kind: 'grace-over' }],
  'reboot-asked': [{ kind: 'reboot-asked', release: V }],
  'reboot-refused': [{ kind: 'reboot-refused', target: TARGET, why: 'W' }],
  'finalize-failed': [{ kind: 'finalize-failed', failure: FAILURE, repeated: false }],
  finalized: [{ kind: 'finalized', release: V }],
  'waiting-for-reboot': [{ kind: 'waiting-for-reboot', release: V }],
  'reboot-overdue': [{ kind: 'reboot-overdue', release: V, finalizedAt: AT, at: AT + 900_000 }],
};
