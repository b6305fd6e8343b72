import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  abandon,
  booted,
  EMPTY_RECORD,
  plain,
  rebootAsked,
  refuseStream,
  stageFailed,
  stageSucceeded,
} from '../../../src/agent/record.ts';
import { readText, toText } from '../../../src/agent/record-text.ts';
import { release } from '../../support/samples.ts';

const FULL = rebootAsked(
  stageFailed(
    refuseStream(
      abandon(booted(EMPTY_RECORD, release('1'), 'a', 1).record, release('2'), 2),
      release('3'),
      3,
    ),
    release('4'),
    4,
  ),
  release('5'),
  5,
  'boot-a',
);

describe('record text', () => {
  it('comes back as it was written', () => {
    const told = {
      ...stageSucceeded(FULL, release('6'), { to: '6' }, 'd-6', 7),
      ...{ bootedSinceAt: 8, hopsDone: 2 },
    };
    for (const record of [FULL, EMPTY_RECORD, told]) {
      expect(readText(toText(record))).toEqual({ kind: 'record', record, dropped: [] });
    }
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '{"format":0}',
    '{"format":-2}',
    '{"format":1.5}',
    '"text"',
    '\u0000\u0000',
    '{"format":"1"}',
  ])('is refused whole when it is %j', (text) => {
    expect(readText(text)).toEqual({ kind: 'none', why: 'it is not a record that this program wrote' });
  });

  it('tells a later format from damage', () => {
    expect(readText('{"format":2,"denials":"of another shape"}')).toEqual({ kind: 'newer', format: 2 });
  });

  it('loses only the entries that are not what they should be', () => {
    const good = JSON.parse(toText(FULL)) as Record<string, unknown>;
    const [first] = good['denials'] as unknown[];
    const text = JSON.stringify({
      ...good,
      denials: [first, 7, { ...(first as object), strikes: -1 }, { ...(first as object), reason: 'mood' }],
      asked: 'x',
    });
    expect(readText(text)).toEqual({
      kind: 'record',
      record: { ...FULL, denials: [FULL.denials[0]], asked: undefined },
      dropped: ['denials[1]', 'denials[2]', 'denials[3]', 'asked'],
    });
  });

  it('names a list that is none, and entries beyond any that were written', () => {
    const text = JSON.stringify({
      format: 1,
      boots: {},
      attempts: Array(1002).fill(FULL.attempts[0]),
      staged: null,
    });
    const read = readText(text);
    expect(read).toMatchObject({ kind: 'record', dropped: ['boots', 'the first 2 of attempts'] });
  });

  it('passes over the events that a version before this one kept, since the history has them', () => {
    const old = { ...(JSON.parse(toText(FULL)) as object), events: [{ at: 1, text: 'staged 2' }, 'damaged'] };
    expect(readText(JSON.stringify(old))).toEqual({ kind: 'record', record: FULL, dropped: [] });
    expect(toText(FULL)).not.toContain('events');
  });

  it('survives any JSON, and any single damaged character', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        (value) => void readText(JSON.stringify({ format: 1, denials: value, boots: [value], asked: value })),
      ),
    );
    const text = toText(FULL);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 0, maxLength: 2 }), (at, patch) => {
        const read = readText(text.slice(0, at) + patch + text.slice(at + 1));
        if (read.kind === 'record') {
          expect(readText(toText(read.record))).toEqual({ ...read, dropped: [] });
        }
      }),
    );
  });
});

describe('what people hold and deny', () => {
  const HOLD = { id: 'h1', what: 'reboot', by: { uid: 1000 }, reason: 'R', sinceAt: 1, untilAt: 2 } as const;
  const ENDLESS = { id: 'h2', what: 'stage', by: { uid: 0 }, reason: '', sinceAt: 1 } as const;
  const DENIAL = { release: '2', by: { uid: 0 }, reason: '', sinceAt: 1 } as const;
  const STAGED = { ...plain(release('2')), terms: { ignoreRollout: true, to: '2' } } as const;
  const record = { ...EMPTY_RECORD, holds: [HOLD, ENDLESS], adminDenials: [DENIAL], staged: STAGED };
  const read = (changes: object) =>
    readText(JSON.stringify({ ...(JSON.parse(toText(record)) as object), ...changes }));

  it('comes back as it was written, and is not needed', () => {
    expect(readText(toText(record))).toEqual({ kind: 'record', record, dropped: [] });
    const before = { ...EMPTY_RECORD, holds: undefined, adminDenials: undefined };
    expect(readText(JSON.stringify({ format: 1, ...before }))).toEqual({
      kind: 'record',
      record: EMPTY_RECORD,
      dropped: [],
    });
  });

  it.each([
    { id: 'x1' },
    { id: 'h0' },
    { what: 'people' },
    { by: 1000 },
    { by: { uid: -1 } },
    { reason: 7 },
    { sinceAt: 'now' },
    { untilAt: 'never' },
    { untilAt: null },
    { untilAt: 8.7e15 },
  ])('a hold with %j is left out, and named', (damage) => {
    const answer = read({ holds: [HOLD, { ...HOLD, ...damage }] });
    expect(answer).toMatchObject({ record: { holds: [HOLD] }, dropped: ['holds[1]'] });
  });

  it.each([{ release: '' }, { release: 'x'.repeat(257) }, { by: {} }, { reason: 7 }, { sinceAt: -1 }])(
    'a denial with %j is left out, and named',
    (damage) => {
      const answer = read({ adminDenials: [{ ...DENIAL, ...damage }] });
      expect(answer).toMatchObject({ record: { adminDenials: [] }, dropped: ['adminDenials[0]'] });
    },
  );

  it('is bounded', () => {
    const answer = read({
      holds: Array.from({ length: 40 }, (_, n) => ({ ...HOLD, id: `h${n + 1}`, reason: 'x'.repeat(300) })),
      adminDenials: Array.from({ length: 80 }, (_, n) => ({ ...DENIAL, release: `v${n}` })),
    });
    expect(answer.kind === 'record' && answer.record.holds).toHaveLength(32);
    expect(answer.kind === 'record' && answer.record.holds[0]?.reason).toHaveLength(200);
    expect(answer.kind === 'record' && answer.record.adminDenials).toHaveLength(64);
  });
});
