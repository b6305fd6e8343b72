/** How requests end that nothing else ends: when the machine rests, and when the disk has what they changed. */
import { describe, expect, it } from 'vitest';
import type { Happening } from '../../../src/agent/happenings.ts';
import type { Pending } from '../../../src/agent/pending-request.ts';
import { EMPTY_RECORD } from '../../../src/agent/record.ts';
import { afterHappenings, atRest } from '../../../src/agent/request-ends.ts';
import { done } from '../../../src/agent/request-outcomes.ts';
import type { Outcome, Wish } from '../../../src/agent/requests.ts';
import type { AgentState, Memory } from '../../../src/agent/state.ts';
import {
  atStaged,
  available,
  FINALIZED,
  memoryOf,
  POLLING,
  REBOOT_PENDING,
  SWITCHED_OFF,
} from '../../support/agent-states.ts';
import { REFUSED } from '../../support/asked-node.ts';
import { deployment, host } from '../../support/samples.ts';

const NOW = { at: 1_000_000, mono: 500_000 };
const CHECK: Wish = { kind: 'check' };
const STAGE: Wish = { kind: 'stage', ignoreRollout: false };
const REBOOT: Wish = { kind: 'reboot', overrides: [] };

function pending(wish: Wish, changes: Partial<Pending> = {}): Pending {
  return { request: { id: `t-${wish.kind}`, by: { uid: 0 }, wish }, begun: true, ...changes };
}

function outcomesOf(happenings: readonly Happening[]): Outcome[] {
  return happenings.flatMap((happening) => (happening.kind === 'request-ended' ? [happening.outcome] : []));
}

describe('a request that the machine has gone about', () => {
  const atRestIn = (state: AgentState, wish: Wish, memory: Partial<Memory> = {}): Outcome[] =>
    outcomesOf(atRest({ state, memory: memoryOf({ requests: [pending(wish)], ...memory }) }).happenings);

  it.each<[string, AgentState, Wish, unknown]>([
    ['a check, where updates are switched off by now', SWITCHED_OFF, CHECK, REFUSED('Disabled')],
    ['a reboot, where updates are switched off by now', SWITCHED_OFF, REBOOT, REFUSED('Disabled')],
    ['a check, where the reboot is on its way', FINALIZED, CHECK, REFUSED('TooLate')],
    ['a check, where the reboot is waited for', REBOOT_PENDING, CHECK, REFUSED('TooLate')],
    ['a reboot, where rpm-ostree is busy', atStaged(), REBOOT, REFUSED('Busy')],
    ['a reboot, where nothing is staged', POLLING, REBOOT, REFUSED('NotStaged')],
    ['a reboot, where the release is not staged yet', available(), REBOOT, REFUSED('NotStaged')],
    ['a check, where rpm-ostree is busy', POLLING, CHECK, REFUSED('Busy')],
    ['staging, where rpm-ostree is busy', available(), STAGE, REFUSED('Busy')],
  ])('ends at rest: %s', (_what, state, wish, outcome) => {
    expect(atRestIn(state, wish)).toEqual([outcome]);
  });

  it.each([CHECK, STAGE])('ends with the reason where no graph can know what is booted: $kind', (wish) => {
    const built = host([deployment('1.0', { booted: true, payload: undefined })]);
    expect(atRestIn(POLLING, wish, { host: built })).toEqual([REFUSED('NoUpdate')]);
  });

  it('ends where nobody knows yet what is booted', () => {
    expect(atRestIn({ name: 'StartState', step: 'rest', dueMono: 0 }, CHECK, { host: undefined })).toEqual([
      REFUSED('NoUpdate'),
    ]);
  });

  it('goes on only if it is the reboot for which a lender drains the node', () => {
    const holding = {
      by: 'lender',
      reason: 'the node is being drained',
      since: { at: 1, mono: 8_999_000 },
    } as const;
    const memory = memoryOf({ requests: [pending(CHECK), pending(REBOOT)] });
    const { memory: after, happenings } = atRest({ state: atStaged({ holding }), memory });
    expect(outcomesOf(happenings)).toEqual([REFUSED('Busy')]);
    expect(after.requests.map(({ request }) => request.wish)).toEqual([REBOOT]);
  });

  it('leaves a machine as it is that has gone about none', () => {
    const memory = memoryOf({ requests: [pending(CHECK, { begun: false })] });
    expect(atRest({ state: POLLING, memory }).memory).toBe(memory);
  });
});

describe('a request that waits for the disk', () => {
  const BEFORE = { holds: [], adminDenials: [], denials: [], attempts: [] };
  const HOLD = { id: 'h1', what: 'reboot', by: { uid: 0 }, reason: '', sinceAt: 1 } as const;
  const OUTCOME = done('reboots are held', { changed: true, hold: 'h1' });
  const HELD = pending(
    { kind: 'hold', what: 'reboot', reason: '' },
    { begun: false, written: { before: BEFORE, outcome: OUTCOME } },
  );
  const unwritten = { due: true, dueMono: 0, streak: undefined };
  const memory = memoryOf({
    record: { ...EMPTY_RECORD, holds: [HOLD] },
    save: unwritten,
    requests: [HELD],
  });
  const failing = (activity: 'save' | 'driver'): Happening => ({
    kind: 'failing',
    activity,
    failure: { kind: 'x', message: 'it failed' },
    repeated: false,
  });

  it('is taken back when the record cannot be written', () => {
    const { memory: after, happenings } = afterHappenings({ state: POLLING, memory }, [failing('save')], NOW);
    expect(outcomesOf(happenings)).toEqual([
      { kind: 'refused', error: 'Failed', text: 'nothing has changed: it failed' },
    ]);
    expect(after.record.holds).toEqual([]);
    expect(after.requests).toEqual([]);
  });

  it('waits on, whatever else fails or recovers', () => {
    const others: readonly Happening[] = [
      failing('driver'),
      { kind: 'recovered', activity: 'save', failures: 1, lastedMs: 1 },
    ];
    for (const happening of others) {
      const after = afterHappenings({ state: POLLING, memory }, [happening], NOW);
      expect(after).toEqual({ memory, happenings: [] });
    }
  });

  it('is the only one that a failure to write takes anything back for', () => {
    const checking = { ...memory, requests: [pending(CHECK)] };
    const after = afterHappenings({ state: POLLING, memory: checking }, [failing('save')], NOW);
    expect(after.memory).toBe(checking);
  });
});
