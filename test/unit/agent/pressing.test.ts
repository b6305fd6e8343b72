/** What requests make a machine do that rests, and that they leave a busy one alone. */
import { describe, expect, it } from 'vitest';
import type { Pending } from '../../../src/agent/pending-request.ts';
import { doubted, pressed } from '../../../src/agent/pressing.ts';
import { EMPTY_RECORD } from '../../../src/agent/record.ts';
import { done } from '../../../src/agent/request-outcomes.ts';
import type { Wish } from '../../../src/agent/requests.ts';
import type { AgentState, Model } from '../../../src/agent/state.ts';
import {
  atStaged,
  available,
  FINALIZED,
  memoryOf,
  REBOOT_PENDING,
  SWITCHED_OFF,
} from '../../support/agent-states.ts';
import { deployment, host, payloadOf, POLICY, staged } from '../../support/samples.ts';

const NOW = { at: 1_000_000, mono: 500_000 };
const CHECK: Wish = { kind: 'check' };
const STAGE: Wish = { kind: 'stage', ignoreRollout: false };
const REBOOT: Wish = { kind: 'reboot', overrides: [] };

function pending(wish: Wish, changes: Partial<Pending> = {}): Pending {
  return { request: { id: `t-${wish.kind}`, by: { uid: 0 }, wish }, begun: false, ...changes };
}

function after(state: AgentState, ...requests: readonly Pending[]): Model {
  return pressed({ state, memory: memoryOf({ requests }) }, NOW, POLICY);
}

const begun = ({ memory }: Model): string[] =>
  memory.requests.filter((each) => each.begun).map(({ request }) => request.wish.kind);

const polling = (step: 'rest' | 'refresh' | 'check' | 'discard'): AgentState => ({
  name: 'NoNewUpdate',
  step,
});
const starting = (step: 'rest' | 'read'): AgentState => ({ name: 'StartState', step, dueMono: 9_000_000 });

describe('a check, or staging', () => {
  it.each([CHECK, STAGE])('makes a node that rests look and check at once: $kind', (wish) => {
    const resting = after(polling('rest'), pending(wish));
    expect(resting.state).toEqual(polling('refresh'));
    expect(resting.memory.check.dueMono).toBe(NOW.mono);
    expect(begun(resting)).toEqual([wish.kind]);
    const trying = after(available(), pending(wish));
    expect(trying.state).toEqual(available({ step: 'refresh', dueMono: NOW.mono }));
    expect(trying.memory.check.dueMono).toBe(NOW.mono);
    const waiting = after(atStaged(), pending(wish));
    expect(waiting.state).toEqual(atStaged({ step: 'refresh', dueMono: NOW.mono }));
    expect(begun(waiting)).toEqual([wish.kind]);
  });

  it.each<[string, AgentState]>([
    ['reading the deployments', polling('refresh')],
    ['asking the server', polling('check')],
    ['dropping a leftover', polling('discard')],
    ['between two attempts to stage', available({ step: 'refresh' })],
    ['asking about what is being staged', available({ step: 'check' })],
    ['looking at what is staged', atStaged({ step: 'refresh' })],
    ['asking about what is staged', atStaged({ step: 'check' })],
  ])('is what the node is at already: %s', (_what, state) => {
    const model = after(state, pending(CHECK));
    expect(model.state).toEqual(state);
    expect(model.memory.check.dueMono).toBe(NOW.mono);
    expect(begun(model)).toEqual(['check']);
  });

  it.each<[string, AgentState]>([
    ['reading for the first time', starting('read')],
    ['telling lenders that it is up', { name: 'Initialized' }],
    ['staging', available({ step: 'stage' })],
    ['following a transaction', available({ step: 'follow' })],
    ['dropping', available({ step: 'discard' })],
    ['on the way to the reboot', atStaged({ step: 'ask' })],
    ['about to finalize', atStaged({ step: 'finalize' })],
    ['dropping what was staged', atStaged({ step: 'discard' })],
  ])('waits while the node is %s', (_what, state) => {
    const model = after(state, pending(CHECK));
    expect(model.state).toEqual(state);
    expect(model.memory.check.dueMono).not.toBe(NOW.mono);
    expect(begun(model)).toEqual([]);
  });

  it('has the first reading tried again at once', () => {
    const model = after(starting('rest'), pending(CHECK));
    expect(model.state).toEqual({ ...starting('rest'), dueMono: NOW.mono });
    expect(begun(model)).toEqual(['check']);
  });

  it.each([FINALIZED, REBOOT_PENDING, SWITCHED_OFF])(
    'changes nothing that is past it: $name $cause',
    (state) => {
      const model = after(state, pending(CHECK));
      expect(model.state).toEqual(state);
      expect(begun(model)).toEqual(['check']);
    },
  );
});

