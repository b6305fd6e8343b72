/** Faults that real lock servers and changed configurations have shown; each with what brings it back. */
import { replace, type PutBackFault } from '../fault.ts';

const SLOTS = { project: 'unit', test: 'test/unit/agent/slots.test.ts' } as const;
const ANSWERS = { project: 'unit', test: 'test/unit/lenders/fleet-lock.test.ts' } as const;
const LOCK_ANSWER = 'src/lenders/lock-answer.ts';

export const LOCK_FAULTS: readonly PutBackFault[] = [
  {
    id: 'field-1',
    fault: 'a slot is given back after every no, and a node that is drained is let in again',
    changes: [
      replace(
        'src/agent/states/staged/owing-slot.ts',
        'nothingLent',
        () =>
          ({ memory }) =>
            memory,
      ),
    ],
    ...SLOTS,
    named: 'field 1, diff 1',
  },
  {
    id: 'field-1-drain',
    fault: 'a place that is kept during a drain is given back before the drain is over',
    changes: [replace('src/agent/slots.ts', 'isKeepingSlot', () => () => false)],
    ...SLOTS,
    named: 'field 1: is asked for again',
  },
  {
    id: 'field-1-202',
    fault: '202 counts as a yes',
    changes: [
      replace(LOCK_ANSWER, 'meaningOfTaking', (original) => (said) => {
        const meaning = original(said);
        return meaning === 'under way' ? 'yes' : meaning;
      }),
    ],
    ...ANSWERS,
    named: 'field 1: 202 keeps a place',
  },
  {
    id: 'field-1-deadline',
    fault: 'a store that did not answer in time counts as a clear refusal',
    changes: [
      replace(LOCK_ANSWER, 'meaningOfTaking', (original) => (said) => {
        const meaning = original(said);
        return meaning === 'uncertain' ? 'no' : meaning;
      }),
    ],
    ...ANSWERS,
    named: 'field 1: that of',
  },
  {
    id: 'field-2',
    fault: 'a drain of half an hour is cut off by the limit of the effect',
    changes: [replace('src/agent/perform.ts', 'limitMsOf', () => () => 300_000)],
    ...SLOTS,
    named: 'field 2: may take longer than the half hour',
  },
  {
    id: 'field-3',
    fault: 'that there is nothing to give back is a failure',
    changes: [
      replace(
        LOCK_ANSWER,
        'isGivenBack',
        () =>
          ({ status }) =>
            status === 200,
      ),
    ],
    ...ANSWERS,
    named: 'field 3: to giving back',
  },
  {
    id: 'field-4',
    fault: 'only the words of the protocol are a refusal',
    changes: [
      replace(LOCK_ANSWER, 'meaningOfTaking', (original) => (said) => {
        const meaning = original(said);
        return meaning === 'no' && said.kind !== 'failed_lock_semaphore_full' ? 'failed' : meaning;
      }),
    ],
    ...ANSWERS,
    named: 'field 4: that of',
  },
  {
    id: 'field-5',
    fault: 'a content type is sent before anybody asks for it',
    changes: [
      replace(
        'src/lenders/fleet-lock.ts',
        'fleetLockHeaders',
        (original) => (bearer) => original(bearer, true),
      ),
    ],
    ...ANSWERS,
    named: 'B34, field 5: the content type',
  },
  {
    id: 'field-6',
    fault: 'the slot is given back though the boot is not complete',
    changes: [
      replace('src/agent/rest.ts', 'releaseSlot', (original) => (state, view) => ({
        ...original(state, view),
        asksBoot: false,
      })),
    ],
    ...SLOTS,
    named: 'field 6: keeps the slot',
  },
  {
    id: 'field-7',
    fault: 'nobody remembers when the slot was granted',
    changes: [replace('src/agent/slots.ts', 'withSlotsGranted', () => (record) => record)],
    ...SLOTS,
    named: 'field 7: for how long',
  },
  {
    id: 'field-20',
    fault: 'the status line says the same sentence twice',
    changes: [replace('src/report/status-text.ts', 'healthText', (original) => (health) => original(health))],
    ...SLOTS,
    named: 'field 20',
  },
  {
    id: 'F7',
    fault: 'a slot is not given back while updates are off and no stream is known',
    changes: [
      replace(
        'src/agent/rest.ts',
        'slotDueUntold',
        (original) => (model, policy) =>
          (policy.stream ?? model.memory.host?.booted.stream) === undefined
            ? undefined
            : original(model, policy),
      ),
    ],
    ...SLOTS,
    named: 'F7: is given back',
  },
  {
    id: 'F8',
    fault: 'what may be held is forgotten when the address, the group or the id changes',
    changes: [
      replace('src/agent/slots.ts', 'mayHold', (original) => (memory, policy) => ({
        ...original(memory, policy),
        former: [],
      })),
    ],
    ...SLOTS,
    named: 'F8: is given back where it was taken',
  },
];
