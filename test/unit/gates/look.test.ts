/** What the machine makes of a look at all gates: the instant that people are told, and that it wakes at. */
import { describe, expect, it } from 'vitest';

import { joinReports } from '../../../src/agent/join-reports.ts';
import { gate } from '../../../src/gates/gate.ts';
import { Survey } from '../../../src/gates/survey.ts';
import { openFrom, timed } from '../../../src/gates/timing.ts';
import { block, pass } from '../../../src/gates/verdict.ts';
import { gateOf } from '../../support/gate-of.ts';
import { question } from '../../support/question.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const signal = new AbortController().signal;

/** Open from 0 to 10 of every 100. */
const WINDOW = gate({
  name: 'periodic',
  observe: () => undefined,
  judge: (_facts, { at }) =>
    at % 100 < 10
      ? pass('periodic', 'periodic', 'open', { passEndsAt: at - (at % 100) + 10 })
      : block('periodic', 'outside_window', 'shut', { nextAt: at - (at % 100) + 100 }),
  timing: () => timed((at) => ({ fromAt: at % 100 < 10 ? at : at - (at % 100) + 100 })),
});
const HELD_UNTIL_50 = gate({
  name: 'uptime',
  observe: () => undefined,
  judge: (_facts, { at }) =>
    at < 50 ? block('uptime', 'uptime', 'young', { nextAt: 50 }) : pass('uptime', 'uptime', 'old'),
  timing: () => openFrom(50),
});
const SHUT_NOW = gateOf('inhibitors', async () => block('inhibitors', 'inhibitor', 'backup'));

const lookAt = (at: number, ...gates: (typeof WINDOW)[]) =>
  new Survey({ gates, clock: new VirtualClock() }).look(question(at), signal);

describe('a look', () => {
  it('why-hold-in-closed-window: names the next window, where this one closes before a hold ends', async () => {
    const { reports, foresight } = await lookAt(5, WINDOW, HELD_UNTIL_50);
    expect(foresight).toEqual({ classes: ['timed', 'timed'], clearAt: 100 });
    expect(joinReports(reports, foresight)).toMatchObject({ kind: 'block', untilAt: 100 });
    // As far as the reports alone can tell.
    expect(joinReports(reports)).toMatchObject({ untilAt: 50 });
  });

  it('names no instant where nothing that blocks does', async () => {
    const { reports, foresight } = await lookAt(5, WINDOW, SHUT_NOW);
    expect(foresight).toEqual({ classes: ['timed', 'observed'], clearAt: 5 });
    expect(joinReports(reports, foresight)).not.toHaveProperty('untilAt');
  });

  it('keeps the instant of what blocks while something else may block longer', async () => {
    const { reports, foresight } = await lookAt(20, WINDOW, SHUT_NOW);
    expect(joinReports(reports, foresight)).toMatchObject({ untilAt: 100 });
  });

  it('is clear at once where all gates pass', async () => {
    expect((await lookAt(105, WINDOW, HELD_UNTIL_50)).foresight.clearAt).toBe(105);
  });

  it('searches no calendar where all gates pass', async () => {
    let searches = 0;
    const counting = gate({
      name: 'periodic',
      observe: () => undefined,
      judge: () => pass('periodic', 'periodic', 'open'),
      timing: () =>
        timed((at) => {
          searches += 1;
          return { fromAt: at };
        }),
    });
    await lookAt(105, counting, WINDOW);
    expect(searches).toBe(0);
    await lookAt(20, counting, WINDOW);
    expect(searches).toBeGreaterThan(0);
  });

  it('says that there is no instant', async () => {
    const never = gate({
      name: 'manual',
      observe: () => undefined,
      judge: () => block('manual', 'manual', 'by hand'),
      timing: () => timed(() => undefined),
    });
    const { reports, foresight } = await lookAt(20, WINDOW, never);
    expect(foresight.clearAt).toBeUndefined();
    expect(joinReports(reports, foresight)).toMatchObject({ untilAt: 100 });
  });

  it('what cannot be looked at is assumed to pass', async () => {
    const broken = gateOf('x', () => Promise.reject(new Error('no answer')));
    const { foresight } = await lookAt(20, WINDOW, broken);
    expect(foresight).toEqual({ classes: ['timed', 'observed'], clearAt: 100 });
  });
});

describe('a gate that is explained', () => {
  it('has the report of ask, from one observation', async () => {
    let looks = 0;
    const counting = gate({
      name: 'x',
      observe: () => (looks += 1),
      judge: (facts) => pass('x', 'uptime', `look ${facts}`),
      timing: (facts) => openFrom(facts),
    });
    const explained = await counting.explain(question(0), signal);
    expect(explained.report).toEqual(pass('x', 'uptime', 'look 1'));
    expect(explained.passAfter(0)).toEqual({ fromAt: 1 });
    expect(looks).toBe(1);
    expect((await counting.ask(question(0), signal)).reason).toBe('look 2');
  });

  it('is observed unless it says more', async () => {
    const plain = gate({
      name: 'x',
      observe: () => undefined,
      judge: () => block('x', 'uptime', 'no'),
    });
    const explained = await plain.explain(question(4), signal);
    expect(explained.class).toBe('observed');
    expect(explained.passAfter(4)).toEqual({ fromAt: 4 });
  });

  it('passes when a person overrides all that it can say', async () => {
    const overridden = await HELD_UNTIL_50.explain(question(5, { overrides: ['uptime'] }), signal);
    expect(overridden.report).toMatchObject({
      verdict: 'pass',
      label: 'uptime',
      reason: 'overridden: young',
    });
    expect(overridden.report).not.toHaveProperty('nextAt');
    expect(overridden.passAfter(5)).toEqual({ fromAt: 5 });
    const other = await HELD_UNTIL_50.explain(question(5, { overrides: ['window'] }), signal);
    expect(other.report.verdict).toBe('block');
    expect(other.passAfter(5)).toEqual({ fromAt: 50 });
  });
});
