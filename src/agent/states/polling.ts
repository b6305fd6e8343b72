/**
 * ReportedSteady, NoNewUpdate and OffGraph: look at the deployments, then at the graph, then rest. Pure.
 *
 * Invariants:
 * - No graph is asked about before the deployments have been read once. Without them nothing is denied, and a release
 *   that was rolled back would be taken again.
 * - A failed check says nothing about the graph: a node that was off it stays so.
 */
import { dropReason, skippedBy } from '../admin-lists.ts';
import { afterCheck, afterFailedCheck, checkDue, checkEffect, isWithdrawn, steadyMs } from '../checking.ts';
import { momentOf } from '../moment.ts';
import { CONFIRM_WITHDRAWAL_MS } from '../pacing.ts';
import type { CheckResult, HostStatus } from '../ports.ts';
import { resting } from '../rest.ts';
import { isSkipped } from '../skip.ts';
import type { AgentState, Memory, Model, Policy, PollStep } from '../state.ts';
import { stepsOf, withMemory, type Step, type Turn } from '../turn.ts';
import { discardStaged, foreignStaged, lookAgain, STAGED_CHANGED } from './back-to-polling.ts';
import { readAgainMs, READ_CACHED } from './reading.ts';
import { selected } from './available/selected.ts';

type PollingState = Extract<AgentState, { name: 'ReportedSteady' | 'NoNewUpdate' | 'OffGraph' }>;

const step = stepsOf<PollingState>();

export const POLLING_STEPS: Readonly<Record<PollStep, Step<PollingState>>> = {
  // Woken, or a duty was done: poll if that is due, otherwise rest on.
  rest: resting<PollingState>((state, { memory, mono }) => ({
    state: { ...state, step: mono >= memory.check.dueMono ? 'refresh' : 'rest' },
    memory,
  })),
  refresh: step(['read-status'], () => READ_CACHED, {
    'status-read': (state, { status }, turn) => afterReading(state, status, turn),
    'status-failed': (state, _event, { memory, mono }) =>
      rest(state, checkDue(memory, mono + readAgainMs(memory))),
  }),
  check: step(['check'], (_state, view) => checkEffect(view), {
    checked: (state, { result }, turn) => afterAnswer(state, result, turn),
    'check-failed': (state, { failure }, turn) => rest(state, afterFailedCheck(failure, turn)),
  }),
  discard: step(['discard-staged'], (_state, view) => discardStaged(view), {
    discarded: (state, _event, turn) => {
      toldOfDrop(turn);
      return rest(state, turn.memory);
    },
    'discard-failed': (state, { failure }, turn) => {
      const { memory, mono } = turn;
      if (failure.kind === STAGED_CHANGED) {
        turn.tell({ kind: 'staged-changed', failure });
        return lookAgain(turn);
      }
      turn.tell({ kind: 'drop-failed', failure });
      // Not again at once: it is asked for again after the next check.
      return mono >= memory.check.dueMono && memory.host?.booted.payload !== undefined
        ? { state: { ...state, step: 'check' }, memory }
        : rest(state, memory);
    },
  }),
};

function afterReading(state: PollingState, { booted }: HostStatus, turn: Turn): Model {
  const { memory, mono, policy } = turn;
  // A booted deployment that no graph can know (built by hand, no digest) is off every graph.
  if (booted.payload === undefined) {
    return { state: offGraph(state, turn), memory: checkDue(memory, mono + steadyMs(turn)) };
  }
  // What was staged before the administrator denied it goes without asking the server, which may not answer.
  return { state: { ...state, step: hasSkipped(memory, policy) ? 'discard' : 'check' }, memory };
}

/** Exported for its tests: what the graph's answer makes of a polling node. */
export function afterAnswer(state: PollingState, { outcome }: CheckResult, turn: Turn): Model {
  const memory = afterCheck(turn);
  switch (outcome.kind) {
    case 'update':
      return selected(outcome.release, withMemory(turn, memory));
    case 'off-graph':
      return { state: offGraph(state, turn), memory };
    case 'no-update':
    case 'downgrade-refused':
      if (state.name === 'OffGraph') {
        turn.tell({ kind: 'on-graph-again', booted: memory.host?.booted.version ?? 'unknown' });
      }
      // What an agent before this one staged is no longer offered.
      if (!hasLeftover(memory)) {
        return { state: { name: 'NoNewUpdate', step: 'rest' }, memory };
      }
      return isWithdrawn(memory)
        ? { state: { name: 'NoNewUpdate', step: 'discard' }, memory }
        : {
            state: { name: 'NoNewUpdate', step: 'rest' },
            memory: checkDue(memory, turn.mono + CONFIRM_WITHDRAWAL_MS),
          };
  }
}

function toldOfDrop({ was, policy, tell }: Turn): void {
  const staged = was.memory.host?.staged;
  if (
    staged?.payload !== undefined &&
    isSkipped(skippedBy(was.memory, policy), { ...staged, payload: staged.payload })
  ) {
    const why = dropReason(was.memory, policy, { ...staged, payload: staged.payload });
    tell({ kind: 'dropped', version: staged.version, why });
  }
}

function hasSkipped(memory: Memory, policy: Policy): boolean {
  const staged = memory.host?.staged;
  return (
    staged?.payload !== undefined &&
    hasLeftover(memory) &&
    isSkipped(skippedBy(memory, policy), { version: staged.version, payload: staged.payload })
  );
}

function hasLeftover(memory: Memory): boolean {
  return memory.host?.staged !== undefined && foreignStaged(memory) === undefined;
}

function offGraph(state: PollingState, turn: Turn): PollingState {
  if (state.name === 'OffGraph') {
    return { ...state, step: 'rest' };
  }
  turn.tell({ kind: 'off-graph', booted: turn.memory.host?.booted.version ?? 'unknown' });
  return { name: 'OffGraph', step: 'rest', since: momentOf(turn) };
}

function rest(state: PollingState, memory: Memory): Model {
  const settled: PollingState =
    state.name === 'ReportedSteady' ? { name: 'NoNewUpdate', step: 'rest' } : { ...state, step: 'rest' };
  return { state: settled, memory };
}
