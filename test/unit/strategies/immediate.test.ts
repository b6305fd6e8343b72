import { expect, it } from 'vitest';

import { IMMEDIATE } from '../../../src/strategies/immediate.ts';
import { question } from '../../support/question.ts';

it('immediate says yes at any time', async () => {
  expect(IMMEDIATE.name).toBe('immediate');
  expect(await IMMEDIATE.ask(question(), new AbortController().signal)).toEqual({
    gate: 'immediate',
    verdict: 'pass',
    reason: 'updates are applied as soon as they are staged',
    label: 'immediate',
  });
});

it('immediate knows that it says so at every instant', async () => {
  const { class: of, passAfter } = await IMMEDIATE.explain(question(), new AbortController().signal);
  expect(of).toBe('timed');
  expect(passAfter(5)).toEqual({ fromAt: 5 });
});
