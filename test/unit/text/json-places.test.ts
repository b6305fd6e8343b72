import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  JsonPlaceError,
  LineIndex,
  memberOf,
  placeJson,
  type Placed,
} from '../../../src/text/json-places.ts';

/** What the places say, without them. */
function valueOf(place: Placed): unknown {
  switch (place.kind) {
    case 'object':
      return Object.fromEntries(place.members.map(({ key, value }) => [key, valueOf(value)]));
    case 'list':
      return place.items.map(valueOf);
    case 'scalar':
      return place.value;
  }
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('placeJson', () => {
  it('takes what JSON.parse takes, and makes the same of it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const parsed: unknown = JSON.parse(text);
        // -0 is written as 0 by neither.
        expect(JSON.stringify(valueOf(placeJson(text)))).toBe(JSON.stringify(parsed));
      }),
    );
  });

  it('refuses what JSON.parse refuses, and nothing else', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '1',
      '-',
      '01',
      '1e',
      '.5',
      'true',
      'nul',
      ' ',
      '\n',
      '"\\u12"',
      '"\t"',
      '\u00a0',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        let isTaken = true;
        try {
          placeJson(text);
        } catch (error) {
          expect(error).toBeInstanceOf(JsonPlaceError);
          isTaken = false;
        }
        expect(isTaken).toBe(isJson(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the text of each value by its place', () => {
    const text = '{ "a": [1, {"b": "x"}],\n "a": null }';
    const root = placeJson(text);
    const a = root.kind === 'object' ? root.members : [];
    expect(a.map(({ keyAt, value }) => [keyAt, text.slice(value.start, value.end)])).toEqual([
      [2, '[1, {"b": "x"}]'],
      [25, 'null'],
    ]);
    expect(memberOf(root, 'a')?.keyAt).toBe(25);
    expect(memberOf(root, 'b')).toBeUndefined();
  });

  it.each([
    ['{"nodes":[}', 10, 'expected a value, got "}"'],
    ['[1 2]', 3, 'expected a comma or ], got "2]"'],
    ['{"a" 1}', 5, 'expected a colon, got "1}"'],
    ['{"a":1,}', 7, 'expected a key in double quotes, got "}"'],
    ['{} x', 3, 'expected the end, got "x"'],
    ['[', 1, 'expected a value, got the end'],
  ])('says where %s ends to be JSON', (text, at, message) => {
    expect(() => placeJson(text)).toThrow(
      expect.objectContaining({ at, message: `it must be JSON: ${message}` }),
    );
  });

  it('does not recurse', () => {
    const depth = 200_000;
    expect(() => placeJson('['.repeat(depth) + ']'.repeat(depth))).not.toThrow();
    expect(() => placeJson('['.repeat(depth))).toThrow(JsonPlaceError);
  });
});

describe('LineIndex', () => {
  it('counts lines and columns from 1', () => {
    const lines = new LineIndex('ab\n\ncd');
    expect([0, 2, 3, 4, 5, 6].map((at) => Object.values(lines.placeOf(at)))).toEqual([
      [1, 1],
      [1, 3],
      [2, 1],
      [3, 1],
      [3, 2],
      [3, 3],
    ]);
  });
});
