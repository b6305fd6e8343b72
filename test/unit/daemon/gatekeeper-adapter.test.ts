import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { GateQuestion, GateReport, Lenders, SlotRequest } from '../../../src/agent/ports.ts';
import { GatekeeperAdapter, joinReports } from '../../../src/daemon/gatekeeper-adapter.ts';
import { kindOf } from '../../../src/errors.ts';
import { staged } from '../../support/samples.ts';

const signal = new AbortController().signal;

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
    expect(joinReports([PASS, PASS])).toEqual({ verdict: 'allow', reason: '', label: 'allowed' });
    expect(joinReports([]).verdict).toBe('allow');
  });

  it('names everybody who blocks and cannot change before the last of them does', () => {
    expect(joinReports([block('early', 10), PASS, block('late', 20), block('unknown')])).toEqual({
      verdict: 'deny',
      reason: 'early; late; unknown',
      label: 'early',
      untilAt: 20,
    });
  });

  it('gives no instant when nobody knows one', () => {
    expect(joinReports([block('whenever')])).not.toHaveProperty('untilAt');
  });

  it('throws as the gate that cannot tell, when nobody blocks', () => {
    let error: unknown;
    try {
      joinReports([PASS, UNKNOWN]);
    } catch (thrown) {
      error = thrown;
    }
    expect([kindOf(error), String(error)]).toEqual(['bus_closed', 'UnknownGateError: no answer']);
  });

  it('denies with the reasons of those that block, when another cannot tell', () => {
    expect(joinReports([UNKNOWN, block('outside', 10)])).toEqual({
      verdict: 'deny',
      reason: 'outside',
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
      try {
        const { verdict, untilAt, reason } = joinReports(reports);
        return { verdict, untilAt, reasons: reason.split('; ').toSorted() };
      } catch (error) {
        return kindOf(error);
      }
    };
    fc.assert(
      fc.property(reordered, ([reports, shuffled]) => {
        expect(joint(shuffled)).toEqual(joint(reports));
      }),
    );
  });
});

describe('the gatekeeper', () => {
  function gatekeeper(changes: { reports?: GateReport[]; lenders?: Partial<Lenders> } = {}) {
    const asked: (GateQuestion | SlotRequest | string)[] = [];
    const subject = { booted: undefined, staged: staged('2.0'), stream: 'stable' };
    const made = new GatekeeperAdapter({
      gates: {
        survey: async (question) => {
          asked.push('survey', question);
          return changes.reports ?? [];
        },
      },
      lenders: {
        acquire: async (request) => {
          asked.push('acquire', request);
          return { kind: 'granted' };
        },
        release: async (request) => {
          asked.push('release', request);
        },
        ...changes.lenders,
      },
      clock: { now: () => 77 },
      subject: () => subject,
    });
    return { made, asked, subject };
  }

  it('asks gates and lenders apart, about what the machine knows', async () => {
    const { made, asked, subject } = gatekeeper({ reports: [PASS] });
    const { stream, ...deployments } = subject;
    expect((await made.askLocal(5, signal)).verdict).toBe('allow');
    expect(asked.splice(0)).toEqual(['survey', { at: 5, ...deployments }]);
    expect(await made.askRemote(6, signal)).toEqual({ verdict: 'allow', reason: '', label: 'allowed' });
    expect(asked.splice(0)).toEqual(['acquire', { at: 6, stream }]);
    await made.reportSteady(signal);
    expect(asked).toEqual(['release', { at: 77, stream }]);
  });

  it('hands on a refusal, with its instant and without', async () => {
    const refused = { kind: 'refused', reason: 'full', label: 'fleet_lock' } as const;
    const answering = (answer: typeof refused & { untilAt?: number }) =>
      gatekeeper({ lenders: { acquire: async () => answer } }).made.askRemote(0, signal);
    expect(await answering(refused)).toEqual({ verdict: 'deny', reason: 'full', label: 'fleet_lock' });
    expect(await answering({ ...refused, untilAt: 9 })).toMatchObject({ verdict: 'deny', untilAt: 9 });
  });

  it('rejects as its lenders do', async () => {
    const lost = () => Promise.reject(new Error('no route'));
    const { made } = gatekeeper({ lenders: { acquire: lost, release: lost } });
    await expect(made.askRemote(0, signal)).rejects.toThrow('no route');
    await expect(made.reportSteady(signal)).rejects.toThrow('no route');
  });
});
