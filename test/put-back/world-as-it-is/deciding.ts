/** Faults of deciding that real servers, clocks and people have shown; each with what brings it back. */
import { replace, type PutBackFault } from '../fault.ts';

const CONVERGENCE = { project: 'unit', test: 'test/unit/agent/convergence.test.ts' } as const;

const ELSEWHERE = { project: 'unit', test: 'test/unit/agent/updates-from-elsewhere.test.ts' } as const;

export const DECIDING_FAULTS: readonly PutBackFault[] = [
  {
    id: 'field-8',
    fault: 'an answer that does not know the booted release throws away what is staged',
    changes: [
      replace('src/agent/states/staged/after-answer.ts', 'fateOfStaged', (original) => (release, outcome) => {
        const fate = original(release, outcome);
        return fate.kind === 'untold' ? { kind: 'withdrawn' } : fate;
      }),
      replace('src/agent/checking.ts', 'isWithdrawn', () => () => true),
    ],
    ...CONVERGENCE,
    named: 'field 8: an answer that does not know the booted release',
  },
  {
    id: 'field-8-once',
    fault: 'one answer without a release is enough to drop it',
    changes: [replace('src/agent/checking.ts', 'isWithdrawn', () => () => true)],
    ...CONVERGENCE,
    named: 'field 8: a release is dropped when a graph that knows this node',
  },
  {
    id: 'field-12',
    fault: 'a configured stream is compared with the label of what was staged',
    changes: [
      replace(
        'src/agent/states/available/after-staging.ts',
        'isOfAnotherStream',
        () =>
          (staged, expected, { stream }) =>
            staged.stream !== (stream ?? expected),
      ),
    ],
    ...CONVERGENCE,
    named: 'field 12',
  },
  {
    id: 'field-13',
    fault: 'the record of an installation before this one counts',
    changes: [replace('src/history/installation.ts', 'belongsTo', () => () => true)],
    project: 'unit',
    test: 'test/unit/history/record-store.test.ts',
    named: 'field 13',
  },
  {
    id: 'field-23-alarm',
    fault: 'a node whose updates come from elsewhere complains that it gets none of this agent',
    changes: [replace('src/agent/health.ts', 'isSwitchedOff', () => () => false)],
    ...ELSEWHERE,
    named: 'is OK as soon as updates are switched off',
  },
  {
    id: 'field-23-once',
    fault: 'a node that is off the graph says so at each check',
    changes: [
      replace(
        'src/agent/states/polling.ts',
        'afterAnswer',
        (original) => (state, result, turn) =>
          original(
            result.outcome.kind === 'off-graph' ? { name: 'NoNewUpdate', step: state.step } : state,
            result,
            turn,
          ),
      ),
    ],
    ...ELSEWHERE,
    named: 'is told once to be off the graph',
  },
  {
    id: 'field-23-scheme',
    fault: 'an image that nobody signed is taken for a signed one when the node is rebased',
    changes: [
      replace(
        'src/rpmostree/image-reference.ts',
        'printImageReference',
        (original) => (reference) =>
          original({ ...reference, prefix: reference.prefix.replace('unverified-image', 'image-signed') }),
      ),
    ],
    project: 'unit',
    test: 'test/unit/rpmostree/stage-plan.test.ts',
    named: 'field 23',
  },
  {
    id: 'field-14',
    fault: 'durations come from the wall clock',
    changes: [replace('src/agent/moment.ts', 'lastedMs', () => (since, now) => now.at - since.at)],
    project: 'unit',
    test: 'test/unit/agent/health.test.ts',
    named: 'field 14',
  },
  {
    id: 'F4',
    fault: 'nobody looks again who is logged in after the lock server was asked',
    changes: [
      replace(
        'src/agent/states/staged/step-after.ts',
        'stepAfter',
        (original) => (passed, policy) =>
          original(passed, policy) === 'recheck' ? original('recheck', policy) : original(passed, policy),
      ),
    ],
    ...CONVERGENCE,
    named: 'F4',
  },
  {
    id: 'F5',
    fault: 'a node that does not get on is healthy',
    changes: [replace('src/agent/pursuit.ts', 'pursuing', () => (memory) => memory)],
    project: 'unit',
    test: 'test/unit/agent/health.test.ts',
    named: 'F5',
  },
  {
    id: 'walk-2',
    fault: 'only boots that an agent wrote down can be gone back to',
    changes: [replace('src/agent/states/start-state.ts', 'bootedBefore', () => () => [])],
    ...CONVERGENCE,
    named: 'walk 2',
  },
  {
    id: 'search-1',
    fault:
      'a slot is given back although the reboot may be on its way: rpm-ostree vanished while it finalized',
    changes: [replace('src/agent/rebooting.ts', 'isUnsettled', () => () => false)],
    project: 'unit',
    test: 'test/unit/agent/states/update-staged.test.ts',
    named: 'search 1',
  },
];
