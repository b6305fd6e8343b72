/** A cancel between two effects: of one request, which ends what that one has begun and nothing else; and of all. */
import { describe, expect, it } from 'vitest';
import type { Pending } from '../../../src/agent/pending-request.ts';
import { requested } from '../../../src/agent/requested.ts';
import type { Wish } from '../../../src/agent/requests.ts';
import type { AgentState } from '../../../src/agent/state.ts';
import { atStaged, available, memoryOf, POLLING } from '../../support/agent-states.ts';
import { POLICY } from '../../support/samples.ts';

const NOW = { at: 1_000_000, mono: 500_000 };
const CHECK: Wish = { kind: 'check' };
const STAGE: Wish = { kind: 'stage', ignoreRollout: false };
const REBOOT: Wish = { kind: 'reboot', overrides: [] };
const STAGING = available({ step: 'stage', dueMono: 0 });

const pending = (wish: Wish, changes: Partial<Pending> = {}): Pending => ({
  request: { id: `t-${wish.kind}`, by: { uid: 0 }, wish },
  begun: true,
  ...changes,
});

/** `wish` undefined: all requests. */
function cancelled(
  wish: Wish | undefined,
  state: AgentState,
  requests: readonly Pending[] = wish === undefined ? [] : [pending(wish)],
) {
  const before = { state, memory: memoryOf({ requests }) };
  const { model, happenings } = requested(before, NOW, POLICY, {
    id: 't-cancel',
    by: { uid: 1 },
    wish: { kind: 'cancel', ...(wish !== undefined && { request: `t-${wish.kind}` }) },
  });
  const outcomes = happenings.flatMap((one) =>
    one.kind === 'request-ended' ? [[one.request.id, one.outcome] as const] : [],
  );
  return { state: model.state, waiting: model.memory.requests, outcomes: new Map(outcomes) };
}

const textOf = ({ outcomes }: ReturnType<typeof cancelled>) => outcomes.get('t-cancel')?.text;

describe('to stage', () => {
  it('has the release tried again later on the terms of the configuration', () => {
    const after = cancelled(STAGE, STAGING);
    const dueMono = NOW.mono + POLICY.retryIntervalMs;
    expect(after.state).toMatchObject({ name: 'UpdateAvailable', step: 'rest', dueMono });
    expect(after.outcomes.get('t-stage')).toMatchObject({ kind: 'refused', error: 'Cancelled' });
    expect(after.outcomes.get('t-cancel')).toMatchObject({
      kind: 'done',
      text: '2.0 is not being staged for now',
      release: '2.0',
      cancelled: [pending(STAGE).request],
    });
    expect(after.waiting).toEqual([]);
  });

  it("leaves a release alone that is staged on the person's terms", () => {
    const after = cancelled(STAGE, { ...STAGING, terms: { ignoreRollout: true } });
    expect(after.state).toEqual(POLLING);
  });

  it('lets go on what is being dropped', () => {
    const dropping = available({ step: 'discard' });
    expect(cancelled(STAGE, dropping).state).toEqual(dropping);
  });

  it('is about no release where the machine stages none, or has not gone about it', () => {
    const polling = cancelled(STAGE, POLLING);
    expect(polling.state).toEqual(POLLING);
    expect(polling.outcomes.get('t-cancel')).not.toHaveProperty('release');
    expect(textOf(polling)).toBe('the stage is cancelled; what the node does by itself goes on');
    const early = cancelled(STAGE, STAGING, [pending(STAGE, { begun: false })]);
    expect(early.state).toEqual(STAGING);
    expect(early.outcomes.get('t-cancel')).not.toHaveProperty('release');
  });
});

describe('to check', () => {
  it.each([STAGING, POLLING, atStaged({ step: 'ask' }), atStaged({ step: 'acquire' })])(
    'changes nothing of what the node is at: $name $step',
    (state) => {
      const after = cancelled(CHECK, state);
      expect(after.state).toEqual(state);
      expect(textOf(after)).toBe('the check is cancelled; what the node does by itself goes on');
    },
  );
});

describe('to reboot', () => {
  it('starts the attempt under way over', () => {
    const after = cancelled(REBOOT, atStaged({ step: 'ask' }));
    expect(after.state).toEqual(atStaged({ step: 'rest', dueMono: NOW.mono }));
    expect(after.outcomes.get('t-reboot')).toMatchObject({ error: 'Cancelled' });
  });
});

describe('of one among several', () => {
  it('is about that one, whatever their order', () => {
    const requests = [pending(CHECK), pending(STAGE), pending(REBOOT)];
    const after = cancelled(STAGE, STAGING, requests);
    expect(textOf(after)).toBe('2.0 is not being staged for now');
    expect(after.state).toMatchObject({ name: 'UpdateAvailable', step: 'rest' });
    const ofCancel = [...after.outcomes].filter(([, { text }]) => text === 'by request t-cancel');
    expect(ofCancel.map(([id]) => id)).toEqual(['t-stage']);
  });
});

describe('of all', () => {
  const RESTING = available({ step: 'rest' });

  it('ends the staging of a release that rests only where a person is behind it', () => {
    const own = cancelled(undefined, RESTING);
    expect(own.state).toEqual(RESTING);
    expect(own.outcomes.get('t-cancel')).toMatchObject({ kind: 'done', changed: false });
    const asked = cancelled(undefined, { ...RESTING, terms: { ignoreRollout: true } });
    expect(asked.state).toEqual(POLLING);
    expect(asked.outcomes.get('t-cancel')).toMatchObject({ changed: true, release: '2.0', cancelled: [] });
    const checking = cancelled(undefined, RESTING, [pending(CHECK)]);
    expect(checking.state).toMatchObject({ step: 'rest', dueMono: NOW.mono + POLICY.retryIntervalMs });
    expect(checking.outcomes.get('t-cancel')).toMatchObject({ release: '2.0' });
    const cut = cancelled(undefined, { ...RESTING, isCut: true });
    expect(cut.outcomes.get('t-cancel')).toMatchObject({ changed: true, release: '2.0' });
  });

  it('lets go on what is being dropped', () => {
    const dropping = available({ step: 'discard' });
    expect(cancelled(undefined, dropping).state).toEqual(dropping);
  });
});
