/** An instant as people type it. */
import { describe, expect, it } from 'vitest';

import { instantOption } from '../../../fleet/instant-option.ts';

describe('an instant', () => {
  it.each([
    ['2026-02-28', '2026-02-28T00:00:00.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
    ['2026-12-01T01:00:00+02:00', '2026-11-30T23:00:00.000Z'],
  ])('%s is %s', (text, at) => {
    expect(new Date(instantOption('from', text)).toISOString()).toBe(at);
  });

  it.each(['9999-12-31', '3000-01-01', '1969-12-31', '0000-01-01', '1970-01-01T00:00:00+01:00'])(
    'far away is refused, with the option, what is wanted and what is there: %s',
    (text) => {
      expect(() => instantOption('at', text)).toThrow(`--at must be a date from 1970 to 2999, got "${text}"`);
    },
  );

  it.each(['1970-01-01', '2999-12-31T23:59:59Z'])('%s is not too far', (text) => {
    expect(new Date(instantOption('at', text)).toISOString()).toContain(text.slice(0, 10));
  });

  it.each(['2026-02-31', '2026-02-29', '2026-04-31T00:00:00Z', '2026-13-01', 'soon'])(
    'a day that no month has is refused, and not taken for another one: %s',
    (text) => {
      expect(() => instantOption('from', text)).toThrow('--from must be a date such as 2026-12-01');
    },
  );
});
