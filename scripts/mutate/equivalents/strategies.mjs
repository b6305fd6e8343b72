// Changes in src/strategies that no test can notice.
export const equivalents = [
  {
    file: 'src/strategies/periodic-timing.ts',
    was: 'overrides: readonly Override[] = [],',
    becomes: 'overrides: readonly Override[] = ["Stryker was here"],',
    why: 'a word that names no override takes nothing out',
  },
  {
    file: 'src/strategies/periodic-timing.ts',
    was: 'export function timePeriodic(schedule: PeriodicSchedule, overrides: readonly Override[] = []): Timing {',
    becomes:
      'export function timePeriodic(schedule: PeriodicSchedule, overrides: readonly Override[] = ["Stryker was here"]): Timing {',
    why: 'as above',
  },
  {
    file: 'src/strategies/periodic-timing.ts',
    was: 'const edges = ahead.freezes.map((freeze) => freeze.fromAt).filter((edge) => edge > fromAt);',
    becomes: 'const edges = ahead.freezes.map((freeze) => freeze.fromAt).filter((edge) => edge >= fromAt);',
    why: 'a freeze that begins at that instant is in force, and the loop before has gone to its end',
  },
  {
    file: 'src/strategies/upcoming.ts',
    was: 'if (turnAt !== undefined && turnAt < untilAt) {',
    becomes: 'if (true && turnAt < untilAt) {',
    why: 'undefined is below nothing; only the compiler wants the question',
  },
];
