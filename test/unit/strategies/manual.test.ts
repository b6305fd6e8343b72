import { describe, expect, it } from 'vitest';

import { judgeManual, MANUAL } from '../../../src/strategies/manual.ts';
import { statusText } from '../../../src/report/status-text.ts';
import { DAY_MS } from '../../../src/text/units.ts';
import { question } from '../../support/question.ts';
import { checkResult, deployment, POLICY, release } from '../../support/samples.ts';
import { SimulatedNode } from '../../support/simulated-node.ts';

const signal = new AbortController().signal;

describe('manual', () => {
  it('says no, for no known time, and how it is done by hand', async () => {
    expect(MANUAL.name).toBe('manual');
    expect(await MANUAL.ask(question(), signal)).toEqual({
      gate: 'manual',
      verdict: 'block',
      reason:
        'staged; this node reboots only by hand: zincati reboot --override manual',
      label: 'manual',
    });
  });

  it('knows that it never says yes', async () => {
    const { class: of, passAfter } = await MANUAL.explain(question(), signal);
    expect(of).toBe('timed');
    expect(passAfter(5)).toBeUndefined();
  });

  it('keeps a node staged and up to date for 30 days, without a reboot', () => {
    let offered = release('2.0', 2);
    const node = new SimulatedNode(
      {
        policy: POLICY,
        check: () => checkResult({ kind: 'update', release: offered }),
        survey: () => [judgeManual()],
      },
      [deployment('1.0', { booted: true })],
    );
    node.runFor(15 * DAY_MS);
    offered = release('3.0', 3);
    node.runFor(15 * DAY_MS);
    expect(node.reboots).toBe(0);
    expect(node.effects.some((effect) => effect.kind === 'finalize')).toBe(false);
    expect(node.staged?.version).toBe('3.0');
    expect(statusText(node.model, POLICY)).toBe('update staged: 3.0; reboot pending due to update strategy');
  });
});
