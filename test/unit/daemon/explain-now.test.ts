/** Explanations on demand: who shares a look, and what a look does. */
import { describe, expect, it } from 'vitest';

import type { Override } from '../../../src/agent/overrides.ts';
import type { ExplainedReport, GateQuestion, Session } from '../../../src/agent/ports.ts';
import { CancelledError } from '../../../src/errors.ts';
import { ExplainNow, MOST_LOOKS, SHARED_MS } from '../../../src/daemon/explain-now.ts';
import { OPEN } from '../../../src/gates/timing.ts';
import { pass } from '../../../src/gates/verdict.ts';
import { checkResult, deployment, POLICY, release } from '../../support/samples.ts';
import { SimulatedNode } from '../../support/simulated-node.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const NEVER = new AbortController().signal;
const PASSES: readonly ExplainedReport[] = [{ report: pass('x', 'immediate', ''), ...OPEN }];

class Host {
  readonly clock = new VirtualClock();
  readonly node = new SimulatedNode(
    { check: () => checkResult({ kind: 'update', release: release('2.0') }) },
    [deployment('1.0', { booted: true })],
  );
  readonly asked: GateQuestion[] = [];
  readonly ended: string[] = [];
  readonly open: (() => void)[] = [];
  listed = 0;
  people: readonly Session[] | Error = [];
  /** Looks end only when a test says so. */
  isSlow = false;

  readonly explainer = new ExplainNow({
    model: () => this.node.model,
    configured: () => ({
      policy: POLICY,
      survey: { explain: (question, signal) => this.#survey(question, signal) },
      sessions: { list: () => this.#list() },
    }),
    clock: this.clock,
  });

  explain(overrides: readonly Override[] = [], signal = NEVER, exempt?: number) {
    return this.explainer.explain(overrides, signal, exempt);
  }

  #survey(question: GateQuestion, signal: AbortSignal): Promise<readonly ExplainedReport[]> {
    this.asked.push(question);
    const answer = Promise.withResolvers<readonly ExplainedReport[]>();
    signal.addEventListener('abort', () => {
      this.ended.push(question.overrides?.join(',') ?? '');
      answer.reject(new CancelledError('given up'));
    });
    this.open.push(() => answer.resolve(PASSES));
    if (!this.isSlow) {
      answer.resolve(PASSES);
    }
    return answer.promise;
  }

  #list(): Promise<readonly Session[]> {
    this.listed += 1;
    return this.people instanceof Error ? Promise.reject(this.people) : Promise.resolve(this.people);
  }
}

describe('an explanation on demand', () => {
  it('asks every gate about the deployments as the machine has them, and who is logged in', async () => {
    const host = new Host();
    host.node.runUntil(({ stateName }) => stateName === 'UpdateStaged');
    host.people = [{ user: 'core', tty: 'pts/0' }];
    const { gates, release: version } = await host.explain(['window']);
    expect(host.asked).toEqual([
      {
        at: host.clock.now(),
        booted: host.node.model.memory.host?.booted,
        staged: host.node.model.memory.host?.staged,
        overrides: ['window'],
      },
    ]);
    expect(version).toBe('2.0');
    expect(gates.find(({ gate }) => gate === 'people')?.verdict).toBe('block');
    expect(gates.find(({ gate }) => gate === 'x')?.verdict).toBe('pass');
  });

  it('goes on where nobody can tell who is logged in', async () => {
    const host = new Host();
    host.people = new Error('no answer');
    const { gates } = await host.explain();
    expect(gates.find(({ gate }) => gate === 'people')?.verdict).toBe('unknown');
  });

  it('is shared by the callers of one second, in whatever order they name what they override', async () => {
    const host = new Host();
    const first = await host.explain(['window', 'hold']);
    await host.clock.advance(SHARED_MS - 1);
    expect(await host.explain(['hold', 'window', 'hold'])).toBe(first);
    expect(host.asked).toHaveLength(1);
    await host.clock.advance(1);
    expect(await host.explain(['window', 'hold'])).not.toBe(first);
    expect(host.asked).toHaveLength(2);
    await host.explain([]);
    expect(host.asked).toHaveLength(3);
  });

  it('is shared while it is made', async () => {
    const host = new Host();
    host.isSlow = true;
    const callers = [host.explain(), host.explain(), host.explain()];
    host.open[0]!();
    const [first, ...others] = await Promise.all(callers);
    expect(others).toEqual([first, first]);
    expect(host.asked).toHaveLength(1);
    expect(host.listed).toBe(1);
  });

  it('one caller who leaves takes nothing from the others; the last one ends the look', async () => {
    const host = new Host();
    host.isSlow = true;
    const leaving = new AbortController();
    const last = new AbortController();
    const gone = host.explain([], leaving.signal);
    const stays = host.explain([], last.signal);
    leaving.abort();
    await expect(gone).rejects.toBeInstanceOf(CancelledError);
    expect(host.ended).toEqual([]);
    last.abort();
    await expect(stays).rejects.toBeInstanceOf(CancelledError);
    expect(host.ended).toEqual(['']);
    // Whoever comes next gets a look of their own.
    host.isSlow = false;
    await settle();
    expect((await host.explain()).stage).toBe('none');
    expect(host.asked).toHaveLength(2);
  });

  it('does not look for somebody who has left already', async () => {
    const host = new Host();
    await expect(host.explain([], AbortSignal.abort())).rejects.toBeInstanceOf(CancelledError);
    expect(host.asked).toEqual([]);
  });

  it('runs only so many looks at once, and the others after them', async () => {
    const host = new Host();
    host.isSlow = true;
    const words: Override[] = ['window', 'splay', 'freeze', 'hold', 'uptime', 'marker'];
    const answers = words.map((word) => host.explain([word]));
    await settle();
    expect(host.asked).toHaveLength(MOST_LOOKS);
    host.open[1]!();
    await answers[1];
    await settle();
    expect(host.asked).toHaveLength(MOST_LOOKS + 1);
    host.isSlow = false;
    host.open.forEach((open) => open());
    const all = await Promise.all(answers);
    expect(all).toHaveLength(words.length);
    expect(host.asked).toHaveLength(words.length);
  });

  it('who waits for a turn may leave', async () => {
    const host = new Host();
    host.isSlow = true;
    const words: Override[] = ['window', 'splay', 'freeze', 'hold'];
    words.forEach((word) => void host.explain([word]));
    const leaving = new AbortController();
    const waiting = host.explain(['uptime'], leaving.signal);
    leaving.abort();
    await expect(waiting).rejects.toBeInstanceOf(CancelledError);
    expect(host.asked).toHaveLength(MOST_LOOKS);
  });
});

describe('a hold', () => {
  const hold = (host: Host, uid: number): void =>
    host.node.request({ id: `t-${uid}`, by: { uid }, wish: { kind: 'hold', what: 'reboot', reason: '' } });

  it('that came since the last look is seen at once, within the same second', async () => {
    const host = new Host();
    const before = await host.explain();
    hold(host, 1000);
    expect(await host.explain()).not.toBe(before);
    expect(host.asked.map(({ holds = [] }) => holds.length)).toEqual([0, 1]);
  });

  it('of whoever would ask for the reboot does not count, and others do not share that look', async () => {
    const host = new Host();
    hold(host, 1000);
    hold(host, 1001);
    const own = await host.explain([], NEVER, 1000);
    expect(await host.explain([], NEVER, 1000)).toBe(own);
    expect(await host.explain()).not.toBe(own);
    expect(host.asked.map(({ holds = [] }) => holds.map(({ by }) => by.uid))).toEqual([[1001], [1000, 1001]]);
  });
});
