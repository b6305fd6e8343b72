/** The first instant at which all gates pass, and what one gate knows of later. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Pass, PassAfter } from '../../../src/agent/ports.ts';
import type { Hold } from '../../../src/agent/requests.ts';
import { firstCommonPass, HORIZON_DAYS } from '../../../src/gates/first-pass.ts';
import { OBSERVED, OPEN, openFrom, openUntil, outsideHolds, SHUT } from '../../../src/gates/timing.ts';
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

describe('one gate', () => {
  it.each<[string, PassAfter, number, Pass | undefined]>([
    ['is always open', OPEN.passAfter, 5, { fromAt: 5 }],
    ['may pass at any time', OBSERVED.passAfter, 5, { fromAt: 5 }],
    ['is never open', SHUT.passAfter, 5, undefined],
    ['opens later', openFrom(9).passAfter, 5, { fromAt: 9 }],
    ['has opened', openFrom(9).passAfter, 9, { fromAt: 9 }],
    ['is open still', openUntil(9).passAfter, 8, { fromAt: 8, untilAt: 9 }],
    ['is open no more', openUntil(9).passAfter, 9, undefined],
  ])('%s', (_what, passAfter, at, pass) => {
    expect(passAfter(at)).toEqual(pass);
  });

  const hold = (changes: Partial<Hold>): Hold => ({
    ...{ id: 'h1', what: 'reboot', by: { uid: 0 }, reason: '', sinceAt: 0 },
    ...changes,
  });

  it('waits for the last of the holds on reboots', () => {
    expect(outsideHolds().passAfter(5)).toEqual({ fromAt: 5 });
    expect(outsideHolds([hold({ what: 'stage' })]).passAfter(5)).toEqual({ fromAt: 5 });
    expect(outsideHolds([hold({ untilAt: 9 }), hold({ untilAt: 7 })]).passAfter(5)).toEqual({ fromAt: 9 });
    expect(outsideHolds([hold({ untilAt: 9 }), hold({})]).passAfter(5)).toBeUndefined();
    expect(outsideHolds([hold({})]).class).toBe('timed');
  });
});

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
    expect(pass?.fromAt).toBeGreaterThan(10_000);
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
