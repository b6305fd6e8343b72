/**
 * Gate `inhibitors`: holds reboots while somebody holds one of systemd's inhibitor locks on `shutdown` in mode `block`.
 * rpm-ostree would refuse the finalization anyway. Asked before, nothing is taken from a lock server in vain, and people
 * read who it is. The judgement is pure.
 *
 * Unknown: logind does not answer, or not with rows of its own shape. This holds the reboot until logind answers, however
 * long that takes. A host without logind is not unknown: it has no inhibitors.
 */
import type { GateReport } from '../agent/ports.ts';
import { printable } from '../errors.ts';
import { gate, type Gate } from './gate.ts';
import { block, pass } from './verdict.ts';

const NAME = 'inhibitors';

export interface Inhibitor {
  /** What is inhibited, joined by colons: `shutdown:sleep`. */
  readonly what: string;
  readonly who: string;
  readonly why: string;
  readonly mode: string;
}

/** `list` rejects with an AgentError when nobody can tell who inhibits. */
export function inhibitorGate(list: (signal: AbortSignal) => Promise<readonly Inhibitor[]>): Gate {
  return gate({ name: NAME, observe: list, judge: judgeInhibitors });
}

/** So many inhibitors are named; the others are counted. */
const MOST_NAMED = 3;
/** Characters of a name or a purpose. */
const LONGEST_NAME = 100;

export function judgeInhibitors(inhibitors: readonly Inhibitor[]): GateReport {
  const blocking = inhibitors.filter(
    ({ what, mode }) => mode === 'block' && what.split(':').includes('shutdown'),
  );
  const [first] = blocking;
  const evidence = { inhibitors: inhibitors.length, blocking: blocking.length };
  if (first === undefined) {
    return pass(NAME, 'inhibitor', 'nobody inhibits a shutdown', { evidence });
  }
  const named = blocking.slice(0, MOST_NAMED).map(({ who, why }) => {
    const name = shortened(who) || 'somebody without a name';
    return why === '' ? name : `${name}: ${shortened(why)}`;
  });
  const rest = blocking.length - named.length;
  return block(
    NAME,
    'inhibitor',
    `blocked by ${named.join(', by ')}${rest > 0 ? `, and by ${rest} more` : ''}`,
    { evidence: { ...evidence, who: shortened(first.who), why: shortened(first.why) } },
  );
}

function shortened(text: string): string {
  return printable(text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}…` : text);
}
