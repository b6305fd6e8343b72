/** What the takers of requests share: what they look at, and what they do to a machine. */
import { describe, expect, it } from 'vitest';
import type { Happening } from '../../../src/agent/happenings.ts';
import type { Pending } from '../../../src/agent/pending-request.ts';
import { EMPTY_RECORD, plain } from '../../../src/agent/record.ts';
import { done } from '../../../src/agent/request-outcomes.ts';
import type { Wish } from '../../../src/agent/requests.ts';
import type { AgentState, Memory, Model } from '../../../src/agent/state.ts';
import {
  again,
  isName,
  toDiscard,
  withoutDenied,
  withoutRequests,
  withoutStaging,
  written,
  type Scene,
} from '../../../src/agent/taking.ts';
import {
  atStaged,
  available,
  FINALIZED,
  memoryOf,
  POLLING,
  REBOOT_PENDING,
  SWITCHED_OFF,
} from '../../support/agent-states.ts';
import { deployment, host, POLICY, release, staged } from '../../support/samples.ts';
import { NOW } from '../../support/taken.ts';

const V2 = release('2.0', 2);
const BOOTED = deployment('1.0', { booted: true });
const STAGE: Wish = { kind: 'stage', ignoreRollout: false };
const REBOOT: Wish = { kind: 'reboot', overrides: [] };

function pending(wish: Wish): Pending {
  return { request: { id: `t-${wish.kind}`, by: { uid: 0 }, wish }, begun: true };
}

function sceneOf(state: AgentState, memory: Partial<Memory> = {}): Scene & { readonly told: Happening[] } {
  const told: Happening[] = [];
  const model: Model = { state, memory: memoryOf(memory) };
  const request = { id: 't-9', by: { uid: 0 }, wish: { kind: 'cancel' } } as const;
  return { model, now: NOW, policy: POLICY, request, tell: (happening) => void told.push(happening), told };
}

describe('a name of a release', () => {
  it('is printable, and neither empty nor long', () => {
    expect(isName('43.20260413.3.2')).toBe(true);
    expect(isName('x'.repeat(256))).toBe(true);
    expect(isName('x'.repeat(257))).toBe(false);
    expect(isName('')).toBe(false);
    expect(isName('a\u0007')).toBe(false);
  });
});

describe('what can be discarded', () => {
  it('is the release that is staged, or being staged', () => {
    expect(toDiscard(sceneOf(atStaged()).model)).toEqual(V2);
    expect(toDiscard(sceneOf(available()).model)).toEqual(V2);
  });

  it('is what this agent left staged before', () => {
    const ours = host([staged('3.0'), BOOTED]);
    expect(toDiscard(sceneOf(POLLING, { host: ours }).model)).toEqual(plain(release('3.0')));
  });

  it('is nothing where nothing is staged, or by somebody else, or what cannot be compared', () => {
    const theirs = host([staged('3.0', { finalizationLocked: false }), BOOTED]);
    const built = host([staged('3.0', { payload: undefined }), BOOTED]);
    for (const on of [undefined, host([BOOTED]), theirs, built]) {
      expect(toDiscard(sceneOf(POLLING, { host: on }).model)).toBeUndefined();
    }
  });
});

describe('a record that a request changes', () => {
  const denials = [{ ...V2, reason: 'rolled-back', sinceAt: 1, strikes: 1 }] as const;
  const record = { ...EMPTY_RECORD, denials };
  const kept = {
    holds: [],
    adminDenials: [{ release: '3', by: { uid: 0 }, reason: '', sinceAt: 1 }],
    denials,
    attempts: [],
  };
  const outcome = done('it is kept', { changed: true });

  it('is written at once, and remembers what it was', () => {
    const scene = sceneOf(POLLING, {
      record,
      save: { due: false, dueMono: 0, streak: undefined },
    });
    const { memory } = written(scene.model, kept, outcome, scene);
    expect(memory.record).toEqual({ ...record, adminDenials: kept.adminDenials });
    expect(memory.save).toMatchObject({ due: true, dueMono: NOW.mono });
    const before = { holds: [], adminDenials: [], denials, attempts: [] };
    expect(memory.requests).toEqual([{ request: scene.request, begun: false, written: { before, outcome } }]);
    expect(written(scene.model, kept, outcome, scene, true).memory.requests[0]?.begun).toBe(true);
  });

  it('keeps what the machine itself has denied meanwhile, unless the request is about that', () => {
    const scene = sceneOf(POLLING, { record });
    const moved: Model = {
      ...scene.model,
      memory: { ...scene.model.memory, record: { ...record, denials: [] } },
    };
    expect(written(moved, kept, outcome, scene).memory.record.denials).toEqual([]);
    const allowed = { ...kept, denials: [...denials, ...denials] };
    expect(written(moved, allowed, outcome, scene).memory.record.denials).toEqual(allowed.denials);
  });
});

