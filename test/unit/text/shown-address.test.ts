import { describe, expect, it } from 'vitest';

import { HIDDEN_ADDRESS, shownAddress } from '../../../src/text/shown-address.ts';

describe('an address', () => {
  it.each([
    ['https://updates.example.com', 'https://updates.example.com'],
    ['https://updates.example.com:8443/p/', 'https://updates.example.com:8443/p/'],
    ['https://${basearch}.example/${stream}', 'https://${basearch}.example/${stream}'],
    ['http://[::1]:80/a%20b', 'http://[::1]:80/a%20b'],
    ['https://user:pa55@h.example/p', 'https://h.example/p'],
    ['https://user:p%2Fa55@h.example', 'https://h.example'],
    ['https://h.example/p?token=pa55', 'https://h.example/p'],
  ])('%s is shown as %s', (address, shown) => {
    expect(shownAddress(address)).toBe(shown);
  });

  it.each([
    'http:user:pa55@h.example',
    'http:/user:pa55@h.example',
    'https://user:55/pa55@h.example',
    'https://user:55#pa55@h.example',
    'https://user:55?pa55@h.example',
    'https://user:pa 55@h.example',
    'https://user:pa55@x@h.example',
    'https://user:55\\pa55@h.example',
    'ftp://user:pa55@h.example',
    'user:pa55@h.example',
    'https://h.example/?a=1?token=pa55',
    'https://h.example/p#pa55',
    '//user:pa55@h.example',
    'https://h.example/p?x=/pa55',
    'https://user:pa55\n@h.example',
  ])('F12: %j is hidden', (address) => {
    expect(shownAddress(address)).toBe(HIDDEN_ADDRESS);
  });
});
