import { describe, expect, it } from 'vitest';

import type { LockdGroup } from '../../../../fleet/lockd/config-groups.ts';
import { entranceOf, hasToken, newToken } from '../../../../fleet/lockd/doors.ts';

const [ours, theirs] = [newToken(), newToken()];
const hex = ({ hash }: { readonly hash: string }): string => hash.slice('sha256:'.length);
const bearer = ({ token }: { readonly token: string }): string => `Bearer ${token}`;

const group = (changes: Partial<LockdGroup>): LockdGroup => ({
  ...{ name: 'g', slots: 1, maxHoldMs: 1, tokenHashes: [], clientNames: [] },
  ...changes,
});

describe('the door of a group', () => {
  it('is open where it asks for nothing', () => {
    expect(entranceOf(group({}), { authorization: undefined, names: [] })).toBe('open');
  });

  it('opens for a token of its own, in any case of the scheme', () => {
    const own = group({ tokenHashes: [hex(theirs), hex(ours)] });
    for (const authorization of [bearer(ours), `bearer   ${ours.token}`, bearer(theirs)]) {
      expect(entranceOf(own, { authorization, names: [] })).toBe('open');
    }
  });

  it('tells a missing token from one of another group', () => {
    const own = group({ tokenHashes: [hex(ours)] });
    expect(entranceOf(own, { authorization: undefined, names: [] })).toBe('unauthorized');
    for (const authorization of [
      bearer(theirs),
      'Bearer',
      `Basic ${ours.token}`,
      `${bearer(ours)} x`,
      ours.token,
    ]) {
      expect(entranceOf(own, { authorization, names: [] }), authorization).toBe('forbidden');
    }
  });

  it('opens for the names that it has, one more part for each star', () => {
    const own = group({ clientNames: ['node-1.example', '*.workers.example'] });
    const of = (...names: readonly string[]): string => entranceOf(own, { authorization: undefined, names });
    expect([of('node-1.example'), of('a.workers.example'), of('x', 'node-1.example')]).toEqual([
      'open',
      'open',
      'open',
    ]);
    for (const name of [
      'workers.example',
      '.workers.example',
      'a.b.workers.example',
      'node-1.example.org',
      '',
    ]) {
      expect(of(name), name).toBe('forbidden');
    }
    expect(of()).toBe('forbidden');
  });

  it('wants both where it names both', () => {
    const own = group({ tokenHashes: [hex(ours)], clientNames: ['a.example'] });
    expect(entranceOf(own, { authorization: bearer(ours), names: [] })).toBe('forbidden');
    expect(entranceOf(own, { authorization: undefined, names: ['a.example'] })).toBe('unauthorized');
    expect(entranceOf(own, { authorization: bearer(ours), names: ['a.example'] })).toBe('open');
  });
});

it('a token is another one each time, and only its hash opens', () => {
  expect(ours.token).not.toBe(theirs.token);
  expect(ours.hash).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(hasToken(bearer(ours), [])).toBe(false);
  expect(hasToken(`Bearer ${hex(ours)}`, [hex(ours)])).toBe(false);
});
