import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  abandon,
  booted,
  EMPTY_RECORD,
  plain,
  rebootAsked,
  refuseStream,
  stageBegun,
  stageFailed,
  stageSucceeded,
} from '../../../src/agent/record.ts';
import { readText, toText } from '../../../src/agent/record-text.ts';
import { MOST_SLOTS } from '../../../src/agent/slot-place.ts';
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
    for (const record of [FULL, EMPTY_RECORD, told, stageBegun(FULL, release('6'), 'boot-a')]) {
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

  it.each([
    { payload: { scheme: 'checksum', value: 'a' }, version: '6' },
    { version: '6', bootId: 'boot-a' },
    { payload: { scheme: 'tag', value: 'a' }, version: '6', bootId: 'boot-a' },
    'boot-a',
    [],
  ])('R3: passes over an attempt to stage that is not what it should be: %j', (staging) => {
    const good = JSON.parse(toText(FULL)) as Record<string, unknown>;
    expect(readText(JSON.stringify({ ...good, staging }))).toEqual({
      kind: 'record',
      record: FULL,
      dropped: ['staging'],
    });
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
    { id: ['h1'] },
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

  it.each([
    { release: '' },
    { release: 7 },
    { release: 'x'.repeat(257) },
    { by: {} },
    { reason: 7 },
    { sinceAt: -1 },
  ])('a denial with %j is left out, and named', (damage) => {
    const answer = read({ adminDenials: [{ ...DENIAL, ...damage }] });
    expect(answer).toMatchObject({ record: { adminDenials: [] }, dropped: ['adminDenials[0]'] });
  });

  it('may name a release as long as one can be', () => {
    const long = { ...DENIAL, release: 'x'.repeat(256) };
    expect(read({ adminDenials: [long] })).toMatchObject({ record: { adminDenials: [long] }, dropped: [] });
  });

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

describe('the entries of a record', () => {
  const PAYLOAD = { scheme: 'checksum', value: 'aa' };
  const TARGET = { payload: PAYLOAD, version: '2' };
  const SLOT = { lender: 'fleet_lock', address: 'https://lock', group: 'g', id: 'n', sinceAt: 1 };
  const LISTS = {
    denials: { ...TARGET, reason: 'abandoned', sinceAt: 1, untilAt: 2, strikes: 1 },
    boots: TARGET,
    attempts: { ...TARGET, stages: 1, reboots: 0, sinceAt: 1 },
    slots: SLOT,
  } as const;
  const SINGLES = { asked: { ...TARGET, at: 1, bootId: 'boot-a' }, staged: TARGET } as const;
  const read = (parts: object) => readText(JSON.stringify({ format: 1, ...parts }));
  const recordOf = (parts: object): unknown => {
    const answer = read(parts);
    return answer.kind === 'record' && answer.dropped.length === 0 ? answer.record : answer;
  };
  /** Each field without which an entry is none, damaged in two ways. */
  const damagesOf = (entry: object): [string, object][] =>
    Object.keys(entry).flatMap((key) =>
      [7.5, 'x'.repeat(2001)].map((damage): [string, object] => [key, { ...entry, [key]: damage }]),
    );

  it.each(
    Object.entries(LISTS).flatMap(([list, entry]) =>
      damagesOf(entry).map((each) => [list, ...each] as const),
    ),
  )('in %s are left out where they have no good %s, and named', (list, _key, damaged) => {
    const good = LISTS[list as keyof typeof LISTS];
    expect(read({ [list]: [good, damaged] })).toMatchObject({
      kind: 'record',
      record: { [list]: [good] },
      dropped: [`${list}[1]`],
    });
  });

  it.each(
    Object.entries(SINGLES).flatMap(([key, entry]) =>
      damagesOf(entry).map((each) => [key, ...each] as const),
    ),
  )('%s is left out where it has no good %s, and named', (key, _field, damaged) => {
    expect(read({ [key]: damaged })).toMatchObject({ record: { [key]: undefined }, dropped: [key] });
  });

  it.each([{ scheme: 'git', value: 'aa' }, { scheme: 'checksum' }, { scheme: 'oci', value: 7 }, 'aa'])(
    'name a payload as it is known, not as %j',
    (payload) => {
      expect(read({ boots: [{ ...TARGET, payload }] })).toMatchObject({ dropped: ['boots[0]'] });
    },
  );

  it('tell an image from a commit', () => {
    const image = { ...TARGET, payload: { scheme: 'oci', value: `quay.io/x@sha256:${'a'.repeat(64)}` } };
    expect(recordOf({ boots: [image] })).toMatchObject({ boots: [image] });
  });

  it('come back with what they may have, and with nothing that they have not', () => {
    const files = { ca: '/ca', cert: '/cert', key: '/key', bearer: '/bearer' };
    const parts = {
      ...SINGLES,
      staged: { ...TARGET, terms: { ignoreRollout: true, to: '2' }, deploymentId: 'fcos-aa.0' },
      denials: [LISTS.denials, { ...TARGET, reason: 'rolled-back', sinceAt: 1, strikes: 0 }],
      slots: [{ ...SLOT, files, grantedAt: 3 }, SLOT, { ...SLOT, files: { cert: '/cert' } }],
      stalledSinceAt: 9,
      installation: 'node-1',
    };
    expect(recordOf(parts)).toStrictEqual({ ...EMPTY_RECORD, ...parts });
    const terms = { ignoreRollout: 'yes', to: 7 };
    expect(recordOf({ staged: { ...TARGET, terms } })).toStrictEqual({
      ...EMPTY_RECORD,
      staged: { ...TARGET, terms: {} },
    });
    expect(recordOf({ staged: TARGET, slots: [{ ...SLOT, files: 'x' }] })).toStrictEqual({
      ...EMPTY_RECORD,
      staged: TARGET,
      slots: [SLOT],
    });
    expect(recordOf({ stalledSinceAt: -1, installation: 7 })).toStrictEqual(EMPTY_RECORD);
  });

  it('may have texts of two thousand characters, and a zero is a plain one', () => {
    const long = { ...TARGET, version: 'x'.repeat(2000) };
    expect(recordOf({ boots: [long] })).toMatchObject({ boots: [long] });
    expect(readText('{"format":1,"stalledSinceAt":-0}')).toMatchObject({ record: { stalledSinceAt: 0 } });
  });

  it('are bounded: the newest ones stay', () => {
    const boots = Array.from({ length: 1002 }, (_, n) => ({ ...TARGET, version: `${n}` }));
    const slots = Array.from({ length: MOST_SLOTS + 1 }, (_, n) => ({ ...SLOT, id: `n${n}` }));
    const answer = read({ boots: [...boots, 7], slots });
    expect(answer).toMatchObject({ dropped: ['the first 3 of boots', 'boots[1002]'] });
    const { record } = answer as Extract<typeof answer, { kind: 'record' }>;
    expect([record.boots.length, record.boots[0]?.version]).toEqual([999, '3']);
    expect([record.slots.length, record.slots[0]?.id]).toEqual([MOST_SLOTS, 'n1']);
  });

  it('that nest without end are told from other damage', () => {
    expect(readText(`{"format":1,"boots":${'['.repeat(100)}`)).toEqual({
      kind: 'none',
      why: 'it must nest at most 16 deep, got more',
    });
  });
});
