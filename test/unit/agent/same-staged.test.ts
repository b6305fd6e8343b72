/** Whether what is staged is still what was read before. */
import { expect, it } from 'vitest';
import { sameStaged } from '../../../src/agent/same-staged.ts';
import { staged } from '../../support/samples.ts';

const LOCKED = staged('2', { finalizationLocked: true });
const UNLOCKED = staged('2', { finalizationLocked: false });
const UNKNOWN = staged('2', { finalizationLocked: undefined });

it.each([
  ['nothing both times', undefined, undefined, true],
  ['nothing, and then something', undefined, LOCKED, false],
  ['something, and then nothing', LOCKED, undefined, false],
  ['the same', LOCKED, LOCKED, true],
  ['the same, unlocked', UNLOCKED, UNLOCKED, true],
  ['the same, and its lock is gone', LOCKED, UNLOCKED, false],
  ['the same, whose lock was not known', UNKNOWN, UNLOCKED, true],
  ['the same, whose lock is not known', LOCKED, UNKNOWN, true],
  ['another one', LOCKED, staged('3'), false],
  ['another one, whose lock is not known', UNKNOWN, { ...UNKNOWN, id: 'x' }, false],
] as const)('%s', (_what, was, is, isSame) => {
  expect(sameStaged(was, is)).toBe(isSame);
});
