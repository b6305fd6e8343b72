import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { editDistance, nearestKey } from '../../../src/config/nearest-key.ts';
import { WRITABLE_KEYS } from '../../../src/config/schema.ts';

describe('nearestKey', () => {
  it.each([
    ['updates.fleet_lock.window', 'updates.periodic.window'],
    ['updates.window', 'updates.periodic.window'],
    ['updates.periodic.windows', 'updates.periodic.window'],
    ['updates.periodic.days', 'updates.periodic.window.days'],
    ['updates.periodic.window[0].lenght_minutes', 'updates.periodic.window.length_minutes'],
    ['updates.periodic.window[0].lenght', 'updates.periodic.window.length_minutes'],
    ['updates.periodic.window[0].start', 'updates.periodic.window.start_time'],
    ['updates.sessions.grace', 'updates.sessions.grace_minutes'],
    ['updates.fleet_lock.timeout', 'updates.fleet_lock.timeout_secs'],
    ['updates.enable', 'updates.enabled'],
    ['updates.strategi', 'updates.strategy'],
    ['update.strategy', 'updates.strategy'],
    ['updates.allow-downgrade', 'updates.allow_downgrade'],
    ['Updates.Enabled', 'updates.enabled'],
    ['updates.fleetlock.base_url', 'updates.fleet_lock.base_url'],
    ['cincinati.base_url', 'cincinnati.base_url'],
    ['cincinnati.url', undefined],
    ['identity.nodeuuid', 'identity.node_uuid'],
    ['rollout_wariness', 'identity.rollout_wariness'],
    ['agent.steady_interval_secs', 'agent.timing.steady_interval_secs'],
    ['agent.timing.steady_interval_sec', 'agent.timing.steady_interval_secs'],
    ['feature.frobnicate', undefined],
    ['__proto__', undefined],
    ['x', undefined],
  ])('%s -> %s', (unknown, expected) => {
    expect(nearestKey(unknown, WRITABLE_KEYS)).toBe(expected);
  });

  it('finds every known key with one letter missing or doubled', () => {
    for (const key of WRITABLE_KEYS) {
      const at = key.length - 2;
      expect(nearestKey(key.slice(0, at) + key.slice(at + 1), WRITABLE_KEYS)).toBe(key);
      expect(nearestKey(key.slice(0, at) + key.slice(at - 1), WRITABLE_KEYS)).toBe(key);
    }
  });

  it('takes the first of two that are as near', () => {
    expect(nearestKey('abcd', ['abce', 'abcf'])).toBe('abce');
  });

  it('bears one mistake in four letters of the whole', () => {
    expect(nearestKey('abcd.xyz', ['abcd.xqq'])).toBe('abcd.xqq');
    expect(nearestKey('abcd.xyz', ['abce.xqq'])).toBeUndefined();
  });

  it('leaves out an index of any length', () => {
    expect(nearestKey('window[1000000000]', ['window'])).toBe('window');
  });

  it('compares keys of up to 100 letters', () => {
    expect(nearestKey('a'.repeat(100), ['a'.repeat(100)])).toBe('a'.repeat(100));
    expect(nearestKey('a'.repeat(101), ['a'.repeat(101)])).toBeUndefined();
  });

  it('does not work itself up over a very long key', () => {
    expect(nearestKey('updates.enabled'.repeat(100_000), WRITABLE_KEYS)).toBeUndefined();
  });
});

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['flaw', 'lawn', 2],
  ])('%j to %j is %d', (a, b, expected) => expect(editDistance(a, b)).toBe(expected));

  it('is a distance: symmetric, zero for equals only, triangle', () => {
    const text = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', '_') });
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
    );
  });
});
