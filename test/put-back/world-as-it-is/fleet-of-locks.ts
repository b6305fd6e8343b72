/** Faults that a month of lock servers must notice by itself; each with what brings it back. */
import { replace, type PutBackFault } from '../fault.ts';

const MONTH = {
  project: 'unit',
  test: 'test/scenarios/fleet-of-locks.test.ts',
  named: 'nothing happens that must not',
} as const;

export const FLEET_OF_LOCKS_FAULTS: readonly PutBackFault[] = [
  {
    id: 'month-packages',
    fault: 'a release that a person added packages to is replaced and dropped as the own one',
    changes: [
      replace('src/agent/states/back-to-polling.ts', 'foreignStaged', (original) => ({ host, record }) => {
        const { staged } = record;
        const byPayload = staged && { version: staged.version, payload: staged.payload };
        return original({ host, record: { ...record, staged: byPayload } });
      }),
    ],
    ...MONTH,
  },
  {
    id: 'month-boot',
    fault: 'the next node reboots while the services of the last one are still starting',
    changes: [
      replace('src/agent/rest.ts', 'releaseSlot', (original) => (state, view) => ({
        ...original(state, view),
        asksBoot: false,
      })),
    ],
    ...MONTH,
  },
];
