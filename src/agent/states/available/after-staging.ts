/**
 * What was staged, compared with what was asked for. Pure.
 *
 * Invariants:
 * - What somebody else staged stays theirs, also where it is the release.
 * - A release of another stream is denied, and dropped.
 */
import { newGrace } from '../../grace.ts';
import type { Deployment } from '../../ports.ts';
import { type AgentRecord, refuseStream, stageSucceeded } from '../../record.ts';
import { type Release, samePayload } from '../../release.ts';
import { type Memory, type Model, type Policy, recorded } from '../../state.ts';
import type { Turn } from '../../turn.ts';
import { foreignStaged } from '../back-to-polling.ts';
import { counted, type UpdateAvailable } from './counted.ts';

export function afterStaging(state: UpdateAvailable, staged: Deployment, turn: Turn): Model {
  const { release } = state;
  const { memory, policy, at } = turn;
  const fault = stagingFault(release, staged);
  if (fault !== undefined) {
    turn.tell({ kind: 'staged-other', release, found: staged });
    return counted(state, fault, turn);
  }
  const expected = memory.host?.booted.stream;
  if (isOfAnotherStream(staged, expected, policy)) {
    turn.tell({ kind: 'wrong-stream', release, expected: expected ?? '', found: staged.stream });
    const record = refuseStream(memory.record, release, at);
    return { state: { ...state, step: 'discard' }, memory: recorded(memory, record) };
  }
  turn.tell({ kind: 'staged', release });
  return {
    state: {
      name: 'UpdateStaged',
      release,
      ...newGrace(policy.sessions),
      step: 'ask',
      dueMono: 0,
      holding: { by: 'nothing' },
      visitors: [],
      unlocked: staged.finalizationLocked === false,
    },
    memory: recorded(memory, stagedRecord(memory, staged, state)),
  };
}

/** What somebody else staged stays theirs, also where it is the release. */
function stagedRecord(
  { host, record }: Memory,
  staged: Deployment,
  { release, terms }: UpdateAvailable,
): AgentRecord {
  return foreignStaged({ host, record }) === undefined
    ? stageSucceeded(record, release, terms, staged.id)
    : record;
}

/**
 * A stream that the configuration names counts at both ends: labels are not compared then. A deployment that names no
 * stream is of none that could be wrong.
 */
export function isOfAnotherStream(
  staged: Deployment,
  expected: string | undefined,
  { stream }: Policy,
): boolean {
  return (
    stream === undefined &&
    expected !== undefined &&
    staged.stream !== undefined &&
    staged.stream !== expected
  );
}

function stagingFault(release: Release, staged: Deployment): string | undefined {
  if (staged.payload === undefined || !samePayload(staged.payload, release.payload)) {
    return `cannot stage ${release.version}: the staged deployment must be ${release.payload.value}, got ${staged.payload?.value ?? staged.id}`;
  }
  if (staged.version !== release.version) {
    return `cannot stage ${release.version}: the staged deployment must carry that version, got ${staged.version}`;
  }
  return undefined;
}
