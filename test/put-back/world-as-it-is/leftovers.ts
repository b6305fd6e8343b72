/** Faults that comparisons and attacks have shown beside the large ones; each with what brings it back. */
import { replace, type PutBackFault } from '../fault.ts';

const OFF = { project: 'unit', test: 'test/unit/agent/switched-off.test.ts' } as const;
const START = 'src/agent/states/start-state.ts';

export const LEFTOVER_FAULTS: readonly PutBackFault[] = [
  {
    id: 'diff-5',
    fault: 'nobody knows what is booted while updates are switched off',
    changes: [
      replace(START, 'whenSwitchedOff', () => (_state, { memory }) => ({
        state: { name: 'EndState', cause: 'disabled', dueMono: Number.MAX_SAFE_INTEGER },
        memory,
      })),
    ],
    ...OFF,
    named: 'diff 5: reads the deployments',
  },
  {
    id: 'off-in-own-reboot',
    fault: 'an agent that is switched off gives back the slot with which its machine reboots',
    changes: [replace(START, 'askedInThisBoot', () => () => undefined)],
    ...OFF,
    named: 'keeps the slot when it starts anew within its own reboot',
  },
  {
    id: 'off-without-stream',
    fault: 'a report that cannot be made and is not needed fails again and again',
    changes: [
      replace(
        'src/agent/slots.ts',
        'isReportOwed',
        () =>
          ({ memory }) =>
            memory.steady.owed,
      ),
    ],
    ...OFF,
    named: 'whose address names a stream that nobody knows',
  },
  {
    id: 'diff-10-others',
    fault: 'nobody hears which deployments on disk are no update targets',
    changes: [replace(START, 'othersOnDisk', () => () => [])],
    project: 'unit',
    test: 'test/unit/agent/phrases-of-zincati.test.ts',
    named: 'diff 10: names what lies on disk',
  },
  {
    id: 'diff-10-grace',
    fault: 'the end of a grace period is not told apart from its beginning',
    changes: [
      replace(
        'src/agent/states/update-staged.ts',
        'afterNotice',
        (original) => (state, turn) => original({ ...state, warned: false }, turn),
      ),
    ],
    project: 'unit',
    test: 'test/unit/agent/phrases-of-zincati.test.ts',
    named: 'diff 10: tells of a grace period',
  },
  {
    id: 'diff-11-properties',
    fault: 'tools that read properties first find no such interface',
    changes: [
      replace('src/dbus/properties.ts', 'propertiesInterface', (original) => (path, exported) => ({
        ...original(path, exported),
        methods: [],
      })),
    ],
    project: 'unit',
    test: 'test/unit/dbus/link.test.ts',
    named: 'diff 11: properties of an object that has none',
  },
  {
    id: 'diff-11-talkative',
    fault: 'the argument of Moo has no name',
    changes: [
      replace('src/service/experimental.ts', 'experimentalInterface', (original) => (facts) => {
        const offered = original(facts);
        return { ...offered, methods: offered.methods.map((method) => ({ ...method, argNames: [] })) };
      }),
    ],
    project: 'integration',
    test: 'test/integration/service.test.ts',
    named: 'diff 11: has the interfaces and names',
  },
];
