/** What the reports of all gates mean together. Pure. */
import type { GateReport } from './ports.ts';

export type JointAnswer =
  | { readonly kind: 'pass' }
  | {
      readonly kind: 'block';
      /** Of every gate that blocks or cannot tell, in the order of the reports. */
      readonly reason: string;
      /** Of the first gate that blocks. */
      readonly label: string;
      /** No earlier instant can let the node pass: every gate that blocks has to change its mind. */
      readonly untilAt?: number;
    }
  /** No gate blocks, and one or more cannot tell. */
  | { readonly kind: 'unknown'; readonly label: string; readonly reason: string };

export function joinReports(reports: readonly GateReport[]): JointAnswer {
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
  const until = instants.length === 0 ? {} : { untilAt: Math.max(...instants) };
  return { kind: 'block', reason, label: blocker.label, ...until };
}
