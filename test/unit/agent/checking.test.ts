/** What the graph is asked, and when it is asked again. */
import { describe, expect, it } from 'vitest';
import {
  afterCheck,
  afterFailedCheck,
  checkDue,
  checkEffect,
  isWithdrawn,
  retryMs,
  steadyMs,
} from '../../../src/agent/checking.ts';
import type { Happening } from '../../../src/agent/happenings.ts';
import { EMPTY_RECORD, refuseStream } from '../../../src/agent/record.ts';
import { lengthened, type Memory, type Policy } from '../../../src/agent/state.ts';
import type { Turn } from '../../../src/agent/turn.ts';
import { memoryOf, POLLING } from '../../support/agent-states.ts';
import { deployment, host, payloadOf, POLICY, release } from '../../support/samples.ts';

const MINUTE = 60_000;
const NOW = { at: 1_000_000, mono: 500_000 };
const PLAIN: Policy = { ...POLICY, steadyIntervalMs: 5 * MINUTE, retryIntervalMs: 2 * MINUTE };

function turnOf(changes: Partial<Memory> = {}, policy = PLAIN, was = memoryOf()) {
  const told: Happening[] = [];
  const turn: Turn = {
    ...NOW,
    memory: memoryOf(changes),
    policy,
    roll: 10,
    was: { state: POLLING, memory: was },
    tell: (happening) => void told.push(happening),
  };
  return { turn, told };
}

describe('the question', () => {
  it('says what is booted, what must not be chosen, and on which terms', () => {
    const record = {
      ...refuseStream(EMPTY_RECORD, release('9'), 1),
      adminDenials: [{ release: '8', by: { uid: 0 }, reason: '', sinceAt: 1 }],
    };
    const wish = { kind: 'stage', ignoreRollout: true, to: '3' } as const;
    const requests = [{ request: { id: 't-1', by: { uid: 0 }, wish }, begun: true }];
    const policy = { ...PLAIN, skip: ['7'], allowDowngrade: true };
    const memory = memoryOf({ record, requests });
    expect(checkEffect({ ...NOW, memory, policy })).toStrictEqual({
      kind: 'check',
      stream: 'stable',
      query: {
        booted: { version: '1.0', payload: payloadOf('1.0') },
        denied: [payloadOf('1.0'), payloadOf('9')],
        skip: ['7', '8'],
        allowDowngrade: true,
        ignoreRollout: true,
        to: '3',
      },
    });
  });

  it('is never asked before the node knows what it is in', () => {
    const built = host([deployment('1.0', { booted: true, payload: undefined })]);
    for (const on of [undefined, built]) {
      const view = { ...NOW, memory: memoryOf({ host: on }), policy: PLAIN };
      expect(() => checkEffect(view)).toThrow('before the deployments were read');
    }
  });
});

describe('the next check', () => {
  it('comes a steady interval after an answer, with jitter where that is wanted', () => {
    expect(afterCheck(turnOf().turn).check.dueMono).toBe(NOW.mono + 5 * MINUTE + 30_000);
    const even = turnOf({}, { ...PLAIN, jitter: false }).turn;
    expect(afterCheck(even).check.dueMono).toBe(NOW.mono + 5 * MINUTE);
    expect([steadyMs(even), retryMs(even)]).toEqual([5 * MINUTE, 2 * MINUTE]);
    expect(retryMs(turnOf().turn)).toBe(2 * MINUTE + 10_000);
  });

  it('is no longer put off, once it is due at another instant', () => {
    const { check } = memoryOf();
    const putOff = memoryOf({ check: { ...check, putOffUntilAt: 7 } });
    expect(checkDue(putOff, 3).check).toEqual({ ...check, dueMono: 3, putOffUntilAt: undefined });
  });

  const failing = (failures: number, retryAfterMs?: number, wasPutOff = false) => {
    const { check } = memoryOf();
    let streak = check.streak;
    for (let count = 0; count < failures; count++) {
      streak = lengthened(streak, 'x', NOW);
    }
    const was = memoryOf({ check: { ...check, putOffUntilAt: wasPutOff ? 1 : undefined } });
    const { turn, told } = turnOf({ check: { ...check, streak } }, { ...PLAIN, jitter: false }, was);
    const failure = { kind: 'x', message: 'y', ...(retryAfterMs !== undefined && { retryAfterMs }) };
    return { check: afterFailedCheck(failure, turn).check, told };
  };

  it('comes soon after a first failure, and nobody hears of it', () => {
    for (const failures of [0, 1]) {
      const { check, told } = failing(failures);
      expect(check).toMatchObject({ dueMono: NOW.mono + 30_000, putOffUntilAt: undefined });
      expect(told).toEqual([]);
    }
    expect(failing(4).check).toMatchObject({ dueMono: NOW.mono + 5 * MINUTE, putOffUntilAt: undefined });
  });

  it('is told once it comes later than usual', () => {
    const { check, told } = failing(5);
    const untilAt = NOW.at + 10 * MINUTE;
    expect(check).toMatchObject({ dueMono: NOW.mono + 10 * MINUTE, putOffUntilAt: untilAt });
    expect(told).toEqual([{ kind: 'check-put-off', untilAt, repeated: false }]);
    expect(failing(5, undefined, true).told).toEqual([{ kind: 'check-put-off', untilAt, repeated: true }]);
  });

  it('waits as long as the server asks for, with jitter on top', () => {
    expect(failing(1, 60 * MINUTE).check.dueMono).toBe(NOW.mono + 60 * MINUTE);
    const { turn } = turnOf();
    const after = afterFailedCheck({ kind: 'x', message: 'y', retryAfterMs: 60 * MINUTE }, turn);
    expect(after.check).toMatchObject({
      dueMono: NOW.mono + 66 * MINUTE,
      putOffUntilAt: NOW.at + 66 * MINUTE,
    });
  });
});

describe('a staged release', () => {
  it('is withdrawn after two answers without it', () => {
    const { check } = memoryOf();
    expect(isWithdrawn(memoryOf({ check: { ...check, unoffered: 1 } }))).toBe(false);
    expect(isWithdrawn(memoryOf({ check: { ...check, unoffered: 2 } }))).toBe(true);
  });
});
