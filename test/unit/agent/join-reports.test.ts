import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { GateReport } from '../../../src/agent/ports.ts';
import { joinReports } from '../../../src/agent/join-reports.ts';

const PASS: GateReport = { gate: 'x', verdict: 'pass', reason: 'fine', label: 'x' };
const UNKNOWN: GateReport = { gate: 'x', verdict: 'unknown', reason: 'no answer', label: 'bus_closed' };
const block = (reason: string, nextAt?: number): GateReport => ({
  gate: 'x',
  verdict: 'block',
  reason,
  label: reason,
  ...(nextAt !== undefined && { nextAt }),
});

describe('joinReports', () => {
  it('allows when all pass, and when there is nobody to ask', () => {
    expect(joinReports([PASS, PASS])).toEqual({ kind: 'pass' });
    expect(joinReports([])).toEqual({ kind: 'pass' });
  });

  it('names everybody who blocks and cannot change before the last of them does', () => {
    expect(joinReports([block('early', 10), PASS, block('late', 20), block('unknown')])).toEqual({
      kind: 'block',
      reason: 'early; late; unknown',
      label: 'early',
      untilAt: 20,
    });
  });

  it('gives no instant when nobody knows one', () => {
    expect(joinReports([block('whenever')])).not.toHaveProperty('untilAt');
  });

  it('can tell no more than the gate that cannot tell, when nobody blocks', () => {
    expect(joinReports([PASS, UNKNOWN])).toEqual({
      kind: 'unknown',
      label: 'bus_closed',
      reason: 'no answer',
    });
  });

  it('blocks as the gate that blocks, and says also who cannot tell', () => {
    expect(joinReports([UNKNOWN, block('outside', 10)])).toEqual({
      kind: 'block',
      reason: 'no answer; outside',
      label: 'outside',
      untilAt: 10,
    });
  });

  it('says yes, no or neither, and until when, in any order of the reports', () => {
    const report = fc.oneof(
      fc.constantFrom(PASS, UNKNOWN),
      fc
        .tuple(fc.constantFrom('a', 'b', 'c'), fc.option(fc.nat(), { nil: undefined }))
        .map(([reason, nextAt]) => block(reason, nextAt)),
    );
    const reordered = fc
      .array(report)
      .chain((reports) =>
        fc.tuple(fc.constant(reports), fc.shuffledSubarray(reports, { minLength: reports.length })),
      );
    const joint = (reports: readonly GateReport[]) => {
      const { kind, ...rest } = joinReports(reports);
      const reasons = 'reason' in rest ? rest.reason.split('; ').toSorted() : [];
      return { kind, reasons, untilAt: 'untilAt' in rest ? rest.untilAt : undefined };
    };
    fc.assert(
      fc.property(reordered, ([reports, shuffled]) => {
        expect(joint(shuffled)).toEqual(joint(reports));
      }),
    );
  });
});
