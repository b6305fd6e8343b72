/** What became of the staged deployment. */
import { expect, it } from 'vitest';
import { stagedCondition } from '../../../../src/agent/states/staged-condition.ts';
import type { Deployment } from '../../../../src/agent/ports.ts';
import { deployment, host, release, staged } from '../../../support/samples.ts';

it.each<[string, Deployment | undefined]>([
  ['gone', undefined],
  ['replaced', staged('9')],
  ['replaced', staged('2.0', { payload: undefined })],
  ['unlocked', staged('2.0', { finalizationLocked: false })],
  ['locked', staged('2.0')],
  ['locked', staged('2.0', { finalizationLocked: undefined })],
])('is %s', (condition, there) => {
  const status = host([deployment('1.0', { booted: true }), ...(there === undefined ? [] : [there])]);
  expect(stagedCondition(release('2.0'), status)).toBe(condition);
});
