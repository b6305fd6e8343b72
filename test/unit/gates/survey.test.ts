import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { GateQuestion, GateReport } from '../../../src/agent/ports.ts';
import { limitMsOf } from '../../../src/agent/perform.ts';
import { BusError, CancelledError } from '../../../src/errors.ts';
import { gate, type Gate } from '../../../src/gates/gate.ts';
import { GATE_LIMIT_MS, Survey } from '../../../src/gates/survey.ts';
import { block, pass } from '../../../src/gates/verdict.ts';
import { IMMEDIATE } from '../../../src/strategies/immediate.ts';
import { MANUAL } from '../../../src/strategies/manual.ts';
import { gateOf } from '../../support/gate-of.ts';
import { question } from '../../support/question.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const signal = new AbortController().signal;
const NOW = question(5);

function answering(name: string, answer: () => GateReport | Promise<GateReport>): Gate {
  return gateOf(name, async () => answer());
}

const passing = (name: string): Gate => answering(name, () => pass(name, 'uptime', 'fine'));
const blocking = (name: string): Gate =>
  answering(name, () => block(name, 'uptime', 'not yet', { nextAt: 9 }));
const throwing = (name: string, error: unknown = new BusError('bus_closed', 'the bus is gone')): Gate =>
  answering(name, () => {
    throw error;
  });

/** Answers never, and tells when its signal ends. */
function hanging(name: string, ended: string[] = []): Gate {
  return gateOf(
    name,
    (_question, end) =>
      new Promise((_resolve, reject) => {
        end.addEventListener('abort', () => {
          ended.push(name);
          reject(new CancelledError('given up'));
        });
      }),
  );
}

/** Answers never, whatever its signal says. */
const deaf = (name: string): Gate => gateOf(name, () => new Promise(() => undefined));

describe('a gate of two halves', () => {
  it('judges what was observed, about the question that was asked', async () => {
    const seen: unknown[] = [];
    const made = gate({
      name: 'x',
      observe: async (end, asked) => {
        seen.push(end, asked);
        return 7;
      },
      judge: (facts, asked) => block('x', 'uptime', `${facts} at ${asked.at}`),
    });
    expect(await made.ask(NOW, signal)).toEqual({
      gate: 'x',
      verdict: 'block',
      reason: '7 at 5',
      label: 'uptime',
    });
    expect(seen).toEqual([signal, NOW]);
  });

  it('rejects as its observation does, also when that throws at once', async () => {
    const judge = (): GateReport => pass('x', 'uptime', '');
    const later = gate({ name: 'x', observe: () => Promise.reject(new Error('later')), judge });
    await expect(later.ask(NOW, signal)).rejects.toThrow('later');
    const now = gate({
      name: 'x',
      observe: () => {
        throw new Error('at once');
      },
      judge,
    });
    await expect(now.ask(NOW, signal)).rejects.toThrow('at once');
  });
});

