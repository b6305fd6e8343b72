/**
 * Gate `hold`: keeps the node from rebooting while a person holds it. The judgement is pure.
 *
 * Unknown: never. It looks at nothing but the question.
 */
import type { GateQuestion, GateReport } from '../agent/ports.ts';
import type { Hold } from '../agent/requests.ts';
import { longDate } from '../text/long-date.ts';
import { printable } from '../text/printable.ts';
import { gate, type Gate } from './gate.ts';
import { outsideHolds } from './timing.ts';
import { block, pass } from './verdict.ts';

const NAME = 'hold';

/** Of several holds the one that lasts longest is told. */
export function judgeHold({ at, holds = [] }: GateQuestion): GateReport {
  const [longest] = holds
    .filter(({ what, untilAt }) => what === 'reboot' && (untilAt === undefined || at < untilAt))
    .toSorted((a, b) => endOf(b) - endOf(a));
  if (longest === undefined) {
    return pass(NAME, 'hold', 'nobody holds this node');
  }
  const { id, by, reason, untilAt } = longest;
  const until = untilAt === undefined ? 'until it is released' : `until ${longDate(untilAt)}`;
  const why = reason === '' ? '' : `: ${printable(reason)}`;
  return block(NAME, 'held', `hold ${id} of user ${by.uid} keeps this node from rebooting ${until}${why}`, {
    evidence: { hold: id, uid: by.uid, ...(untilAt !== undefined && { untilAt }) },
    nextAt: untilAt,
  });
}

function endOf({ untilAt }: Hold): number {
  return untilAt ?? Number.POSITIVE_INFINITY;
}

export const HOLD: Gate = gate({
  name: NAME,
  observe: () => undefined,
  judge: (_facts, question) => judgeHold(question),
  timing: (_facts, { holds }) => outsideHolds(holds),
});
