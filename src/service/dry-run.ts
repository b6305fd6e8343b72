/** What would become of a reboot that is asked for now. Pure. */
import type { Outcome } from '../agent/requests.ts';
import type { Explanation } from '../why/explanation.ts';

/** The pauses of the machine, which a request cuts short. */
const PACING = 'pacing';

export function dryRun({ stage, release, gates }: Explanation): Outcome {
  if (stage !== 'staged') {
    return stage === 'finalized'
      ? { kind: 'refused', error: 'TooLate', text: 'the reboot is on its way' }
      : { kind: 'refused', error: 'NotStaged', text: 'nothing is staged; run `zincati update` first' };
  }
  const blocking = gates.filter(
    ({ gate, verdict, class: kind }) => verdict !== 'pass' && kind !== 'foreign' && gate !== PACING,
  );
  if (blocking.length > 0) {
    const text = blocking.map(({ reason }) => reason).join('; ');
    return { kind: 'refused', error: 'Blocked', text, gates: blocking.map(({ gate }) => gate) };
  }
  const asks = gates.some(({ verdict }) => verdict !== 'pass') ? ', if a slot is lent' : '';
  const text = `the node would reboot into ${release ?? 'what is staged'}${asks}`;
  return { kind: 'done', text, changed: true, ...(release === undefined ? {} : { release }) };
}
