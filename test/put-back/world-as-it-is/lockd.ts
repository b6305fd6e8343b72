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
    id: 'lockd-raw-errors',
    fault: 'what cannot be read as HTTP is answered without the words of the protocol',
    changes: [
      replace('fleet/lockd/http-app.ts', 'answerRaw', () => (socket) => {
        socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n{"error":"Bad Request"}');
      }),
    ],
    project: 'integration',
    test: 'test/integration/lockd-http.test.ts',
    named: 'headers that are too large',
  },
  {
    id: 'fleet-far-instant',
    fault: 'an instant of the year 9999 is taken, and years of five digits are printed as no date',
    changes: [replace('fleet/instant-option.ts', 'isInRange', () => () => true)],
    project: 'unit',
    test: 'test/unit/zincati-fleet/instant-option.test.ts',
    named: 'far away is refused',
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
