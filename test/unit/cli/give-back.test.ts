import { expect, it } from 'vitest';

import { giveBackSlot } from '../../../src/cli/give-back.ts';
import { FleetLockError, type FleetLockErrorKind } from '../../../src/errors.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const SECOND = 1000;

function giving(outcomes: readonly (FleetLockErrorKind | undefined)[]) {
  const clock = new VirtualClock();
  const life = new AbortController();
  const instants: number[] = [];
  const told: string[] = [];
  const result = giveBackSlot({
    clock,
    signal: life.signal,
    onRetry: (reason) => told.push(reason),
    giveBack: () => {
      instants.push(clock.monotonic() / SECOND);
      const kind = outcomes[Math.min(instants.length, outcomes.length) - 1];
      return kind === undefined ? Promise.resolve() : Promise.reject(new FleetLockError(kind, 'label', kind));
    },
  });
  return { clock, life, instants, told, result };
}

it('tries again while the server is away', async () => {
  const { clock, result, instants, told } = giving([
    'fleet_lock_unreachable',
    'fleet_lock_unavailable',
    undefined,
  ]);
  await clock.advance(60 * SECOND);
  expect(await result).toBeUndefined();
  expect(instants).toEqual([0, 2, 7]);
  expect(told).toEqual(['fleet_lock_unreachable', 'fleet_lock_unavailable']);
});

it('ends after some tries with the last failure, and says a reason once', async () => {
  const { clock, result, instants, told } = giving(['fleet_lock_unreachable']);
  await clock.advance(60 * SECOND);
  expect(await result).toMatchObject({ kind: 'fleet_lock_unreachable' });
  expect(instants).toEqual([0, 2, 7, 17, 37]);
  expect(told).toEqual(['fleet_lock_unreachable']);
});

it('does not try again where only a person can help', async () => {
  const { clock, result, instants } = giving(['fleet_lock_unauthorized']);
  await clock.advance(60 * SECOND);
  expect(await result).toMatchObject({ kind: 'fleet_lock_unauthorized' });
  expect(instants).toEqual([0]);
});

it('ends when its time is over, with what is known', async () => {
  const { clock, life, result } = giving(['fleet_lock_unreachable']);
  await clock.advance(3 * SECOND);
  life.abort();
  expect(await result).toMatchObject({ kind: 'fleet_lock_unreachable' });
  const early = giving([undefined]);
  early.life.abort();
  expect((await early.result)?.message).toBe('the lock server did not answer in time');
});
