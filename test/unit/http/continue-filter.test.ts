import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ContinueFilter } from '../../../src/http/continue-filter.ts';

const CONTINUE = 'HTTP/1.1 100 Continue\r\nvia: a\r\n\r\n';

/** What passes of a text that comes in pieces of these lengths, over and over. */
function passed(text: string, lengths: readonly number[]): string {
  const filter = new ContinueFilter();
  filter.requestSent();
  const bytes = Buffer.from(text, 'latin1');
  let out = '';
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = lengths[turn % lengths.length]!;
    out += filter.pass(bytes.subarray(at, at + length)).toString('latin1');
    at += length;
  }
  return out;
}

const LENGTHS = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

describe('field 9: the filter', () => {
  it('takes every 100 Continue from the beginning, and nothing else, however the bytes are cut', () => {
    const answers = fc.constantFrom(
      'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 101 X\r\n',
      'HTTP/1.1 1000',
      'no HTTP',
    );
    fc.assert(
      fc.property(fc.nat({ max: 3 }), answers, LENGTHS, (count, answer, lengths) => {
        expect(passed(CONTINUE.repeat(count) + answer, lengths)).toBe(answer);
      }),
    );
  });

  it('holds back no more than 16 KiB', () => {
    const endless = `HTTP/1.1 100 Continue\r\n${'x: y\r\n'.repeat(10_000)}`;
    expect(passed(endless, [1000])).toBe(endless);
  });

  it('begins anew with each request', () => {
    const filter = new ContinueFilter();
    for (let round = 0; round < 3; round += 1) {
      filter.requestSent();
      expect(filter.pass(Buffer.from(`${CONTINUE}HTTP/1.1 200 OK`)).toString()).toBe('HTTP/1.1 200 OK');
      expect(filter.pass(Buffer.from(CONTINUE)).toString()).toBe(CONTINUE);
    }
  });
});
