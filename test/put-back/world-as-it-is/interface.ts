/** Faults of the agent's interface on the bus; each with what brings it back. */
import { replace, type PutBackFault } from '../fault.ts';

const AGENT1 = { project: 'unit', test: 'test/unit/service/agent1.test.ts' } as const;

export const INTERFACE_FAULTS: readonly PutBackFault[] = [
  {
    id: 'door-root',
    fault: 'what is for root is for everybody, now that the bus lets everybody in',
    changes: [replace('src/service/door.ts', 'isForRoot', () => () => false)],
    ...AGENT1,
    named: 'the machine id is for root',
  },
  {
    id: 'check-shared-after-its-end',
    fault: 'who shares a check that has ended waits for its end for ever',
    changes: [replace('src/cli/ended-job.ts', 'endedResult', () => () => Promise.resolve(undefined))],
    project: 'unit',
    test: 'test/unit/cli/ended-job.test.ts',
    named: 'check-shared-after-its-end',
  },
  {
    id: 'hold-over',
    fault: 'a hold that has ended by itself is listed until something else happens',
    changes: [replace('src/service/expiry.ts', 'earliestOf', () => () => undefined)],
    ...AGENT1,
    named: 'hold-over',
  },
  {
    id: 'unknown-actions',
    fault: 'nobody is told that polkit does not know the actions',
    changes: [
      replace(
        'src/service/known-actions.ts',
        'findKnownActions',
        () => () => Promise.resolve({ kind: 'known' }),
      ),
    ],
    project: 'unit',
    test: 'test/unit/service/known-actions.test.ts',
    named: 'unknown-actions',
  },
  {
    id: 'door-polkit',
    fault: 'whatever polkit says, everybody may act',
    changes: [replace('src/service/polkit.ts', 'askPolkit', () => () => Promise.resolve('yes'))],
    ...AGENT1,
    named: 'others as polkit says',
  },
];
