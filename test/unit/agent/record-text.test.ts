import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  abandon,
  booted,
  EMPTY_RECORD,
  rebootAsked,
  refuseStream,
  stageFailed,
} from '../../../src/agent/record.ts';
import { fromText, toText } from '../../../src/agent/record-text.ts';
import { release } from '../../support/samples.ts';

const FULL = rebootAsked(
  stageFailed(
    refuseStream(abandon(booted(EMPTY_RECORD, release('1'), 'a', 1), release('2'), 2), release('3'), 3),
    release('4'),
    4,
  ),
  release('5'),
  5,
  'boot-a',
);

describe('record text', () => {
  it('comes back as it was written', () => {
    expect(fromText(toText(FULL))).toEqual(FULL);
    expect(fromText(toText(EMPTY_RECORD))).toEqual(EMPTY_RECORD);
  });

  it.each(['', '{', 'null', '[]', '{"format":2}', '"text"', '\u0000\u0000', '{"format":"1"}'])(
    'is refused whole when it is %j',
    (text) => {
      expect(fromText(text)).toBeUndefined();
    },
  );

  it('loses only the entries that are not what they should be', () => {
    const good = JSON.parse(toText(FULL)) as Record<string, unknown>;
    const [first] = good['denials'] as unknown[];
    const text = JSON.stringify({
      ...good,
      denials: [first, 7, { ...(first as object), strikes: -1 }, { ...(first as object), reason: 'mood' }],
      asked: 'x',
    });
    const read = fromText(text);
    expect(read?.denials).toEqual([FULL.denials[0]]);
    expect(read?.asked).toBeUndefined();
    expect(read?.attempts).toEqual(FULL.attempts);
  });

  it('survives any JSON, and any single damaged character', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        (value) =>
          void fromText(JSON.stringify({ format: 1, denials: value, events: [value], asked: value })),
      ),
    );
    const text = toText(FULL);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 0, maxLength: 2 }), (at, patch) => {
        const read = fromText(text.slice(0, at) + patch + text.slice(at + 1));
        if (read !== undefined) expect(fromText(toText(read))).toEqual(read);
      }),
    );
  });
});
