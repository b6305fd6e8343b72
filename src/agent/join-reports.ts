/** What the reports of all gates mean together. Pure. */
import type { Foresight, GateReport } from './ports.ts';

export type JointAnswer =
  | { readonly kind: 'pass' }
  | {
      readonly kind: 'block';
      /** Of every gate that blocks or cannot tell, in the order of the reports. */
      readonly reason: string;
      /** Of the first gate that blocks. */
      readonly label: string;
      /**
       * No earlier instant can let the node pass. Every gate that blocks has to change its mind, and none that passes now
       * may have closed by then.
       */
      readonly untilAt?: number;
    }
  /** No gate blocks, and one or more cannot tell. */
  | { readonly kind: 'unknown'; readonly label: string; readonly reason: string };

/** `foresight`: of the same look. An instant is told only where one of those that block names one. */
export function joinReports(reports: readonly GateReport[], foresight?: Foresight): JointAnswer {
  const against = reports.filter(({ verdict }) => verdict !== 'pass');
  const [first] = against;
  if (first === undefined) {
    return { kind: 'pass' };
  }
  const reason = against.map((report) => report.reason).join('; ');
  const blocking = against.filter(({ verdict }) => verdict === 'block');
  const [blocker] = blocking;
  if (blocker === undefined) {
    return { kind: 'unknown', label: first.label, reason };
  }
  const instants = blocking.flatMap(({ nextAt }) => (nextAt === undefined ? [] : [nextAt]));
  const clearAt = foresight?.clearAt ?? Number.NEGATIVE_INFINITY;
  const until = instants.length === 0 ? {} : { untilAt: Math.max(...instants, clearAt) };
  return { kind: 'block', reason, label: blocker.label, ...until };
}
