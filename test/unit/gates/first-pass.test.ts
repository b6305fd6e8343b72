/** The first instant at which all gates pass. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { PassAfter } from '../../../src/agent/ports.ts';
import { endOfPass, firstCommonPass, HORIZON_DAYS } from '../../../src/gates/first-pass.ts';
import { OPEN, openFrom, openUntil, SHUT } from '../../../src/gates/timing.ts';
import { DAY_MS } from '../../../src/text/units.ts';

/** Open for the first `open` of every `period`. */
function cyclic(period: number, open: number, shift = 0): PassAfter {
  return (at) => {
    const phase = (((at - shift) % period) + period) % period;
    const fromAt = phase < open ? at : at + period - phase;
    return { fromAt, untilAt: fromAt - (phase < open ? phase : 0) + open };
  };
}

/** By trying every instant. */
function brute(gates: readonly PassAfter[], from: number, last: number): number | undefined {
  for (let at = from; at <= last; at++) {
    if (gates.every((passAfter) => passAfter(at)?.fromAt === at)) {
      return at;
    }
  }
  return undefined;
}

describe('all gates', () => {
  it('no gate passes at once', () => {
    expect(firstCommonPass([], 7).pass).toEqual({ fromAt: 7 });
  });

  it('a hold that ends outside of the window waits for the next one', () => {
    // Open from 0 to 10 of every 100, and held until 50.
    const { pass, binding } = firstCommonPass([openFrom(50).passAfter, cyclic(100, 10), OPEN.passAfter], 5);
    expect(pass).toEqual({ fromAt: 100, untilAt: 110 });
    expect([...binding].toSorted()).toEqual([0, 1]);
  });

  it('says nothing beyond the horizon', () => {
    const last = HORIZON_DAYS * DAY_MS;
    expect(firstCommonPass([openFrom(last).passAfter], 0).pass).toEqual({ fromAt: last });
    expect(firstCommonPass([openFrom(last + 1).passAfter], 0)).toEqual({
      pass: undefined,
      binding: new Set([0]),
    });
    expect(firstCommonPass([OPEN.passAfter, SHUT.passAfter], 0)).toEqual({
      pass: undefined,
      binding: new Set([1]),
    });
  });

  it('gives up on windows that never meet with an instant that is too early, never too late', () => {
    const { pass } = firstCommonPass([cyclic(10, 5), cyclic(10, 5, 5)], 0);
    // Ten thousand rounds, each to the next window of the other one.
    expect(pass).toEqual({ fromAt: 50_000 });
  });

  it('finds what trying every instant finds', () => {
    const windows = fc
      .tuple(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 1, max: 20 }), fc.nat(40))
      .map(([period, open, shift]) => cyclic(period, Math.min(open, period - 1), shift));
    const edges = fc.oneof(
      fc.nat(60).map((at) => openFrom(at).passAfter),
      fc.nat(300).map((at) => openUntil(at).passAfter),
    );
    const drawn = fc.array(fc.oneof(windows, edges), { maxLength: 4 });
    fc.assert(
      fc.property(drawn, fc.nat(50), (gates, from) => {
        const found = firstCommonPass(gates, from).pass?.fromAt;
        const tried = brute(gates, from, 5000);
        expect(found !== undefined && found <= 5000 ? found : undefined).toBe(tried);
      }),
    );
  });
});

describe('a common pass', () => {
  it('ends with the first of the passes, in whatever order they stand', () => {
    const [early, late] = [openUntil(7).passAfter, openUntil(9).passAfter];
    expect(endOfPass([late, OPEN.passAfter, early], 5)).toBe(7);
    expect(endOfPass([early, late], 5)).toBe(7);
  });

  it('has no end where none is in sight', () => {
    expect(endOfPass([OPEN.passAfter, openFrom(3).passAfter], 5)).toBeUndefined();
    expect(endOfPass([SHUT.passAfter], 5)).toBeUndefined();
  });
});
