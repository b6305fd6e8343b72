/**
 * Gate `hold`: keeps the reboot back while a person holds it. It always applies, and looks at nothing: holds are part of
 * the question. The judgement is pure.
 *
 * Unknown: never.
 */
import type { GateQuestion, GateReport } from '../agent/ports.ts';
import { isHoldInForce, type Hold } from '../agent/requests.ts';
import { longDate } from '../text/long-date.ts';
import { printable } from '../text/printable.ts';
import { gate } from './gate.ts';
import { outsideHolds } from './timing.ts';
import { block, pass } from './verdict.ts';

const NAME = 'hold';

export function judgeHold({ at, holds = [] }: Pick<GateQuestion, 'at' | 'holds'>): GateReport {
  const inForce = holds.filter((hold) => hold.what === 'reboot' && isHoldInForce(hold, at));
  const [first, ...others] = inForce;
  if (first === undefined) {
    return pass(NAME, 'held', 'nobody holds reboots');
  }
  const last = others.reduce((one, other) => (endOf(other) > endOf(one) ? other : one), first);
  return block(NAME, 'held', `reboots are held: ${inForce.map(described).join(', ')}`, {
    // Of the one that lasts longest.
    evidence: {
      holds: inForce.map(({ id }) => id).join(', '),
      uid: last.by.uid,
      ...(last.reason !== '' && { heldFor: printable(last.reason) }),
    },
    nextAt: last.untilAt,
  });
}

function endOf({ untilAt }: Hold): number {
  return untilAt ?? Number.POSITIVE_INFINITY;
}

function described({ id, by, reason, untilAt }: Hold): string {
  const until = untilAt === undefined ? 'until it is released' : `until ${longDate(untilAt)}`;
  return `${id} by uid ${by.uid} ${until}${reason === '' ? '' : ` (${printable(reason)})`}`;
}

export const HOLD = gate({
  name: NAME,
  observe: () => undefined,
  judge: (_nothing, question) => judgeHold(question),
  timing: (_nothing, { holds }) => outsideHolds(holds),
});
