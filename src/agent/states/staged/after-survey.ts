/** What the gates report, before people are looked for and again after lenders were asked. Pure. */
import { rebootSubject } from '../../gate-subject.ts';
import { renewedGrace } from '../../grace.ts';
import { joinReports } from '../../join-reports.ts';
import type { EventOf } from '../../messages.ts';
import type { Model } from '../../state.ts';
import type { Turn, View } from '../../turn.ts';
import { afterNoAnswer, heldBack, type UpdateStaged } from './held.ts';

export function survey({ memory }: View) {
  return { kind: 'survey', ...rebootSubject(memory) } as const;
}

/** Both surveys of an attempt are judged alike: before people are looked for, and after lenders were asked. */
export function afterSurvey(
  state: UpdateStaged,
  { reports, foresight }: EventOf<'surveyed'>,
  turn: Turn,
  allowed: () => Model,
): Model {
  const joint = joinReports(reports, foresight);
  switch (joint.kind) {
    case 'pass':
      turn.tell({ kind: 'reboot-allowed', by: 'gates' });
      return allowed();
    case 'unknown':
      return afterNoAnswer(state, { kind: joint.label, message: joint.reason }, turn);
    case 'block':
      return heldBack({ ...state, ...renewedGrace(state, turn.policy.sessions) }, 'gates', joint, turn);
  }
}
