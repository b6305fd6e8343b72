/** Which effects a request cuts short, and beside which it is written down. */
import { describe, expect, it } from 'vitest';
import { cutsShort, isTakenBeside, mayCut } from '../../../src/agent/cut-short.ts';
import type { EffectKind } from '../../../src/agent/messages.ts';
import type { Wish } from '../../../src/agent/requests.ts';

const CHECK: Wish = { kind: 'check' };
const CANCEL: Wish = { kind: 'cancel' };
const DISCARD: Wish = { kind: 'discard' };
const HOLD_REBOOTS: Wish = { kind: 'hold', what: 'reboot', reason: '' };
const HOLD_STAGING: Wish = { kind: 'hold', what: 'stage', reason: '' };
const RELEASE: Wish = { kind: 'release', hold: 'h1' };
const DENY: Wish = { kind: 'deny', release: '2', reason: '' };
const ALLOW: Wish = { kind: 'allow', release: '2' };
const WISHES: readonly Wish[] = [
  CHECK,
  { kind: 'stage', ignoreRollout: false },
  { kind: 'reboot', overrides: [] },
  ...[CANCEL, DISCARD, HOLD_REBOOTS, HOLD_STAGING, RELEASE, DENY, ALLOW],
];

function cutters(effect: EffectKind): Wish[] {
  return WISHES.filter((wish) => cutsShort(wish, effect));
}

function beside(effect: EffectKind): Wish[] {
  return WISHES.filter((wish) => isTakenBeside(wish, effect));
}

describe('a request', () => {
  it('ends a wait, whatever it is', () => {
    expect(cutters('wait')).toEqual(WISHES);
  });

  it('ends staging where that is no longer wanted, and the question to a lender likewise', () => {
    expect(cutters('stage')).toEqual([CANCEL, DISCARD, HOLD_STAGING]);
    expect(cutters('acquire-slot')).toEqual([CANCEL, DISCARD, HOLD_REBOOTS]);
  });

  it('ends nothing else', () => {
    for (const effect of ['save', 'finalize', 'check', 'survey', 'read-status', 'follow-active'] as const) {
      expect(cutters(effect)).toEqual([]);
    }
  });

  it('is taken beside what can take long, where it does not end that', () => {
    const ending: readonly Wish[] = [CANCEL, DISCARD, HOLD_STAGING];
    expect(beside('stage')).toEqual(WISHES.filter((wish) => !ending.includes(wish)));
    const answering: readonly Wish[] = [CANCEL, DISCARD, HOLD_REBOOTS];
    expect(beside('acquire-slot')).toEqual(WISHES.filter((wish) => !answering.includes(wish)));
    expect(beside('follow-active')).toEqual(WISHES);
  });

  it('of everybody ends nothing that goes on', () => {
    for (const effect of ['release-slot', 'acquire-slot', 'stage', 'read-status'] as const) {
      expect(mayCut(CHECK, effect)).toBe(false);
    }
    expect([mayCut(DENY, 'release-slot'), mayCut(DENY, 'read-status')]).toEqual([true, false]);
  });

  it('waits for the end of what is over soon', () => {
    for (const effect of ['save', 'check', 'wait', 'finalize'] as const) {
      expect(beside(effect)).toEqual([]);
    }
  });
});
