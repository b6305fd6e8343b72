/** Faults of the lock server's rules. */
import { replace, type PutBackFault } from '../fault.ts';

const RULES = 'test/unit/lockd/decide.test.ts';

export const LOCKD_FAULTS: readonly PutBackFault[] = [
  {
    id: 'lockd-refusal-writes',
    fault: 'a request that is refused is written all the same',
    changes: [
      replace('src/lockd/decide.ts', 'decide', (original) => (...of) => ({
        ...original(...of),
        isWritten: true,
      })),
    ],
    project: 'unit',
    test: RULES,
    named: 'that writes nothing',
  },
  {
    id: 'lockd-own-write',
    fault:
      'a person who asks again after a lost answer hears that nothing was to be done, and may do it to somebody else',
    changes: [replace('src/lockd/decide.ts', 'answeredBefore', () => () => undefined)],
    project: 'unit',
    test: RULES,
    named: 'lockd-own-write',
  },
  {
    id: 'lockd-one-too-many',
    fault: 'a group lends one slot more than it has',
    changes: [
      replace(
        'src/lockd/semaphore.ts',
        'withHolder',
        (original) => (semaphore, id) => original({ ...semaphore, totalSlots: semaphore.totalSlots + 1 }, id),
      ),
    ],
    project: 'unit',
    test: RULES,
    named: 'lends no slot twice',
  },
  {
    id: 'lockd-frees-all',
    fault: 'a node that gives back its slot frees those of others',
    changes: [
      replace('src/lockd/semaphore.ts', 'withoutHolder', () => ({ totalSlots }) => ({
        totalSlots,
        holders: [],
      })),
    ],
    project: 'unit',
    test: RULES,
    named: 'frees the slot of that node alone',
  },
  {
    id: 'lockd-unsorted',
    fault: 'holders stand in the order in which they came, and airlock does not find them',
    changes: [
      replace('src/lockd/semaphore.ts', 'withHolder', (original) => (semaphore, id) => {
        const next = original(semaphore, id);
        return next === 'full' || semaphore.holders.includes(id)
          ? next
          : { ...next, holders: [...semaphore.holders, id] };
      }),
    ],
    project: 'unit',
    test: 'test/unit/lockd/semaphore.test.ts',
    named: 'sorted by their bytes',
  },
];
