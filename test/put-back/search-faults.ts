/**
 * Faults that the search through all states must find, each with the property that it violates. One or more for each
 * property, so that none of them holds whatever the agent does.
 *
 * Invariant: of src/ only types are imported here, since the modules under test import this one.
 */
import type { Bounds } from '../../src/fleet/search/bounds.ts';
import type { Property } from '../../src/fleet/search/safety.ts';
import { replace, type PutBackFault } from './fault.ts';
import { changesOf } from './faults.ts';
import { worldChanges } from './world-faults.ts';

export interface SearchFault extends PutBackFault {
  readonly violates: Property;
  /** The smallest that are enough. */
  readonly bounds: Pick<Bounds, 'nodes' | 'crashes' | 'faults' | 'requests'>;
}

function fault(
  id: string,
  violates: Property,
  [nodes, crashes, faults, requests]: readonly [number, number, number, number],
  what: string,
  ...changes: PutBackFault['changes']
): SearchFault {
  return {
    id: `search-${id}`,
    violates,
    bounds: { nodes, crashes, faults, requests },
    fault: what,
    changes,
    project: 'unit',
    test: 'test/scenarios/search.test.ts',
    named: 'nothing that must not',
  };
}

const LOCK = 'src/fleet/search/lock.ts';

export const SEARCH_FAULTS: readonly SearchFault[] = [
  fault(
    'lock-not-asked',
    'a reboot without a slot',
    [1, 0, 0, 0],
    'the lock is not asked',
    ...worldChanges('slot-not-taken'),
  ),
  fault(
    'lock-unsure',
    'a reboot without a slot',
    [1, 0, 1, 0],
    'an answer that was lost is taken for a slot',
    replace(
      'src/agent/states/staged/after-lender.ts',
      'afterLender',
      (original) => (state, answer, turn) =>
        original(state, answer.kind === 'may-be-held' ? { kind: 'granted' } : answer, turn),
    ),
  ),
  fault(
    'gates-ignored',
    'a reboot outside of the window',
    [1, 0, 0, 0],
    'what the gates say does not count',
    ...worldChanges('verdict-ignored'),
  ),
  fault(
    'window-not-asked-again',
    'a reboot outside of the window',
    [1, 0, 0, 0],
    'the window may have closed while the lock was asked',
    ...worldChanges('not-asked-again'),
  ),
  fault(
    'hold-ignored',
    'a reboot that a person holds',
    [1, 0, 0, 1],
    'holds of people are not told to the gates',
    ...worldChanges('hold-of-people-ignored'),
  ),
  fault(
    'hold-in-mid-attempt',
    'a reboot that a person holds',
    [1, 0, 0, 1],
    'an attempt to reboot goes on when a person holds it',
    ...worldChanges('hold-in-mid-attempt'),
  ),
  fault(
    'denial-ignored',
    'a reboot into a denied release',
    [1, 0, 0, 1],
    'what a person denied is taken all the same',
    ...worldChanges('denial-of-people-ignored'),
  ),
  fault(
    'rollback-ignored',
    'a reboot into a release that was rolled back',
    [1, 0, 1, 0],
    'neither what is on disk nor what the record denies is left alone',
    replace('src/agent/denylist.ts', 'deniedPayloads', () => () => []),
  ),
  fault(
    'withdrawal-ignored',
    'a reboot into a withdrawn release',
    [1, 0, 0, 0],
    'what is staged is booted although the graph has taken it back',
    replace('src/agent/states/staged/after-answer.ts', 'fateOfStaged', (original) => (staged, outcome) => {
      const fate = original(staged, outcome);
      return fate.kind === 'withdrawn' ? { kind: 'same' } : fate;
    }),
  ),
  fault(
    'third-reboot',
    'a third reboot for one target',
    [1, 0, 2, 0],
    'a release that does not boot is rebooted for again and again',
    ...worldChanges('reboot-limit-off'),
  ),
  fault(
    'record-not-written',
    'a reboot that the record on disk does not know',
    [1, 0, 1, 0],
    'a reboot is asked for with a record that could not be written',
    ...worldChanges('reboot-without-record'),
  ),
  fault(
    'boot-incomplete',
    'more nodes down than slots',
    [2, 0, 0, 0],
    'a slot is given back while the services of the node are still starting',
    replace('src/agent/rest.ts', 'releaseSlot', (original) => (state, view) => ({
      ...original(state, view),
      asksBoot: false,
    })),
  ),
  fault(
    'unsettled',
    'more nodes down than slots',
    [2, 0, 2, 0],
    'a slot is given back although the reboot may be on its way',
    replace('src/agent/rebooting.ts', 'isUnsettled', () => () => false),
  ),
  fault(
    'restart-forgets-reboot',
    'more nodes down than slots',
    [2, 1, 0, 0],
    'an agent that is started again gives back the slot of the reboot that is on its way',
    replace('src/agent/states/start-state.ts', 'askedInThisBoot', () => () => undefined),
  ),
  fault(
    'lock-lends-twice',
    'more nodes down than slots',
    [2, 0, 0, 0],
    'the lock lends a slot that is taken',
    replace(LOCK, 'afterAsking', () => (lent, node) => lent | (1 << node)),
  ),
  fault(
    'lock-forgets',
    'a reboot without a slot',
    [2, 0, 0, 0],
    'the lock frees all slots when one node gives back its own',
    replace(LOCK, 'afterGivingBack', () => () => 0),
  ),
  fault(
    'slot-of-last-life',
    'a slot never given back',
    [1, 0, 0, 0],
    'a slot from before a reboot is not given back',
    replace('src/agent/state.ts', 'initialModel', (original) => (record) => {
      const { state, memory } = original(record);
      return { state, memory: { ...memory, steady: { ...memory.steady, owed: false } } };
    }),
  ),
  fault(
    'lock-keeps',
    'a slot never given back',
    [1, 0, 0, 0],
    'the lock says that a slot is given back, and keeps it',
    replace(LOCK, 'afterGivingBack', () => (lent) => lent),
  ),
  fault(
    'overdue-unnoticed',
    'neither updated nor a reason',
    [1, 0, 1, 0],
    'a reboot that does not come is waited for without end',
    ...changesOf('B6'),
  ),
  fault(
    'endless-denial',
    'neither updated nor a reason',
    [1, 0, 1, 0],
    'a release that did not boot once is given up for good',
    replace('src/agent/record.ts', 'isInForce', () => () => true),
  ),
  fault(
    'answer-not-allowed',
    'a fault of the program',
    [1, 0, 0, 0],
    'the machine does not expect that a slot is kept until the boot is complete',
    replace('src/agent/messages.ts', 'ANSWERS', (original) => ({
      ...original,
      'release-slot': ['slot-released', 'release-failed'] as never,
    })),
  ),
];
