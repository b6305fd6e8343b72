/** What an answer of the update server tells people. */
import { describe, expect, it } from 'vitest';
import { toldOfCheck } from '../../../src/agent/check-happenings.ts';
import type { CheckResult } from '../../../src/agent/ports.ts';
import { EMPTY_RECORD } from '../../../src/agent/record.ts';
import type { Memory } from '../../../src/agent/state.ts';
import { memoryOf } from '../../support/agent-states.ts';
import { checkResult, release } from '../../support/samples.ts';

const V2 = release('2.0', 2);
const QUIET: Partial<Memory> = { deadend: { isDeadend: false } };
const NOTHING = { kind: 'no-update' } as const;
const { check } = memoryOf();

function told(result: CheckResult, was: Partial<Memory> = QUIET, is: Partial<Memory> = {}): unknown[] {
  return toldOfCheck(memoryOf(was), memoryOf({ ...is, check: { ...check, answer: 'a' } }), result);
}

describe('an answer', () => {
  it('that says what was said before tells nothing, and one without anything to tell', () => {
    expect(told(checkResult(NOTHING))).toEqual([]);
    expect(told(checkResult({ kind: 'update', release: V2 }))).toEqual([]);
  });

  it('tells what was left out, what would be a downgrade and what is wrong with the graph', () => {
    const result = checkResult(
      { kind: 'downgrade-refused', release: V2 },
      { ignoredTargets: 2, warnings: ['a node twice', 'an edge to nowhere'] },
    );
    const expected = [
      { kind: 'targets-ignored', count: 2, repeated: false },
      { kind: 'downgrade-refused', release: V2, repeated: false },
      { kind: 'graph-warning', text: 'a node twice', repeated: false },
      { kind: 'graph-warning', text: 'an edge to nowhere', repeated: false },
    ];
    expect(told(result)).toEqual(expected);
    const same = { ...QUIET, check: { ...check, answer: 'a' } };
    expect(told(result, same)).toEqual(expected.map((happening) => ({ ...happening, repeated: true })));
  });

  it('tells what the administrator denies, and where the node stays for that', () => {
    const skipped = { kind: 'offers-skipped', versions: ['9'], repeated: false } as const;
    expect(told(checkResult(NOTHING, { skipped: ['9'] }))).toStrictEqual([{ ...skipped, stayingOn: '1.0' }]);
    const offered = checkResult({ kind: 'update', release: V2 }, { skipped: ['9'] });
    expect(told(offered)).toStrictEqual([{ ...skipped, stayingOn: undefined }]);
    expect(told(checkResult(NOTHING, { skipped: ['9'] }), QUIET, { host: undefined })).toMatchObject([
      { stayingOn: undefined },
    ]);
  });

  it('says where some of that may be denied by request', () => {
    const record = {
      ...EMPTY_RECORD,
      adminDenials: [{ release: '9', by: { uid: 0 }, reason: '', sinceAt: 1 }],
    };
    expect(told(checkResult(NOTHING, { skipped: ['9'] }), QUIET, { record })).toMatchObject([
      { requests: true },
    ]);
  });
});

describe('a dead end', () => {
  const dead = (reason: string): CheckResult =>
    checkResult(NOTHING, { deadend: { isDeadend: true, reason } });
  const known: Partial<Memory> = { deadend: { isDeadend: true, reason: 'end of life' } };

  it('is told when it is new, or its reason is', () => {
    const one = [{ kind: 'deadend', reason: 'end of life' }];
    expect(told(dead('end of life'), {})).toEqual(one);
    expect(told(dead('end of life'), QUIET)).toEqual(one);
    expect(told(dead('end of life'), known)).toEqual([]);
    expect(told(dead('moved'), known)).toEqual([{ kind: 'deadend', reason: 'moved' }]);
  });

  it('is told to be none once that is known, and by no graph that does not know the node', () => {
    const none = [{ kind: 'no-deadend' }];
    expect(told(checkResult(NOTHING), known)).toEqual(none);
    expect(told(checkResult(NOTHING), {})).toEqual(none);
    expect(told(checkResult(NOTHING), QUIET)).toEqual([]);
    expect(told(checkResult({ kind: 'off-graph' }), known)).toEqual([]);
    expect(told(checkResult({ kind: 'off-graph' }), {})).toEqual([]);
  });
});
