/**
 * Faults that the random worlds of test/scenarios/world.test.ts must notice by themselves, whatever other tests say.
 * `npm run put-back -- --world` puts them back one by one.
 *
 * Invariant: of src/ only types are imported here, since the modules under test import this one.
 */
import type { Memory } from '../../src/agent/state.ts';
import { replace, type PutBackFault } from './fault.ts';
import { changesOf } from './faults.ts';

const STAGED = 'src/agent/states/update-staged.ts';
const RECORD = 'src/agent/record.ts';
const STATE = 'src/agent/state.ts';

function world(id: string, fault: string, ...changes: PutBackFault['changes']): PutBackFault {
  return {
    id,
    fault,
    changes,
    project: 'unit',
    test: 'test/scenarios/world.test.ts',
    named: 'random worlds',
  };
}

function owingNothing(memory: Memory): Memory {
  return { ...memory, steady: { ...memory.steady, owed: false } };
}

export const WORLD_FAULTS: readonly PutBackFault[] = [
  world(
    'denylist-ignored',
    'the graph is asked as if nothing were denied',
    replace('src/agent/checking.ts', 'checkQuery', (original) => (...of) => ({
      ...original(...of),
      denied: [],
    })),
  ),
  world(
    'hold-of-people-ignored',
    'holds of people are not told to the gates',
    replace('src/agent/pending.ts', 'rebootHolds', () => () => []),
  ),
  world(
    'hold-passed-by-an-earlier-reboot',
    'a reboot that somebody asked for passes the hold that comes after it',
    replace('src/agent/taking.ts', 'withoutRequests', () => (model) => model),
  ),
  world(
    'hold-in-mid-attempt',
    'an attempt to reboot goes on when a person holds it',
    replace('src/agent/reconfigure.ts', 'startedOver', () => (model) => ({ model, happenings: [] })),
  ),
  world(
    'hold-after-download',
    'what people keep waits for the end of a download, or of a drain',
    replace('src/agent/cut-short.ts', 'isTakenBeside', () => () => false),
  ),
  world(
    'denial-of-people-ignored',
    'what a person denied is taken all the same',
    replace(
      'src/agent/admin-lists.ts',
      'skippedBy',
      () =>
        (_memory, { skip }) =>
          skip,
    ),
  ),
  world(
    'request-without-end',
    'a request that comes to nothing never ends',
    replace('src/agent/request-ends.ts', 'atRest', () => ({ memory }) => ({ memory, happenings: [] })),
  ),
  world(
    'record-not-taken-back',
    'what could not be written is in force, and was told as refused',
    replace('src/agent/pending.ts', 'beforeWriting', () => () => undefined),
  ),
  world(
    'denylist-of-disk',
    'only what is on disk is denied, not what the record says',
    replace(
      'src/agent/denylist.ts',
      'deniedPayloads',
      (original) => (host, record, at) => original(host, { ...record, denials: [] }, at),
    ),
  ),
  world(
    'denials-not-read-back',
    'a restart forgets what is denied',
    replace(STATE, 'initialModel', (original) => (record) => original(record && { ...record, denials: [] })),
  ),
  world('rollback-unseen', 'a rollback is not noticed once its deployment is gone', ...changesOf('B10')),
  world(
    'verdict-ignored',
    'what the gates say does not count',
    replace('src/agent/join-reports.ts', 'joinReports', () => () => ({ kind: 'pass' })),
  ),
  world(
    'not-asked-again',
    'the window may have closed while the lock server was asked',
    replace(STAGED, 'STAGED_STEPS', (original) => ({
      ...original,
      confirm: {
        ...original.confirm,
        answered: (state, event, turn) =>
          original.confirm.answered(
            state,
            event.kind === 'surveyed' ? { ...event, reports: [] } : event,
            turn,
          ),
      },
    })),
  ),
  world('slot-kept', 'a slot that was lent in vain is kept', ...changesOf('B4')),
  world(
    'slot-not-taken',
    'the lock server is not asked',
    replace(
      'src/agent/states/staged/step-after.ts',
      'stepAfter',
      (original) => (passed, policy) => (passed === 'verify' ? 'confirm' : original(passed, policy)),
    ),
  ),
  world(
    'people-ignored',
    'nobody is waited for',
    replace(
      'src/agent/states/staged/postpone.ts',
      'isSomebodyThere',
      () => (sessions) => sessions === undefined,
    ),
  ),
  world(
    'reboot-limit-off',
    'a release that does not boot is rebooted for again and again',
    replace(RECORD, 'MAX_REBOOTS_PER_TARGET', () => 100),
  ),
  world('asked-unrecorded', 'the next boot does not know what was asked for', ...changesOf('B8')),
  world(
    'reboot-without-record',
    'a reboot is asked for with a record that could not be written',
    // Both guards: the wait for the record, and the way back when it cannot be written.
    replace('src/agent/states/staged/asking.ts', 'mustSave', () => () => false),
    replace('src/agent/states/staged/asking.ts', 'unsaved', () => (state, _failure, { memory }) => ({
      state,
      memory,
    })),
  ),
  world(
    'staged-uncompared',
    'what is staged is taken for the own release, whatever it is',
    ...changesOf('B3'),
  ),
  world('overdue-unnoticed', 'a reboot that does not come is waited for without end', ...changesOf('B6')),
  world(
    'endless-denial',
    'a release that was given up once is given up for good',
    replace(RECORD, 'isInForce', () => () => true),
  ),
  world(
    'skip-ignored',
    'what the administrator denies after it was staged is booted',
    replace(
      'src/agent/states/staged/compared.ts',
      'isRuledOut',
      (original) => (staged, status, record, policy, at) =>
        original(staged, status, record, { ...policy, skip: [] }, at),
    ),
  ),
  world(
    'stale-staged',
    'a release that is staged is never checked again',
    replace('src/agent/states/staged/after-answer.ts', 'isCheckDue', () => () => false),
  ),
  world(
    'withdrawn-kept',
    'what is staged is booted although the graph has taken it back',
    replace('src/agent/states/staged/after-answer.ts', 'fateOfStaged', (original) => (staged, outcome) => {
      const fate = original(staged, outcome);
      return fate.kind === 'withdrawn' ? { kind: 'same' } : fate;
    }),
  ),
  world(
    'catch-up-leak',
    'with catch-up the slot is kept after the last hop',
    replace('src/agent/states/polling.ts', 'POLLING_STEPS', (original) => ({
      ...original,
      rest: {
        ...original.rest,
        asks: (state, view) =>
          original.rest.asks(
            state,
            view.policy.catchUp ? { ...view, memory: owingNothing(view.memory) } : view,
          ),
      },
    })),
  ),
  world(
    'slot-of-last-life',
    'a slot from before a restart is not given back',
    replace(STATE, 'initialModel', (original) => (record) => {
      const { state, memory } = original(record);
      return { state, memory: owingNothing(memory) };
    }),
  ),
  world(
    'sessions-fail-open',
    'sessions that cannot be listed count as nobody',
    ...changesOf('B11'),
    replace(
      'src/agent/states/staged/after-last-look.ts',
      'afterNoLastLook',
      () => (state, _failure, turn) => ({ state: { ...state, step: 'confirm' }, memory: turn.memory }),
    ),
  ),
  world(
    'clock-set-back',
    'a clock that was set back makes a denial last for as long',
    replace(RECORD, 'isInForce', () => (denial, at) => denial.untilAt === undefined || at < denial.untilAt),
  ),
];

/** The changes of one of them, for another list. Throws for an id that is not there. */
export function worldChanges(id: string): PutBackFault['changes'] {
  const found = WORLD_FAULTS.find((fault) => fault.id === id);
  if (found === undefined) {
    throw new Error(`the world must have the fault ${id}`);
  }
  return found.changes;
}
