/** READY: after the socket, the name and the first reading, and never much later than the start. */
import { expect, it } from 'vitest';
import type { Happening } from '../../../src/agent/happenings.ts';
import { initialModel, type Model } from '../../../src/agent/state.ts';
import { isBegun, LONGEST_HOLD_MS, Readiness } from '../../../src/daemon/readiness.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const START = initialModel();
const POLLING: Model = { ...START, state: { name: 'ReportedSteady', step: 'refresh' } };
const failing = (activity: 'driver' | 'status'): Happening => ({
  kind: 'failing',
  activity,
  failure: { kind: 'x', message: 'x' },
  repeated: false,
});

function setUp() {
  const clock = new VirtualClock();
  const life = new AbortController();
  const listening = Promise.withResolvers<undefined>();
  const readyAt: number[] = [];
  const readiness = new Readiness({
    listening: listening.promise,
    clock,
    onReady: () => readyAt.push(clock.monotonic()),
    signal: life.signal,
  });
  return { clock, life, listening, readyAt, readiness };
}

it('diff 4: READY waits for the socket and the name, and for the first reading', async () => {
  const { clock, listening, readyAt, readiness } = setUp();
  readiness.happened(START, []);
  listening.resolve(undefined);
  await clock.advance(100);
  expect(readyAt).toEqual([]);
  readiness.happened(POLLING, []);
  await clock.advance(100);
  expect(readyAt).toEqual([100]);
  readiness.happened(POLLING, []);
  await clock.advance(LONGEST_HOLD_MS);
  expect(readyAt).toEqual([100]);
  expect(clock.sleepers).toBe(0);
});

it.each(['the socket', 'the reading'])('diff 4: READY comes after 2 s when %s hangs', async (what) => {
  const { clock, listening, readyAt, readiness } = setUp();
  if (what === 'the reading') {
    listening.resolve(undefined);
  } else {
    readiness.begun();
  }
  await clock.advance(60_000);
  expect(readyAt).toEqual([2000]);
});

it('no READY once the agent has been told to stop', async () => {
  const { clock, life, readyAt } = setUp();
  life.abort();
  await clock.advance(60_000);
  expect(readyAt).toEqual([]);
});

it('B16: a registration that fails is no end of the beginning, a reading that fails is', () => {
  expect(isBegun(START, [failing('driver')])).toBe(false);
  expect(isBegun(START, [failing('status')])).toBe(true);
  expect(isBegun(POLLING, [])).toBe(true);
});
