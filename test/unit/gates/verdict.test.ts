import { describe, expect, it } from 'vitest';

import { block, pass, unknown } from '../../../src/gates/verdict.ts';

describe('a report', () => {
  it('has each part that is known', () => {
    expect(pass('x', 'uptime', 'fine', { evidence: { uptimeMs: 1 }, passEndsAt: 0 })).toStrictEqual({
      gate: 'x',
      verdict: 'pass',
      reason: 'fine',
      label: 'uptime',
      evidence: { uptimeMs: 1 },
      passEndsAt: 0,
    });
    expect(block('x', 'uptime', 'not yet', { evidence: { uptimeMs: 1 }, nextAt: 0 })).toStrictEqual({
      gate: 'x',
      verdict: 'block',
      reason: 'not yet',
      label: 'uptime',
      evidence: { uptimeMs: 1 },
      nextAt: 0,
    });
  });

  it('leaves out what is not known, and never has it with the value undefined', () => {
    const passing = { gate: 'x', verdict: 'pass', reason: 'fine', label: 'uptime' };
    expect(pass('x', 'uptime', 'fine')).toStrictEqual(passing);
    expect(pass('x', 'uptime', 'fine', { passEndsAt: undefined })).toStrictEqual(passing);
    const blocking = { gate: 'x', verdict: 'block', reason: 'not yet', label: 'uptime' };
    expect(block('x', 'uptime', 'not yet')).toStrictEqual(blocking);
    expect(block('x', 'uptime', 'not yet', { nextAt: undefined })).toStrictEqual(blocking);
  });

  it('names the error of a gate that cannot tell', () => {
    expect(unknown('x', 'bus_closed', 'the bus is gone')).toStrictEqual({
      gate: 'x',
      verdict: 'unknown',
      reason: 'the bus is gone',
      label: 'bus_closed',
    });
  });
});