describe('a reboot', () => {
  it('makes a node that rests with a staged release look again at once, and asks no server for it', () => {
    const model = after(atStaged(), pending(REBOOT));
    expect(model.state).toEqual(atStaged({ step: 'refresh', dueMono: NOW.mono }));
    expect(model.memory.check.dueMono).not.toBe(NOW.mono);
    expect(begun(model)).toEqual(['reboot']);
  });

  it('becomes the attempt that is under way', () => {
    for (const step of ['ask', 'sessions', 'acquire', 'finalize', 'refresh'] as const) {
      const model = after(atStaged({ step }), pending(REBOOT));
      expect(model.state).toEqual(atStaged({ step }));
      expect(begun(model)).toEqual(['reboot']);
    }
  });

  it('has nothing to do with a node that polls, and ends as that rests', () => {
    const model = after(polling('rest'), pending(REBOOT));
    expect(model.state).toEqual(polling('rest'));
    expect(begun(model)).toEqual(['reboot']);
  });

  it('waits while a release is being staged', () => {
    expect(begun(after(available(), pending(REBOOT)))).toEqual([]);
  });
});

describe('a reboot into what no check has named', () => {
  const OURS = memoryOf({
    host: host([staged('2.0'), deployment('1.0', { booted: true })]),
    record: { ...EMPTY_RECORD, staged: { version: '2.0', payload: payloadOf('2.0') } },
  });
  const beside = (...requests: readonly Pending[]) =>
    pressed({ state: polling('rest'), memory: { ...OURS, requests } }, NOW, POLICY);

  it('is taken up once, for that request alone', () => {
    const model = beside(pending(CHECK), pending(REBOOT));
    expect(model.state).toMatchObject({ name: 'UpdateStaged', step: 'refresh' });
    expect(model.memory.requests).toEqual([
      pending(CHECK, { begun: true }),
      pending(REBOOT, { begun: true, takenUp: true }),
    ]);
    const again = beside(pending(REBOOT, { begun: true, takenUp: true }));
    expect(again.state).toEqual(polling('rest'));
  });

  it('is taken up also where the machine had gone about the request before it knew what is staged', () => {
    const model = beside(pending(REBOOT, { begun: true }));
    expect(model.state).toMatchObject({ name: 'UpdateStaged', step: 'refresh' });
    expect(model.memory.requests).toEqual([pending(REBOOT, { begun: true, takenUp: true })]);
  });

  it('asks the server first where one answer did not offer it, as soon as that wants to be asked', () => {
    const dueMono = (notBefore: number | undefined) => {
      const check = {
        ...OURS.check,
        unoffered: 1,
        notBefore: notBefore === undefined ? undefined : { at: 0, mono: notBefore },
      };
      return doubted({ ...OURS, check }, NOW.mono).check.dueMono;
    };
    expect(dueMono(undefined)).toBe(NOW.mono);
    expect(dueMono(NOW.mono - 5000)).toBe(NOW.mono);
    expect(dueMono(NOW.mono + 5000)).toBe(NOW.mono + 5000);
    expect(doubted(OURS, NOW.mono)).toBe(OURS);
  });
});

describe('requests', () => {
  it('each wake the machine once', () => {
    const model = after(polling('rest'), pending(CHECK, { begun: true }));
    expect(model.state).toEqual(polling('rest'));
  });

  it('that wait for the disk wake nothing', () => {
    const outcome = done('', { changed: true });
    const written = { before: { holds: [], adminDenials: [], denials: [], attempts: [] }, outcome };
    const model = after(polling('rest'), pending({ kind: 'allow', release: '2' }, { written }));
    expect(model.state).toEqual(polling('rest'));
    expect(begun(model)).toEqual([]);
  });

  it('are gone about side by side, each as far as it can be', () => {
    const model = after(atStaged({ step: 'ask' }), pending(CHECK), pending(REBOOT));
    expect(model.state).toEqual(atStaged({ step: 'ask' }));
    expect(begun(model)).toEqual(['reboot']);
    expect(begun(after(atStaged(), pending(CHECK), pending(REBOOT)))).toEqual(['check', 'reboot']);
  });

  it('that are none leave the machine as it is', () => {
    const model: Model = { state: polling('rest'), memory: memoryOf() };
    expect(pressed(model, NOW, POLICY)).toBe(model);
  });
});
