/** How a step of a state is written down. */
import { expect, it } from 'vitest';
import { stepsOf, type Turn } from '../../../src/agent/turn.ts';
import { memoryOf, POLLING } from '../../support/agent-states.ts';
import { POLICY } from '../../support/samples.ts';

it('a step is answered by what answers its effects, and anything else is a fault of the program', () => {
  const memory = memoryOf();
  const was = { state: POLLING, memory };
  const turn: Turn = { at: 1, mono: 1, memory, policy: POLICY, roll: 0, was, tell: () => undefined };
  const step = stepsOf<typeof POLLING>()(['wait'], () => ({ kind: 'wait', forMs: 5 }), {
    woke: (state) => ({ state, memory }),
  });
  expect(step.kinds).toEqual(['wait']);
  expect(step.answered(POLLING, { kind: 'woke' }, turn)).toEqual(was);
  expect(() => step.answered(POLLING, { kind: 'saved' }, turn)).toThrow(
    'a step that asks for wait cannot be answered with saved',
  );
});
