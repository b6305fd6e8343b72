import { describe, expect, it } from 'vitest';

import {
  HIDDEN_PATH,
  LONGEST_SHOWN,
  looksLikePath,
  mayBeSecret,
  SECRET_KEY,
  shownPath,
} from '../../../src/text/shown-path.ts';

describe('what is shown', () => {
  it.each([
    ['an absolute path', '/etc/zincati/lock-ca.pem'],
    ['the root', '/'],
    ['one with a date and a host', '/srv/2026-04-17/host1@example.com:8443/a+b,c~'],
    ['one with letters of any alphabet', '/etc/schlüssel/größe/鍵٣.pem'],
    ['one with blanks', '/srv/my keys/ca.pem'],
    ['a path from here', './token'],
    ['a path from above', '../token'],
    ['a path from home', '~/token'],
    ['a name that ends as files do', 'lock.key'],
    ['the shortest and the longest end', 'a.b/c.abcdefgh'],
    ['digits apart from letters', 'keys/2026/ca.pem'],
    ['a long word of small letters and digits', `/a/${'a1'.repeat(12)}`],
    ['a long word of capital letters and digits', `/a/${'A1'.repeat(12)}`],
    ['a long word of letters', `/a/${'Ab'.repeat(12)}`],
    ['a mixed word of 15 characters', '/a/abcdefgh123456Z'],
    ['a short mixed word beside a long plain one', '/Ab1/abcdefghijklmnopqrstuvwxyz'],
    ['31 hexadecimal digits', `/a/${'a'.repeat(31)}`],
    ['a long path', `/${'x/'.repeat(99)}y`],
  ])('%s', (_what, path) => {
    expect(looksLikePath(path)).toBe(true);
    expect(shownPath(path)).toBe(path);
  });

  it('is cut where it is long', () => {
    const longest = `/${'x/'.repeat(99)}y`;
    expect(longest).toHaveLength(LONGEST_SHOWN);
    expect(shownPath(`${longest}z`)).toBe(`${longest}…`);
  });
});

describe('what is hidden', () => {
  it.each([
    ['nothing', ''],
    ['a password', 'hunter2'],
    ['a word', 'secret'],
    ['a path from here whose parts mix letters and digits', './hunter2'],
    ['the same in any part', './a/2hunt/b'],
    ['a name with an end like that of a file, which mixes them', 'hunter2.key'],
    ['a name with too long an end', 'a.abcdefghi'],
    ['a name with an end in capital letters', 'a.PEM'],
    ['an end in the middle', 'a.pem-b'],
    ['a beginning in the middle', 'a./b'],
    ['a sign that paths have not, at the end', '/a='],
    ['at the beginning', '=/a'],
    ['in the middle', '/a;b'],
    ['a line break', '/a\nb'],
    ['a word of 16 mixed characters, capital last', '/a/abcdefghi123456Z'],
    ['small letter last', '/a/ABCDEFGHI123456z'],
    ['digit last', '/a/abcdefghABCDEFG1'],
    ['32 hexadecimal digits', `/a/${'0123456789abcdef'.repeat(2)}`],
    ['in capital letters', `/a/${'0123456789ABCDEF'.repeat(2)}`],
  ])('%s', (_what, text) => {
    expect(looksLikePath(text)).toBe(false);
    expect(shownPath(text)).toBe(HIDDEN_PATH);
  });

  it('whatever has the marks of a PEM file in it, or an encoded key', () => {
    expect(mayBeSecret('key: -----BEGIN PRIVATE KEY-----')).toBe(true);
    expect(mayBeSecret('key: QkVHSU4gUFJJVkFURSBLRVk1')).toBe(true);
    expect(mayBeSecret('a sentence of plain words, with a number like 20260417')).toBe(false);
  });
});

it.each([
  ['updates.fleet_lock.bearer_file', true],
  ['proxy.password', true],
  ['credentials', true],
  ['client_secret', true],
  ['tokens', true],
  ['tokenizer', false],
  ['updates.strategy', false],
])('the key %s may have a secret beside it: %s', (key, expected) => {
  expect(SECRET_KEY.test(key)).toBe(expected);
});
