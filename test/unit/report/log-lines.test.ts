import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/agent/messages.ts';
import { linesOf } from '../../../src/report/log-lines.ts';
import { initialModel, MOST_KINDS, type Model } from '../../../src/agent/state.ts';
import { advance } from '../../../src/agent/advance.ts';
import { bootedOn, checkResult, POLICY } from '../../support/samples.ts';

describe('the words that people and tests look for', () => {
  const of = (...[happening]: Parameters<typeof linesOf>) => linesOf(happening).map(({ text }) => text);

  it.each([
    [1, 'Found 1 possible update target present in denylist; ignoring'],
    [2, 'Found 2 possible update targets present in denylist; ignoring'],
  ])('diff 3: %d ignored', (count, text) => {
    expect(of({ kind: 'targets-ignored', count, repeated: false })).toEqual([text]);
  });

  it('diff 10: a booted release that the graph does not know', () => {
    expect(of({ kind: 'off-graph', booted: '1.0' })[0]).toContain(
      'booted deployment 1.0 not found in the update graph',
    );
  });

  it('diff 10: a deployment that cannot be finalized', () => {
    const failure = { kind: 'x', message: 'E' };
    expect(of({ kind: 'finalize-failed', failure, repeated: false })).toEqual([
      'failed to finalize deployment: E',
    ]);
  });
});

describe('how long something takes', () => {
  it.each([
    [0, '0 s'],
    [40, '0 s'],
    [1600, '1.6 s'],
    [2000, '2 s'],
    [9949, '9.9 s'],
    [9999, '10 s'],
    [10_400, '10 s'],
    [300_000, '300 s'],
  ])('%d ms are told as %s', (forMs, told) => {
    expect(linesOf({ kind: 'waiting', state: 'StartState', forMs })).toEqual([
      { level: 'debug', text: `StartState: waiting ${told}` },
    ]);
  });
});

describe('update checks that fail', () => {
  const START: Model = {
    state: { name: 'NoNewUpdate', step: 'check' },
    memory: {
      ...initialModel().memory,
      host: bootedOn('1.0'),
      driver: { registered: true, dueMono: 0, streak: undefined },
      steady: { owed: false, dueMono: 0, streak: undefined },
    },
  };
  const CHECK = advance(
    {
      model: { ...START, state: { name: 'NoNewUpdate', step: 'refresh' } },
      effect: { kind: 'read-status', mode: 'cached' },
    },
    { event: { kind: 'status-read', status: bootedOn('1.0') }, at: 0, mono: 0, roll: 0 },
    POLICY,
  ).effect;

  /** The lines above debug level for each answer, one a second. Undefined means an answer without a fault. */
  function told(answers: readonly (Failure | undefined)[]): string[][] {
    let model = START;
    return answers.map((failure, n) => {
      const occurrence = {
        event:
          failure === undefined
            ? ({ kind: 'checked', result: checkResult({ kind: 'no-update' }) } as const)
            : ({ kind: 'check-failed', failure } as const),
        at: n * 1000,
        mono: n * 1000,
        roll: 0,
      };
      const after = advance({ model, effect: CHECK }, occurrence, POLICY);
      const lines = after.happenings.flatMap(linesOf);
      model = { ...after.model, state: { name: 'NoNewUpdate', step: 'check' } };
      return lines.filter(({ level }) => level !== 'debug').map(({ level, text }) => `${level} ${text}`);
    });
  }

  it('are told once for each kind, whatever their order, until one works', () => {
    const a = { kind: 'a', message: 'A' };
    const b = { kind: 'b', message: 'B' };
    const said = (message: string) => [`error failed to check Cincinnati for updates: ${message}`];
    expect(told([a, b, a]).concat(told([a, b, undefined, a]).slice(3))).toEqual([
      said('A'),
      said('B'),
      [],
      said('A'),
    ]);
  });

  it('are told a few times at most by a server that names another kind in each answer', () => {
    const answers = Array.from({ length: 100 }, (_, n) => ({ kind: `kind${n}`, message: 'x' }));
    const errors = told(answers)
      .flat()
      .filter((line) => line.startsWith('error'));
    expect(errors).toHaveLength(MOST_KINDS);
  });

  it('say once when the server is asked again, where that is later than usual', () => {
    const later = { kind: 'a', message: 'A', retryAfterMs: 3_600_000 };
    expect(told([later, later]).flat()).toEqual([
      'error failed to check Cincinnati for updates: A',
      'info the update server is asked again at Thu 1970-01-01 01:00:00 UTC',
    ]);
  });
});
