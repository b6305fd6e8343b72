import { expect, it } from 'vitest';
import { decoded, secretsIn, withoutSecrets } from '../../../src/text/secrets.ts';

it.each([
  ['as the header has it', `bad login Basic ${Buffer.from('u:hunt/er3').toString('base64')}`],
  ['as a pair', 'bad login u:hunt/er3'],
  ['as it stands in the address', 'bad login hunt%2Fer3'],
  ['decoded', 'the password hunt/er3 is wrong'],
])('F12: a password that a server repeats is masked: %s', (_what, text) => {
  const masked = withoutSecrets(text, secretsIn(new URL('https://u:hunt%2Fer3@updates.example.com/p')));
  expect(masked).toContain('***');
  expect(masked).not.toMatch(/hunt|dTpo/);
});

it('an address may name a user or a password alone', () => {
  const base64 = (pair: string) => Buffer.from(pair).toString('base64');
  expect(secretsIn(new URL('https://me@h'))).toEqual([base64('me:'), 'me:', '', '']);
  expect(secretsIn(new URL('https://:p%20w@h'))).toEqual([base64(':p w'), ':p w', 'p%20w', 'p w']);
});

it('the longest secret is masked first, and none of fewer than three characters', () => {
  expect(withoutSecrets('abcdef abc ab', ['ab', 'abc', 'abcdef'])).toBe('*** *** ab');
});

it('a stray percent sign stands for itself', () => {
  expect(decoded('100%25')).toBe('100%');
  expect(decoded('100%')).toBe('100%');
});

it('leaves a text alone where there is no secret, or none that could be told', () => {
  expect(secretsIn(new URL('https://updates.example.com'))).toEqual([]);
  expect(withoutSecrets('a plain sentence', ['a'])).toBe('a plain sentence');
});