describe('an attempt to reboot', () => {
  it('that begins anew says what it takes back', () => {
    const asked = { ...plain(V2), at: 1, bootId: 'boot-1' };
    const scene = sceneOf(atStaged({ step: 'finalize' }), { record: { ...EMPTY_RECORD, asked } });
    const { state, memory } = again(scene.model, 'hold h1 came', scene);
    expect(state).toMatchObject({ name: 'UpdateStaged', step: 'rest', dueMono: NOW.mono });
    expect(memory.record.asked).toBeUndefined();
    expect(scene.told).toEqual([{ kind: 'reboot-refused', target: asked, why: 'hold h1 came' }]);
  });
});

describe('a release on its way to the disk', () => {
  it('is left alone, and whoever asked for it is told', () => {
    const scene = sceneOf(available({ step: 'stage' }), { requests: [pending(STAGE), pending(REBOOT)] });
    const { state, memory } = withoutStaging(scene.model, scene);
    expect(state).toEqual(POLLING);
    expect(memory.requests).toEqual([pending(REBOOT)]);
    expect(scene.told).toMatchObject([
      {
        kind: 'request-ended',
        request: { id: 't-stage' },
        outcome: { error: 'Cancelled', text: 'by request t-9' },
      },
    ]);
  });

  it.each([available({ step: 'discard' }), atStaged(), POLLING])(
    'is not what is on disk, or is being dropped: $name $step',
    (state) => {
      const scene = sceneOf(state, { requests: [pending(STAGE)] });
      expect(withoutStaging(scene.model, scene)).toBe(scene.model);
      expect(scene.told).toEqual([]);
    },
  );
});

describe('requests that another one goes against', () => {
  it('are over, those of other kinds go on', () => {
    const scene = sceneOf(POLLING, { requests: [pending(STAGE), pending(REBOOT)] });
    expect(withoutRequests(scene.model, 'reboot', scene).memory.requests).toEqual([pending(STAGE)]);
    expect(scene.told).toHaveLength(1);
  });
});

describe('a release that was denied just now', () => {
  const after = (state: AgentState): AgentState => {
    const scene = sceneOf(state);
    return withoutDenied(scene.model, scene, V2).state;
  };

  it('is looked at again where it is staged, and left alone where it is not yet', () => {
    expect(after(atStaged({ step: 'ask' }))).toEqual(atStaged({ dueMono: NOW.mono }));
    expect(after(available({ step: 'stage' }))).toEqual(POLLING);
  });

  it('is looked for at once by a node that polls', () => {
    expect(after(POLLING)).toEqual({ name: 'NoNewUpdate', step: 'refresh' });
    expect(after({ name: 'NoNewUpdate', step: 'check' })).toEqual({ name: 'NoNewUpdate', step: 'check' });
    const off = { name: 'OffGraph', since: { at: 1, mono: 1 } } as const;
    expect(after({ ...off, step: 'rest' })).toEqual({ ...off, step: 'refresh' });
  });

  it.each<AgentState>([
    { name: 'StartState', step: 'rest', dueMono: 0 },
    { name: 'Initialized' },
    FINALIZED,
    REBOOT_PENDING,
    SWITCHED_OFF,
  ])('changes nothing else: $name $cause', (state) => {
    expect(after(state)).toEqual(state);
  });
});
