/** Faults of the lock server's rules. */
import { replace, type PutBackFault } from '../fault.ts';

const RULES = 'test/unit/lockd/decide.test.ts';
const PAGE = 'test/unit/zincati-fleet/lockd/page.test.ts';
const LINE = 'test/unit/lockd/waiting-line.test.ts';
const LOST = 'test/unit/lockd/lost-node.test.ts';

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
  {
    id: 'lockd-closed-lends',
    fault: 'a group lends slots outside of its windows',
    changes: [
      replace(
        'src/lockd/decide.ts',
        'decide',
        (original) => (group, wish, terms) => original(group, wish, { ...terms, closed: undefined }),
      ),
    ],
    project: 'unit',
    test: RULES,
    named: 'lends no new slot, says when it opens',
  },
  {
    id: 'lockd-closed-drops-holders',
    fault: 'a holder that asks again is refused while its group is closed',
    changes: [
      replace('src/lockd/decide.ts', 'decide', (original) => (group, wish, terms) => {
        const decision = original(group, wish, terms);
        return wish.kind === 'take' && terms.closed !== undefined
          ? { ...decision, outcome: { kind: 'closed', closed: terms.closed } }
          : decision;
      }),
    ],
    project: 'unit',
    test: RULES,
    named: 'lets holders ask again',
  },
  {
    id: 'lockd-lost-unseen',
    fault: 'a group goes on lending although a node did not come back',
    changes: [replace('src/lockd/lost-node.ts', 'lostNode', () => () => undefined)],
    project: 'unit',
    test: LOST,
    named: 'pauses its group by itself',
  },
  {
    id: 'lockd-lost-until-looked',
    fault: 'a slot is lent although a node is late, because nobody has looked yet',
    changes: [
      replace(
        'src/lockd/decide.ts',
        'decide',
        (original) => (group, wish, terms) =>
          original(group, wish, wish.kind === 'take' ? { ...terms, pauseIfHeldMs: undefined } : terms),
      ),
    ],
    project: 'unit',
    test: LOST,
    named: 'has others refused from that instant on',
  },
  {
    id: 'lockd-resume-excuses-nobody',
    fault: 'a group that a person resumes pauses itself at once, for the same node',
    changes: [replace('src/lockd/lost-node.ts', 'excusing', () => (details) => details)],
    project: 'unit',
    test: LOST,
    named: 'lends again, and who was lost by then',
  },
  {
    id: 'lockd-no-order',
    fault: 'a free slot goes to whoever asks first, and a node can wait for ever',
    changes: [replace('src/lockd/waiting-line.ts', 'WaitingLine.keptMs', () => () => 0)],
    project: 'unit',
    test: LINE,
    named: 'is given to the longest waiting',
  },
  {
    id: 'lockd-kept-for-ever',
    fault: 'a free slot is kept for a node that does not come any more',
    changes: [replace('src/lockd/waiting-line.ts', 'keptMsFor', () => () => Number.MAX_SAFE_INTEGER)],
    project: 'unit',
    test: LINE,
    named: 'is kept for an absent node for a bounded time',
  },
  {
    id: 'lockd-page-unescaped',
    fault: 'what a node or a person sends becomes markup of the page',
    changes: [replace('fleet/html.ts', 'escaped', () => (text) => text)],
    project: 'unit',
    test: PAGE,
    named: 'has no text from outside that is more than text',
  },
  {
    id: 'lockd-page-style-of-any',
    fault: 'the page allows any style, also one that came in with a text',
    changes: [
      replace('fleet/lockd/page.ts', 'PAGE_HEADERS', (original) => ({
        ...original,
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      })),
    ],
    project: 'unit',
    test: PAGE,
    named: 'allows nothing but its own style',
  },
  {
    id: 'lockd-container-root',
    fault: 'the lock server is root in its container',
    changes: [
      {
        kind: 'file',
        file: 'packaging/Containerfile',
        change: (text) => text.replace(/^USER .*$/m, 'USER 0:0'),
      },
    ],
    project: 'integration',
    test: 'test/integration/lockd-container.test.ts',
    named: 'run it as nobody',
  },
];
