/** Faults by which `why` names a wrong instant, or the machine a wrong one to people. Each has what brings it back. */
import type { Pass } from '../../../src/agent/ports.ts';
import { replace, type PutBackFault } from '../fault.ts';

const TIGHT = { project: 'unit', test: 'test/scenarios/why.test.ts', named: 'is tight' } as const;
const FIRST_PASS = 'src/gates/first-pass.ts';

export const WHY_FAULTS: readonly PutBackFault[] = [
  {
    id: 'why-latest-instant',
    fault: 'the latest of all instants is told, whether a window is open then or not',
    changes: [
      replace(FIRST_PASS, 'firstCommonPass', (original) => (gates, at) => {
        const passes = gates.map((passAfter) => passAfter(at));
        const known = passes.filter((pass): pass is Pass => pass !== undefined);
        return known.length < passes.length
          ? original(gates, at)
          : { ...original(gates, at), pass: { fromAt: Math.max(at, ...known.map(({ fromAt }) => fromAt)) } };
      }),
    ],
    ...TIGHT,
  },
  {
    id: 'why-no-splay',
    fault: 'the opening of the window is told, not the turn of the node',
    changes: [replace('src/strategies/splay.ts', 'splayOffsetMs', () => () => 0)],
    ...TIGHT,
  },
  {
    id: 'why-no-freeze',
    fault: 'a window is told that a freeze takes away',
    changes: [
      replace(
        'src/strategies/periodic-schedule.ts',
        'PeriodicSchedule.overriding',
        (original) =>
          function (overrides) {
            return original.call(this, [...overrides, 'freeze']);
          },
      ),
    ],
    ...TIGHT,
  },
  {
    id: 'why-endless-pass',
    fault: 'people are taken to be waited for in a window that has closed',
    changes: [replace(FIRST_PASS, 'endOfPass', () => () => undefined)],
    ...TIGHT,
  },
  {
    id: 'why-endless-permission',
    fault: 'a permission file is taken to allow after its end',
    changes: [
      replace('src/gates/timing.ts', 'openUntil', () => () => ({
        class: 'timed',
        passAfter: (at) => ({ fromAt: at }),
      })),
    ],
    ...TIGHT,
  },
  {
    id: 'why-grace-kept',
    fault: 'a grace that a closed window has interrupted is taken to go on where it was',
    changes: [replace('src/why/people.ts', 'interrupted', () => (grace) => grace)],
    ...TIGHT,
  },
  {
    id: 'why-look-ignored',
    fault: 'a gate that only looks can tell of is taken to be seen at once',
    changes: [replace('src/why/next-look.ts', 'nextLookAt', () => (_model, now) => now.at)],
    ...TIGHT,
  },
  {
    id: 'why-endless-hold-ends-now',
    fault: 'a hold without an end is said to let the node pass now',
    changes: [replace('src/why/explain.ts', 'isContradiction', () => () => false)],
    project: 'unit',
    test: 'test/unit/why/explain.test.ts',
    named: 'why-endless-hold-ends-now',
  },
  {
    id: 'why-hold-in-closed-window',
    fault: 'people are told an instant at which a hold ends, in a window that has closed by then',
    changes: [
      replace('src/agent/join-reports.ts', 'joinReports', (original) => (reports) => original(reports)),
    ],
    project: 'unit',
    test: 'test/unit/gates/look.test.ts',
    named: 'why-hold-in-closed-window',
  },
  {
    id: 'why-after-restart',
    fault: 'after a restart no update is known beside the one that is staged',
    changes: [
      replace('src/why/release-gates.ts', 'subjectOf', (original) => (model) => {
        const subject = original(model);
        return 'release' in model.state ? subject : { stage: 'none', release: undefined };
      }),
    ],
    project: 'unit',
    test: 'test/unit/why/release-gates.test.ts',
    named: 'why-after-restart',
  },
  {
    id: 'why-staged-already',
    fault: 'what is staged already is taken to need time, and leave of people who hold staging',
    changes: [
      replace(
        'src/why/release-gates.ts',
        'mayBeThere',
        () =>
          ({ memory: { host } }) =>
            host === undefined,
      ),
    ],
    project: 'unit',
    test: 'test/unit/why/release-gates.test.ts',
    named: 'why-staged-already',
  },
];