describe('a survey', () => {
  const surveyOf = (...gates: Gate[]) => new Survey({ gates, clock: new VirtualClock() });

  it('has one report of each gate, in their order', async () => {
    expect(await surveyOf(IMMEDIATE, passing('a'), blocking('b'), MANUAL).survey(NOW, signal)).toMatchObject([
      { gate: 'immediate', verdict: 'pass' },
      { gate: 'a', verdict: 'pass', reason: 'fine' },
      { gate: 'b', verdict: 'block', nextAt: 9 },
      { gate: 'manual', verdict: 'block' },
    ]);
    expect(await surveyOf().survey(NOW, signal)).toEqual([]);
  });

  it('keeps the reports of the others when a gate throws, and says which kind of error it was', async () => {
    const broken = gateOf('broken', () => {
      throw new TypeError('x is\nundefined');
    });
    const reports = await surveyOf(passing('a'), throwing('bus'), broken, blocking('b')).survey(NOW, signal);
    expect(reports).toEqual([
      { gate: 'a', verdict: 'pass', reason: 'fine', label: 'uptime' },
      { gate: 'bus', verdict: 'unknown', reason: 'the bus is gone', label: 'bus_closed' },
      { gate: 'broken', verdict: 'unknown', reason: 'x is undefined', label: 'internal' },
      { gate: 'b', verdict: 'block', reason: 'not yet', label: 'uptime', nextAt: 9 },
    ]);
  });

  it('asks all at once: none waits for another', async () => {
    const asked: string[] = [];
    const first = Promise.withResolvers<GateReport>();
    const surveyed = surveyOf(
      answering('first', () => {
        asked.push('first');
        return first.promise;
      }),
      answering('second', () => {
        asked.push('second');
        first.resolve(pass('first', 'uptime', ''));
        return pass('second', 'uptime', '');
      }),
    ).survey(NOW, signal);
    expect(asked).toEqual(['first', 'second']);
    expect((await surveyed).map((report) => report.gate)).toEqual(['first', 'second']);
  });

  it.each([
    ['heeds its signal', (ended: string[]) => hanging('slow', ended), ['slow']],
    ['ignores its signal', () => deaf('slow'), []],
  ])(
    'a gate that hangs and %s is unknown at its limit, and the others have answered',
    async (_how, make, ends) => {
      const clock = new VirtualClock();
      const ended: string[] = [];
      let reports: readonly GateReport[] | undefined;
      const surveyed = new Survey({ gates: [make(ended), blocking('b'), throwing('t')], clock })
        .survey(NOW, signal)
        .then((result) => void (reports = result));
      await clock.advance(GATE_LIMIT_MS - 1);
      expect(reports).toBeUndefined();
      expect(clock.sleepers).toBe(1);
      await clock.advance(1);
      await surveyed;
      expect(reports).toEqual([
        { gate: 'slow', verdict: 'unknown', reason: 'slow took longer than 45 s', label: 'effect_timeout' },
        { gate: 'b', verdict: 'block', reason: 'not yet', label: 'uptime', nextAt: 9 },
        { gate: 't', verdict: 'unknown', reason: 'the bus is gone', label: 'bus_closed' },
      ]);
      expect(ended).toEqual(ends);
    },
  );

  it('gives its gates less than the loop gives the whole effect', () => {
    expect(GATE_LIMIT_MS).toBeLessThan(limitMsOf('survey'));
  });

  it('leaves no timer behind and no listener on the signal of its caller', async () => {
    const clock = new VirtualClock();
    const life = new AbortController();
    await new Survey({ gates: [passing('a'), throwing('b')], clock }).survey(NOW, life.signal);
    expect(clock.sleepers).toBe(0);
    expect(getEventListeners(life.signal, 'abort')).toEqual([]);
  });

  it.each([
    ['a gate that heeds it', (ended: string[]) => hanging('slow', ended), ['slow']],
    ['a gate that does not', () => deaf('slow'), []],
  ])('rejects at once when its signal ends, with %s', async (_how, make, ends) => {
    const clock = new VirtualClock();
    const life = new AbortController();
    const ended: string[] = [];
    const surveyed = new Survey({ gates: [passing('a'), make(ended)], clock }).survey(NOW, life.signal);
    await settle();
    life.abort();
    await expect(surveyed).rejects.toBeInstanceOf(CancelledError);
    expect(ended).toEqual(ends);
    expect(clock.sleepers).toBe(0);
    expect(clock.monotonic()).toBe(0);
  });

  it('asks nobody when its signal has ended before', async () => {
    let asked = 0;
    const counting = answering('a', () => {
      asked += 1;
      return pass('a', 'uptime', '');
    });
    const given = new Error('the agent stops');
    const surveyed = surveyOf(counting).survey(NOW, AbortSignal.abort(given));
    await expect(surveyed).rejects.toBeInstanceOf(CancelledError);
    await expect(surveyed).rejects.toMatchObject({ cause: given });
    expect(asked).toBe(0);
  });

  it('tells every gate the same question', async () => {
    const heard: GateQuestion[] = [];
    const listening = (name: string): Gate =>
      gateOf(name, async (asked) => {
        heard.push(asked);
        return pass(name, 'uptime', '');
      });
    await surveyOf(listening('a'), listening('b')).survey(NOW, signal);
    expect(heard).toEqual([NOW, NOW]);
  });

  it('says the same of each gate, whatever the others do and in whatever order they stand', async () => {
    const kinds = { passing, blocking, throwing, hanging, deaf };
    const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 6 });
    const drawn = names.chain((chosen) =>
      fc.tuple(
        fc.constant(chosen),
        fc.array(fc.constantFrom('passing', 'blocking', 'throwing', 'hanging', 'deaf'), {
          minLength: chosen.length,
          maxLength: chosen.length,
        }),
        fc.shuffledSubarray(chosen, { minLength: chosen.length }),
      ),
    );
    const surveyed = async (gates: Gate[]) => {
      const clock = new VirtualClock();
      const reports = new Survey({ gates, clock }).survey(NOW, signal);
      await clock.advance(GATE_LIMIT_MS);
      return await reports;
    };
    await fc.assert(
      fc.asyncProperty(drawn, async ([chosen, behaviours, shuffled]) => {
        const made = new Map(chosen.map((name, index) => [name, kinds[behaviours[index]!](name)]));
        const reports = await surveyed(shuffled.map((name) => made.get(name)!));
        expect(reports.map((report) => report.gate)).toEqual(shuffled);
        for (const report of reports) {
          expect(await surveyed([made.get(report.gate)!])).toEqual([report]);
        }
      }),
      { numRuns: 60 },
    );
  });
});
