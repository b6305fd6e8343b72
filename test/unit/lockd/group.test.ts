import { describe, expect, it } from 'vitest';

import { entryText, parseEntry } from '../../../src/lockd/entry.ts';
import { detailsText, NO_DETAILS, parseDetails } from '../../../src/lockd/group.ts';

describe('what stands beside a semaphore', () => {
  it('is read as it was written', () => {
    const details = {
      nextEntry: 7,
      since: new Map([['a', 5]]),
      pause: { at: 3, by: 'ann', reason: 'release week', lost: 'a' },
      excused: new Map([['a', 5]]),
      answered: [
        { nonce: 'n-1', isNew: true },
        { nonce: 'n-2', isNew: false },
      ],
      others: {},
    };
    expect(parseDetails(detailsText(details))).toEqual(details);
    expect(parseDetails(detailsText(NO_DETAILS))).toEqual(NO_DETAILS);
  });

  it('keeps what a later version wrote', () => {
    const read = parseDetails('{"next_entry":0,"since":{},"later":[1]}');
    expect(read.others).toEqual({ later: [1] });
    expect(JSON.parse(detailsText({ ...read, nextEntry: 1 }))).toEqual({
      later: [1],
      next_entry: 1,
      since: {},
    });
  });

  it('is paused also by a pause that cannot be read', () => {
    expect(parseDetails('{"next_entry":0,"since":{},"pause":true}').pause).toEqual({
      at: 0,
      by: 'somebody',
      reason: '',
    });
    expect(parseDetails('{"next_entry":0,"since":{},"pause":{"at":-1,"by":"ann"}}').pause).toEqual({
      at: 0,
      by: 'ann',
      reason: '',
    });
  });

  it('excuses nobody by what cannot be read', () => {
    const read = parseDetails('{"next_entry":0,"since":{},"excused":{"a":"x","b":2}}');
    expect([...read.excused]).toEqual([['b', 2]]);
    expect(parseDetails('{"next_entry":0,"since":{},"excused":7}').excused.size).toBe(0);
  });

  it('passes over answers that cannot be read', () => {
    const text = '{"next_entry":0,"since":{},"answered":[1,["a"],["b",true],[2,true],["c",1]]}';
    expect(parseDetails(text).answered).toEqual([{ nonce: 'b', isNew: true }]);
    expect(parseDetails('{"next_entry":0,"since":{},"answered":true}').answered).toEqual([]);
  });

  it.each([
    '',
    '[]',
    '{}',
    '{"next_entry":0}',
    '{"next_entry":-1,"since":{}}',
    '{"next_entry":0,"since":{"a":"x"}}',
  ])('is refused, never taken for nothing: %j', (text) => {
    expect(() => parseDetails(text)).toThrow();
  });
});

describe('an entry of the history', () => {
  const entry = { number: 3, at: 5, kind: 'taken', id: 'a', by: '192.0.2.1', text: '' } as const;

  it('is read as it was written, with keys of a later version left out', () => {
    expect(parseEntry(entryText(entry))).toEqual(entry);
    expect(parseEntry(JSON.stringify({ ...entry, later: 1 }))).toEqual(entry);
  });

  it.each([{ kind: 'later' }, { number: '3' }, { at: null }, { id: 1 }, { by: 1 }, { text: 1 }])(
    'of another version is none: %j',
    (changes) => {
      expect(parseEntry(JSON.stringify({ ...entry, ...changes }))).toBeUndefined();
    },
  );

  it('that is no JSON is an error', () => {
    expect(() => parseEntry('{')).toThrow();
  });
});
