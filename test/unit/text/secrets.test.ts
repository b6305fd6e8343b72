import { expect, it } from 'vitest';
import { secretsIn, withoutSecrets } from '../../../src/text/secrets.ts';

const SECRETS = secretsIn(new URL('https://u:hunt%2Fer3@updates.example.com/p'));

it.each([
  ['as the header has it', `bad login Basic ${Buffer.from('u:hunt/er3').toString('base64')}`],
  ['as a pair', 'bad login u:hunt/er3'],
  ['as it stands in the address', 'bad login hunt%2Fer3'],
  ['decoded', 'the password hunt/er3 is wrong'],
])('F12: a password that a server repeats is masked: %s', (_what, text) => {
  const masked = withoutSecrets(text, SECRETS);
  expect(masked).toContain('***');
  expect(masked).not.toMatch(/hunt|dTpo/);
});

it('leaves a text alone where there is no secret, or none that could be told', () => {
  expect(secretsIn(new URL('https://updates.example.com'))).toEqual([]);
  expect(withoutSecrets('a plain sentence', ['a'])).toBe('a plain sentence');
});
