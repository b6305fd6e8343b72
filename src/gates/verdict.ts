/**
 * Makers of the three kinds of report. Pure.
 *
 * Invariant: a part of a report that is not known is left out; it is never there with the value undefined.
 */
import type { GateReport } from '../agent/ports.ts';
import type { BlockLabel, PassLabel } from './labels.ts';

type Evidence = NonNullable<GateReport['evidence']>;

/** `reason` is one sentence for people; the other parts are described at {@link GateReport}. */
export function pass(
  gate: string,
  label: PassLabel,
  reason: string,
  { evidence, passEndsAt }: { readonly evidence?: Evidence; readonly passEndsAt?: number | undefined } = {},
): GateReport {
  return {
    gate,
    verdict: 'pass',
    reason,
    label,
    ...(evidence !== undefined && { evidence }),
    ...(passEndsAt !== undefined && { passEndsAt }),
  };
}

/** Without `nextAt` the gate may pass at any time. */
export function block(
  gate: string,
  label: BlockLabel,
  reason: string,
  { evidence, nextAt }: { readonly evidence?: Evidence; readonly nextAt?: number | undefined } = {},
): GateReport {
  return {
    gate,
    verdict: 'block',
    reason,
    label,
    ...(evidence !== undefined && { evidence }),
    ...(nextAt !== undefined && { nextAt }),
  };
}

/** The gate cannot tell. `kind` is that of the error, `reason` its message. */
export function unknown(gate: string, kind: string, reason: string): GateReport {
  return { gate, verdict: 'unknown', reason, label: kind };
}
