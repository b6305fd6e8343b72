import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeMessage, encodeMessage } from '../../../src/dbus/codec.ts';
import { MESSAGE_TYPE } from '../../../src/dbus/message.ts';
import { Variant, type BusValue } from '../../../src/dbus/types.ts';
import {
  decodeCalendar,
  decodeExplanation,
  decodeHappened,
  decodeSettings,
} from '../../support/wire/decode-answers.ts';
import { decodeJob, decodeResult } from '../../support/wire/decode-job.ts';
import { decodeSnapshot } from '../../support/wire/decode.ts';
import {
  encodeEntry,
  encodeExplanation,
  encodeProgress,
  encodeResult,
  encodeSetting,
  encodeSnapshot,
  encodeSpan,
} from '../../../src/service/encode.ts';
import {
  anyEntry,
  anyExplanation,
  anyOutcome,
  anyProgress,
  anySetting,
  anySnapshot,
  anySpan,
} from '../../support/snapshots.ts';

/** What arrives at the other side of a bus. */
function sent(signature: string, value: BusValue): BusValue | undefined {
  const bytes = encodeMessage({
    type: MESSAGE_TYPE.methodReturn,
    serial: 1,
    replySerial: 1,
    signature,
    body: [value],
  });
  return decodeMessage(bytes).body()[0];
}

function properties(values: ReadonlyMap<string, Variant>): ReadonlyMap<string, BusValue> {
  const arrived = sent('a{sv}', values) as ReadonlyMap<string, Variant>;
  return new Map([...arrived].map(([name, { value }]) => [name, value]));
}

describe('what is encoded is decoded', () => {
  it('a snapshot', () => {
    fc.assert(
      fc.property(anySnapshot, (snapshot) => {
        expect(decodeSnapshot(properties(encodeSnapshot(snapshot)))).toEqual(snapshot);
      }),
    );
  });

  it('an explanation', () => {
    fc.assert(
      fc.property(anyExplanation, (explanation) => {
        expect(decodeExplanation(sent('a{sv}', encodeExplanation(explanation)))).toEqual(explanation);
      }),
    );
  });

  it('entries, spans, settings', () => {
    fc.assert(
      fc.property(anyEntry, anySpan, anySetting, (entry, span, setting) => {
        expect(decodeHappened(sent('a{sv}', encodeEntry(entry)))).toEqual(entry);
        expect(decodeCalendar(sent('aa{sv}', [encodeSpan(span)]))).toEqual([span]);
        expect(decodeSettings(sent('aa{sv}', [encodeSetting(setting)]))).toEqual([setting]);
      }),
    );
  });

  it('a job and its result', () => {
    fc.assert(
      fc.property(anyOutcome, anyProgress, (outcome, progress) => {
        const result = encodeResult('0123abcd-7', outcome);
        expect(decodeResult(sent('a{sv}', result))).toEqual({ request: '0123abcd-7', outcome });
        const job = new Map([
          ['Kind', new Variant('s', 'stage')],
          ['State', new Variant('s', 'running')],
          ['Progress', new Variant('a{sv}', encodeProgress(progress))],
          ['Result', new Variant('a{sv}', new Map())],
        ]);
        expect(decodeJob(properties(job))).toEqual({
          kind: 'stage',
          state: 'running',
          progress,
          result: undefined,
        });
      }),
    );
  });
});

describe('what cannot be read', () => {
  it.each([
    [[], 'cannot read Explain of the agent: it must have as-of, got nothing'],
    [[['as-of', new Variant('s', '1')]], 'it must have as-of of type x, got type s'],
    [
      [
        ['as-of', new Variant('x', 1n)],
        ['stage', new Variant('s', 'new\u001b')],
      ],
      'it must have stage as one of none, available, staged, finalized, got new\uFFFD',
    ],
  ] as const)('%#', (pairs, message) => {
    expect(() => decodeExplanation(new Map(pairs as readonly (readonly [string, Variant])[]))).toThrow(
      message,
    );
  });

  it('no dictionary, no list, no text', () => {
    expect(() => decodeExplanation(1)).toThrow('it must have a dictionary');
    expect(() => decodeCalendar(1)).toThrow('it must be a list');
    expect(() =>
      decodeJob(
        new Map([
          ['Progress', new Map()],
          ['Result', new Map()],
        ]),
      ),
    ).toThrow('cannot read Kind of the agent: it must be a text');
  });
});
