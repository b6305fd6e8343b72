/** Faults of requests: what people hold, deny or override counts for too little or too much. */
import { replace, type PutBackFault } from '../fault.ts';

const ENDS = { project: 'unit', test: 'test/unit/agent/request-ends.test.ts' } as const;
const REQUESTED = { project: 'unit', test: 'test/unit/agent/requested.test.ts' } as const;

export const REQUEST_FAULTS: readonly PutBackFault[] = [
  {
    id: 'killed',
    fault: 'what a person asked for is done before the history has it',
    changes: [replace('src/history/history-first.ts', 'historyFirst', () => (records) => records)],
    built: true,
    project: 'integration',
    test: 'test/integration/requests-killed.test.ts',
    named: 'hold',
  },
  {
    id: 'request-hold-late',
    fault:
      'a hold that comes while an attempt is under way counts only for the next one, and the slot is kept',
    changes: [
      replace('src/agent/reconfigure.ts', 'startedOver', () => (model) => ({ model, happenings: [] })),
    ],
    ...REQUESTED,
    named: 'right before',
  },
  {
    id: 'request-hold-after-download',
    fault: 'a hold is written only when the download is over, and a killed agent has lost it',
    changes: [replace('src/agent/cut-short.ts', 'isTakenBeside', () => () => false)],
    project: 'unit',
    test: 'test/unit/agent/runner.test.ts',
    named: 'is on disk at once, and the download goes on',
  },
  {
    id: 'request-hold-unwritten',
    fault: 'a hold that is not on disk is told as made',
    changes: [
      replace('src/agent/taking.ts', 'written', (original) => (...of) => {
        const { state, memory } = original(...of);
        return { state, memory: { ...memory, save: { ...memory.save, due: false } } };
      }),
    ],
    ...REQUESTED,
    named: 'is on disk before it ends',
  },
  {
    id: 'request-override-lasts',
    fault: 'what was overridden once is overridden for good',
    changes: [replace('src/agent/pending.ts', 'overridesOf', () => () => ['window'])],
    ...REQUESTED,
    named: 'passes what is overridden, once',
  },
  {
    id: 'request-denial-ignored',
    fault: 'what a person denied is staged and booted',
    changes: [
      replace(
        'src/agent/admin-lists.ts',
        'skippedBy',
        () =>
          (_memory, { skip }) =>
            skip,
      ),
    ],
    ...REQUESTED,
    named: 'drops what is staged, and takes it again',
  },
  {
    id: 'request-cuts-nothing',
    fault: 'a request waits for a download of hours',
    changes: [
      replace('src/agent/cut-short.ts', 'cutsShort', () => (_wish, effect) => effect === 'wait'),
      replace('src/agent/cut-short.ts', 'mayCut', () => () => false),
    ],
    ...REQUESTED,
    named: 'is cut short by',
  },
  {
    id: 'request-terms-forgotten',
    fault: 'what was staged whatever the rollout is dropped by the next check',
    changes: [replace('src/agent/pending.ts', 'termsOf', () => () => ({}))],
    ...REQUESTED,
    named: 'later checks are on the same terms',
  },
  {
    id: 'request-forgotten',
    fault: 'a request that comes to nothing never ends',
    changes: [
      replace('src/agent/request-ends.ts', 'atRest', () => ({ memory }) => ({ memory, happenings: [] })),
    ],
    ...REQUESTED,
    named: 'needs something staged, and one at a time',
  },
  {
    id: 'request-hold-passed',
    fault: 'a reboot that somebody asked for passes the hold that the same person makes after that',
    changes: [replace('src/agent/taking.ts', 'withoutRequests', () => (model) => model)],
    ...ENDS,
    named: 'counts against a reboot that was asked for before it',
  },
  {
    id: 'request-lender-asked',
    fault: 'a reboot past the lender asks it, where that was about to happen',
    changes: [
      replace(
        'src/agent/requested.ts',
        'rebooting',
        (original) => (_overrides, scene) => original([], scene),
      ),
    ],
    ...ENDS,
    named: 'asks none, also where that was about to happen',
  },
  {
    id: 'request-check-first',
    fault: 'beside a check that waits, the attempt under way is not the reboot that is asked for',
    changes: [
      replace('src/agent/pressing.ts', 'pressed', (original) => (model, now, policy) => {
        const waits = model.memory.requests.some(
          ({ begun, request }) => !begun && request.wish.kind === 'check',
        );
        return waits ? model : original(model, now, policy);
      }),
    ],
    ...ENDS,
    named: 'also beside a check that waits',
  },
  {
    id: 'request-terms-outlive',
    fault: 'what was asked for beyond the rollout is tried again and again after it has failed',
    changes: [replace('src/agent/states/available/selected.ts', 'isAdrift', () => () => false)],
    ...ENDS,
    named: 'beyond the rollout is over when it',
  },
  {
    id: 'request-denied-staged',
    fault: 'what is held or denied while a leftover is dropped is staged all the same',
    changes: [
      replace('src/agent/states/available/selected.ts', 'goneOn', () => (state, { memory }) => ({
        state: { ...state, step: 'stage' },
        memory,
      })),
    ],
    ...ENDS,
    named: 'counts also while the leftover of a failed attempt is dropped',
  },
  {
    id: 'request-answer-for-all',
    fault: 'an answer about one version is taken for one about what is staged or tried',
    changes: [replace('src/agent/pending.ts', 'isAboutAnother', () => () => false)],
    ...ENDS,
    named: 'says nothing of',
  },
  {
    id: 'request-drain-forgotten',
    fault: 'what is overridden counts no more while the lender drains the node, so the slot goes back unused',
    changes: [replace('src/agent/request-outcomes.ts', 'isLenderAwaited', () => () => false)],
    ...ENDS,
    named: 'is waited for, and what is overridden stays so meanwhile',
  },
  {
    id: 'request-own-forgotten',
    fault: 'after a restart of the agent what it has staged cannot be booted while the server is down',
    changes: [replace('src/agent/taken-up.ts', 'takenUp', () => () => undefined)],
    project: 'unit',
    test: 'test/unit/agent/taken-up.test.ts',
    named: 'leads into what this agent has staged',
  },
  {
    id: 'request-doubt-passed',
    fault: 'a person who asks for a reboot gets a release that the server has just withdrawn',
    changes: [replace('src/agent/pressing.ts', 'doubted', () => (memory) => memory)],
    project: 'unit',
    test: 'test/unit/agent/taken-up.test.ts',
    named: 'is not booted on request before the server was asked once more',
  },
  {
    id: 'request-allow-half',
    fault: 'what is allowed after two missed reboots is held for good again by the next one',
    changes: [
      replace('src/agent/record.ts', 'pardoned', () => (record, isMeant) => ({
        ...record,
        denials: record.denials.filter((denial) => !isMeant(denial)),
      })),
    ],
    ...REQUESTED,
    named: 'lifts what counts against a release whole',
  },
  {
    id: 'request-cancel-all',
    fault: 'whoever cancels one job ends those of everybody',
    changes: [
      replace(
        'src/agent/requested.ts',
        'isCancelled',
        () =>
          ({ request }) =>
            ['check', 'stage', 'reboot'].includes(request.wish.kind),
      ),
    ],
    project: 'unit',
    test: 'test/unit/agent/beside.test.ts',
    named: 'ends the one request alone',
  },
  {
    id: 'request-hold-after-drain',
    fault: 'what people keep waits for a lender that drains the node for half an hour',
    changes: [
      replace(
        'src/agent/cut-short.ts',
        'isTakenBeside',
        (original) => (wish, effect) => effect !== 'acquire-slot' && original(wish, effect),
      ),
    ],
    project: 'unit',
    test: 'test/unit/agent/beside.test.ts',
    named: 'is on disk while a lender drains the node',
  },
  {
    id: 'request-overtakes',
    fault: 'of a denial and an allowance the second is taken first, and the last word does not count',
    changes: [replace('src/agent/beside.ts', 'isBehind', () => () => false)],
    project: 'unit',
    test: 'test/unit/agent/beside.test.ts',
    named: 'keeps the order',
  },
  {
    id: 'cut-off',
    fault: 'nobody hears of a request that the end of an agent cut off',
    changes: [replace('src/history/cut-off.ts', 'cutOffRequests', () => () => [])],
    project: 'unit',
    test: 'test/unit/history/cut-off.test.ts',
    named: 'cut-off: tells who asked',
  },
  {
    id: 'told-cancel',
    fault: 'a cancel says the same, whatever it has done',
    changes: [
      replace('src/agent/requested.ts', 'cancelOutcome', () => () => ({
        kind: 'done',
        text: 'what was asked for is cancelled',
        changed: true,
      })),
    ],
    project: 'unit',
    test: 'test/unit/agent/requested-at-once.test.ts',
    named: 'told-cancel',
  },
  {
    id: 'stalled-progress',
    fault: 'who waits for a download that stands still hears nothing before its end',
    changes: [replace('src/rpmostree/transaction.ts', 'QUIET_STEP_MS', () => 1e12)],
    project: 'unit',
    test: 'test/unit/rpmostree/transaction.test.ts',
    named: 'stalled-progress',
  },
];
