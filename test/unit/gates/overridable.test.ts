/** What a person can override, and what it takes. */
import { describe, expect, it } from 'vitest';

import { overridesFor } from '../../../src/agent/overrides.ts';
import { isOverridden, isSilenced, overridden } from '../../../src/gates/overridable.ts';
import { block, pass, unknown } from '../../../src/gates/verdict.ts';

const SHUT = block('periodic', 'outside_window', 'shut', { nextAt: 9, evidence: { window: 'Sat 1:00' } });
const UNTOLD = unknown('periodic', 'effect_timeout', 'no answer');

describe('a report', () => {
  it('that passes needs no override', () => {
    expect(overridesFor(pass('uptime', 'uptime', 'up for long enough'))).toBeUndefined();
    expect(isOverridden(pass('uptime', 'uptime', 'up for long enough'), ['uptime'])).toBe(false);
  });

  it('that blocks needs the word for its label alone', () => {
    expect(overridesFor(SHUT)).toEqual(['window']);
    expect(isOverridden(SHUT, ['uptime', 'window'])).toBe(true);
    expect(isOverridden(SHUT, ['splay'])).toBe(false);
    expect(isOverridden(SHUT, [])).toBe(false);
  });

  it('whose label has no word stays, whatever is overridden', () => {
    const strange = { ...SHUT, label: 'of_a_later_version' };
    expect(overridesFor(strange)).toBeUndefined();
    expect(isOverridden(strange, ['window', 'splay', 'freeze'])).toBe(false);
  });

  it('of a gate that cannot tell needs every word that concerns the gate', () => {
    expect(overridesFor(UNTOLD)).toEqual(['window', 'splay', 'freeze']);
    expect(isOverridden(UNTOLD, ['freeze', 'window', 'splay'])).toBe(true);
    expect(isOverridden(UNTOLD, ['window'])).toBe(false);
    expect(overridesFor({ ...UNTOLD, gate: 'of_a_later_version' })).toBeUndefined();
  });

  it('becomes a pass that says why, with what was seen and without an instant', () => {
    expect(overridden(SHUT)).toStrictEqual({
      gate: 'periodic',
      verdict: 'pass',
      label: 'outside_window',
      reason: 'overridden: shut',
      evidence: { window: 'Sat 1:00' },
    });
    expect(overridden(UNTOLD)).not.toHaveProperty('evidence');
  });
});

describe('a gate', () => {
  it('is silenced once all that it can say is overridden', () => {
    expect(isSilenced('periodic', ['window', 'splay'])).toBe(false);
    expect(isSilenced('periodic', ['splay', 'freeze', 'window'])).toBe(true);
    expect(isSilenced('uptime', [])).toBe(false);
    expect(isSilenced('of_a_later_version', ['uptime'])).toBe(false);
  });
});
