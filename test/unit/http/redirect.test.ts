import { describe, expect, it } from 'vitest';

import { HttpError } from '../../../src/errors.ts';
import { nextHop } from '../../../src/http/redirect.ts';

function hop(from: string, location: string | undefined, status = 302, method: 'GET' | 'POST' = 'GET') {
  const headers = new Map(location === undefined ? [] : [['location', location]]);
  return nextHop(new URL(from), method, { status, headers })?.href;
}

describe('a redirect', () => {
  it.each([
    ['https://a/x', 'https://b/y', 'https://b/y'],
    ['https://a/x', '//b/y', 'https://b/y'],
    ['https://a/x/y?q', 'z', 'https://a/x/z'],
    ['https://a/x', '/z?q=1#frag', 'https://a/z?q=1'],
    ['http://a/x', 'https://b/y', 'https://b/y'],
    ['http://a/x', 'http://b/y', 'http://b/y'],
    ['http://a/x', 'http://user:pw@b/y', 'http://b/y'],
  ])('from %s to %s is followed', (from, to, expected) => {
    for (const status of [301, 302, 303, 307, 308]) {
      expect(hop(from, to, status)).toBe(expected);
    }
  });

  it.each([
    ['https://a/', 'http://a/'],
    ['https://a/', 'ftp://a/'],
    ['http://a/', 'file:///etc/passwd'],
    ['http://a/', 'data:,x'],
    ['http://a/', 'http://'],
  ])('from %s to %s is refused', (from, to) => {
    expect(() => hop(from, to)).toThrow(HttpError);
    expect(() => hop(from, to)).toThrow(
      /^a redirect must lead to https:\/\/|^a redirect must lead to http:\/\/ or/,
    );
  });

  it.each([
    ['ftp://user:pw@a/', 'ftp:'],
    ['Web+x.y-1:secret', 'Web+x.y-1:'],
    [`${'a'.repeat(21)}:secret`, `${'a'.repeat(21)}:`],
    [`${'a'.repeat(22)}:secret`, 'something else'],
    ['//[secret:', 'something else'],
    ['//secret:x', 'something else'],
  ])('to %s is refused without a word of what follows the scheme', (to, shown) => {
    expect(() => hop('http://a/', to)).toThrow(
      new HttpError('http_redirect_refused', `a redirect must lead to http:// or https://, got ${shown}`),
    );
    expect(() => hop('https://a/', to)).toThrow(
      new HttpError('http_redirect_refused', `a redirect must lead to https://, got ${shown}`),
    );
  });

  it('without a location, or with another status, is the answer', () => {
    expect(hop('http://a/', undefined)).toBeUndefined();
    for (const status of [200, 300, 304, 305, 404, 503]) {
      expect(hop('http://a/', '/b', status)).toBeUndefined();
    }
  });

  it('of a POST keeps the method, or is refused', () => {
    expect(hop('http://a/', '/b', 307, 'POST')).toBe('http://a/b');
    expect(hop('http://a/', '/b', 308, 'POST')).toBe('http://a/b');
    for (const status of [301, 302, 303]) {
      expect(() => hop('http://a/', '/b', status, 'POST')).toThrow(
        /must be redirected with status 307 or 308/,
      );
    }
  });
});
