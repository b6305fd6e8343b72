/** What one gate knows of later. */
import { describe, expect, it } from 'vitest';

import type { Pass } from '../../../src/agent/ports.ts';
import type { Hold } from '../../../src/agent/requests.ts';
import {
  OBSERVED,
  OPEN,
  openFrom,
  openUntil,
  outsideHolds,
  passOf,
  SHUT,
  type Timing,
} from '../../../src/gates/timing.ts';

const hold = (changes: Partial<Hold>): Hold => ({
  ...{ id: 'h1', what: 'reboot', by: { uid: 0 }, reason: '', sinceAt: 0 },
  ...changes,
});

describe('a gate', () => {
  it.each<[string, () => Timing, number, Pass | undefined]>([
    ['is always open', () => OPEN, 5, { fromAt: 5 }],
    ['may pass at any time', () => OBSERVED, 5, { fromAt: 5 }],
    ['is never open', () => SHUT, 5, undefined],
    ['opens later', () => openFrom(9), 5, { fromAt: 9 }],
    ['has opened', () => openFrom(9), 9, { fromAt: 9 }],
    ['is open still', () => openUntil(9), 8, { fromAt: 8, untilAt: 9 }],
    ['is open no more', () => openUntil(9), 9, undefined],
  ])('%s', (_what, timing, at, pass) => {
    expect(timing().passAfter(at)).toStrictEqual(pass);
  });

  it('waits for the last of the holds on reboots', () => {
    expect(outsideHolds().passAfter(5)).toEqual({ fromAt: 5 });
    expect(outsideHolds([hold({ what: 'stage' })]).passAfter(5)).toEqual({ fromAt: 5 });
    expect(outsideHolds([hold({ untilAt: 9 }), hold({ untilAt: 7 })]).passAfter(5)).toEqual({ fromAt: 9 });
    expect(outsideHolds([hold({ untilAt: 9 }), hold({})]).passAfter(5)).toBeUndefined();
    expect(outsideHolds([hold({})]).class).toBe('timed');
  });
});

describe('a pass', () => {
  it('names its end where there is one, and nothing where there is none', () => {
    expect(passOf(5, 9)).toStrictEqual({ fromAt: 5, untilAt: 9 });
    expect(passOf(5, undefined)).toStrictEqual({ fromAt: 5 });
  });
});
