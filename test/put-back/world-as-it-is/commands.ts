/** Faults of what people read; each with what brings it back. */
import { replace, type PutBackFault } from '../fault.ts';

const WHY = { project: 'unit', test: 'test/unit/cli/why-text.test.ts' } as const;

export const COMMAND_FAULTS: readonly PutBackFault[] = [
  {
    id: 'why-dates',
    fault: 'one output has dates in the form of the log beside those of commands, and numbers for users',
    changes: [replace('src/cli/agent-text.ts', 'inLocalTerms', () => (text) => text)],
    ...WHY,
    named: 'why-dates',
  },
  {
    id: 'why-override-boot-space',
    fault: 'an operator is told to override what would not boot, before they have looked',
    changes: [replace('src/cli/next-step.ts', 'lookOf', () => () => undefined)],
    ...WHY,
    named: 'why-override-boot-space',
  },
  {
    id: 'why-lender',
    fault: 'a node that a lock server refuses says that nothing keeps it',
    changes: [replace('src/cli/why-text.ts', 'unwilling', () => () => undefined)],
    ...WHY,
    named: 'why-lender',
  },
  {
    id: 'lock-for-programs-told',
    fault: 'a lock server that programs use is said to have no effect',
    changes: [
      replace(
        'src/config/check-settings.ts',
        'lockWithoutReboots',
        () => (_, origins) =>
          [...origins]
            .filter(([key]) => key.startsWith('updates.fleet_lock.'))
            .map(([key, file]) => `${file}: ${key} has no effect`),
      ),
    ],
    project: 'unit',
    test: 'test/unit/config/load-settings.test.ts',
    named: 'lock-for-programs-told',
  },
];
