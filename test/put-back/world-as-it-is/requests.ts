/** Faults of requests: what people hold, deny or override counts for too little or too much. */
import { replace, type PutBackFault } from '../fault.ts';

const REQUESTED = { project: 'unit', test: 'test/unit/agent/requested.test.ts' } as const;

export const REQUEST_FAULTS: readonly PutBackFault[] = [
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
    changes: [replace('src/agent/cut-short.ts', 'cutsShort', () => (_wish, effect) => effect === 'wait')],
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
];
