import { describe, expect, it } from 'vitest';

import type { SlotAnswer } from '../../../src/agent/ports.ts';
import { takeSlot } from '../../../src/cli/take-slot.ts';
import { takingFailure } from '../../../src/cli/slot-failure.ts';
import { CancelledError, FleetLockError, type FleetLockErrorKind } from '../../../src/errors.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const SECOND = 1000;
const GRANTED: SlotAnswer = { kind: 'granted' };
const REFUSED: SlotAnswer = { kind: 'refused', reason: 'all slots are taken', label: 'fleet_lock' };
const UNKNOWN: SlotAnswer = {
  kind: 'may-be-held',
  reason: 'no answer',
  label: 'fleet_lock',
  askAgainMs: 20 * SECOND,
};

const fault = (kind: FleetLockErrorKind, retryAfterMs?: number): FleetLockError =>
  new FleetLockError(kind, 'label', `fault ${kind}`, { retryAfterMs });

/** A server that answers one after the other, and goes on with the last. */
function asked(answers: readonly (SlotAnswer | Error)[], waitMs: number) {
  const clock = new VirtualClock();
  const life = new AbortController();
  const instants: number[] = [];
  const told: string[] = [];
  const result = takeSlot({
    clock,
    waitMs,
    signal: life.signal,
    onWait: (reason) => told.push(reason),
    take: () => {
      instants.push(clock.monotonic() / SECOND);
      const answer = answers[Math.min(instants.length, answers.length) - 1];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer ?? GRANTED);
    },
  });
  return { clock, life, instants, told, result };
}

it('asks once where there is no time', async () => {
  const { result, instants } = asked([REFUSED], 0);
  expect(await result).toEqual({ kind: 'refused', reason: 'all slots are taken', mayBeHeld: false });
  expect(instants).toEqual([0]);
});

it('asks again until the slot is lent, and says once why it waits', async () => {
  const { clock, result, instants, told } = asked([REFUSED, REFUSED, GRANTED], 60 * SECOND);
  await clock.advance(60 * SECOND);
  expect(await result).toEqual({ kind: 'granted' });
  expect(instants).toEqual([0, 15, 30]);
  expect(told).toEqual(['all slots are taken']);
});

it('asks a last time when the time is over', async () => {
  const { clock, result, instants } = asked([REFUSED], 20 * SECOND);
  await clock.advance(20 * SECOND);
  expect(await result).toMatchObject({ kind: 'refused' });
  expect(instants).toEqual([0, 15, 20]);
});

it('does not ask before the server wants it, nor waits for what comes too late', async () => {
  const start = new VirtualClock().now();
  const soon = asked([{ ...REFUSED, untilAt: start + 40 * SECOND }, GRANTED], 60 * SECOND);
  await soon.clock.advance(60 * SECOND);
  expect(await soon.result).toEqual({ kind: 'granted' });
  expect(soon.instants).toEqual([0, 40]);
  const late = asked([{ ...REFUSED, untilAt: start + 61 * SECOND }], 60 * SECOND);
  expect(await late.result).toMatchObject({ kind: 'refused' });
  const later = asked([fault('fleet_lock_unavailable', 90 * SECOND)], 60 * SECOND);
  expect(await later.result).toMatchObject({ kind: 'failed', mayBeHeld: false });
});

describe('a slot that may be held', () => {
  it('stays so through a server that is away, until a clear answer', async () => {
    const away = asked([UNKNOWN, fault('fleet_lock_unreachable')], 30 * SECOND);
    await away.clock.advance(30 * SECOND);
    expect(await away.result).toMatchObject({ kind: 'failed', mayBeHeld: true });
    const clear = asked([UNKNOWN, REFUSED], 30 * SECOND);
    await clear.clock.advance(30 * SECOND);
    expect(await clear.result).toMatchObject({ kind: 'refused', mayBeHeld: false });
  });

  it('is what a request leaves that the caller cut off', async () => {
    const { result } = asked([new CancelledError('the request was given up')], 0);
    expect(await result).toEqual({ kind: 'given-up', mayBeHeld: true });
  });
});

it('ends a wait at once when the caller gives up', async () => {
  const { life, result, instants } = asked([REFUSED], 60 * SECOND);
  await settle();
  life.abort();
  expect(await result).toEqual({ kind: 'given-up', mayBeHeld: false });
  expect(instants).toEqual([0]);
});

it.each<FleetLockErrorKind>([
  'fleet_lock_misconfigured',
  'fleet_lock_credentials',
  'fleet_lock_unauthorized',
  'fleet_lock_refused',
])('does not wait for %s to pass', async (kind) => {
  expect(await asked([fault(kind)], 60 * SECOND).result).toMatchObject({ kind: 'failed' });
});

it('tells what it does not know from a failure', async () => {
  await expect(asked([new TypeError('a bug')], 0).result).rejects.toThrow('a bug');
});

describe('the exit code', () => {
  const exit = async (answer: SlotAnswer | Error, hasWaited = false) => {
    const taking = await asked([answer], 0).result;
    const { exit: code, todo } = takingFailure(taking as Exclude<typeof taking, { kind: 'granted' }>, {
      hasWaited,
      unlockLine: 'unlock it',
    });
    return [code, todo];
  };

  it.each([
    ['a refusal', REFUSED, false, ['blocked', undefined]],
    ['a refusal after the wait', REFUSED, true, ['gaveUp', undefined]],
    ['an unknown outcome', UNKNOWN, false, ['failure', 'unlock it']],
    ['a server that is away', fault('fleet_lock_unreachable'), false, ['failure', undefined]],
    ['a token that cannot be read', fault('fleet_lock_credentials'), false, ['config', undefined]],
  ] as const)('of %s', async (_, answer, hasWaited, expected) => {
    expect(await exit(answer, hasWaited)).toEqual(expected);
  });
});
