// Changes in src/gates that no test can notice.
const holdsNothing = 'a text is no hold on anything, so it is left out';

export const equivalents = [
  {
    file: 'src/gates/hold.ts',
    was: "export function judgeHold({ at, holds = [] }: Pick<GateQuestion, 'at' | 'holds'>): GateReport {",
    becomes:
      "export function judgeHold({ at, holds = [\"Stryker was here\"] }: Pick<GateQuestion, 'at' | 'holds'>): GateReport {",
    why: holdsNothing,
  },
  {
    file: 'src/gates/timing.ts',
    was: "export function outsideHolds(holds: readonly Hold[] = [], on: Holdable = 'reboot'): Timing {",
    becomes:
      'export function outsideHolds(holds: readonly Hold[] = ["Stryker was here"], on: Holdable = \'reboot\'): Timing {',
    why: holdsNothing,
  },
  {
    file: 'src/gates/gate.ts',
    was: '{ overrides = [] }: GateQuestion,',
    becomes: '{ overrides = ["Stryker was here"] }: GateQuestion,',
    why: 'no report needs such a word',
  },
];
