/**
 * ReportedSteady, NoNewUpdate and OffGraph: look at the deployments, then at the graph, then rest. Pure.
 *
 * Invariant: no graph is asked about before the deployments have been read once; without them nothing is denied, and a
 * rolled-back release would be taken again.
 */
import type { CheckResult } from './ports.ts';
import type { Occurrence } from './messages.ts';
import { adapterRetryMs } from './pacing.ts';
import { isSkipped } from './skip.ts';
import type { AgentState, Memory, Model, Policy } from './state.ts';
import { selected } from './transition-available.ts';
import { afterFailedCheck, checkDue, foreignStaged, steadyMs } from './transition-common.ts';

type PollingState = Extract<AgentState, { name: 'ReportedSteady' | 'NoNewUpdate' | 'OffGraph' }>;

export function absorbPolling(
  state: PollingState,
  memory: Memory,
  occurrence: Occurrence,
  policy: Policy,
): Model {
  const { event, at, mono } = occurrence;
  switch (event.kind) {
    case 'status-read':
      // A booted deployment that no graph can know (built by hand, no digest) is off every graph.
      if (event.status.booted.payload === undefined) {
        return { state: offGraph(state, at), memory: checkDue(memory, mono + steadyMs(occurrence, policy)) };
      }
      // What was staged before the administrator denied it goes without asking the server, which may not answer.
      return { state: { ...state, step: hasSkipped(memory, policy) ? 'discard' : 'check' }, memory };
    case 'status-failed':
      return rest(state, checkDue(memory, mono + adapterRetryMs(memory.hostStreak?.count ?? 1)));
    case 'discarded':
      return rest(state, memory);
    case 'discard-failed':
      // Not again at once: it is asked for again after the next check.
      return mono >= memory.check.dueMono && memory.host?.booted.payload !== undefined
        ? { state: { ...state, step: 'check' }, memory }
        : rest(state, memory);
    case 'checked':
      return afterCheck(state, memory, event.result, occurrence, policy);
    case 'check-failed':
      return rest(state, afterFailedCheck(memory, event.failure, occurrence, policy));
    default:
      // Woken, or a duty was done: poll if that is due, otherwise rest on.
      return mono >= memory.check.dueMono
        ? { state: { ...state, step: 'refresh' }, memory }
        : { state: { ...state, step: 'rest' }, memory };
  }
}

function afterCheck(
  state: PollingState,
  memory: Memory,
  result: CheckResult,
  occurrence: Occurrence,
  policy: Policy,
): Model {
  const next = checkDue(memory, occurrence.mono + steadyMs(occurrence, policy));
  switch (result.outcome.kind) {
    case 'update':
      return selected(result.outcome.release, next, occurrence, policy);
    case 'off-graph':
      return { state: offGraph(state, occurrence.at), memory: next };
    case 'no-update':
    case 'downgrade-refused':
      // What an agent before this one staged is no longer offered.
      return { state: { name: 'NoNewUpdate', step: hasLeftover(next) ? 'discard' : 'rest' }, memory: next };
  }
}

function hasSkipped(memory: Memory, { skip }: Policy): boolean {
  const staged = memory.host?.staged;
  return (
    staged?.payload !== undefined &&
    hasLeftover(memory) &&
    isSkipped(skip, { version: staged.version, payload: staged.payload })
  );
}

function hasLeftover(memory: Memory): boolean {
  return memory.host?.staged !== undefined && foreignStaged(memory) === undefined;
}

function offGraph(state: PollingState, at: number): PollingState {
  return { name: 'OffGraph', step: 'rest', sinceAt: state.name === 'OffGraph' ? state.sinceAt : at };
}

/** A failed check says nothing about the graph: a node that was off it stays so. */
function rest(state: PollingState, memory: Memory): Model {
  const settled: PollingState =
    state.name === 'ReportedSteady' ? { name: 'NoNewUpdate', step: 'rest' } : { ...state, step: 'rest' };
  return { state: settled, memory };
}
