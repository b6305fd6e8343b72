/** What one request makes of one machine, and how it ends: at once, or when the disk has what it changed. */
import type { Happening } from '../../src/agent/happenings.ts';
import { requested } from '../../src/agent/requested.ts';
import type { Outcome, Wish } from '../../src/agent/requests.ts';
import type { AgentState, Memory, Model, Policy } from '../../src/agent/state.ts';
import { memoryOf, POLLING } from './agent-states.ts';
import { POLICY } from './samples.ts';

export const NOW = { at: 1_000_000, mono: 500_000 };

export interface Scenery {
  readonly state?: AgentState;
  readonly memory?: Partial<Memory>;
  readonly policy?: Partial<Policy>;
  readonly uid?: number;
}

export interface Taken {
  readonly model: Model;
  readonly happenings: readonly Happening[];
  /** Undefined: the machine has to go about it first. */
  readonly outcome: Outcome | undefined;
}

export function taken(wish: Wish, { state = POLLING, memory, policy, uid = 0 }: Scenery = {}): Taken {
  const request = { id: 't-1', by: { uid }, wish };
  const before: Model = { state, memory: memoryOf(memory) };
  const { model, happenings } = requested(before, NOW, { ...POLICY, ...policy }, request);
  const end = happenings.find(
    (happening) => happening.kind === 'request-ended' && happening.request.id === request.id,
  );
  const pending = model.memory.requests.find((each) => each.request.id === request.id);
  const atOnce = end?.kind === 'request-ended' ? end.outcome : undefined;
  return { model, happenings, outcome: atOnce ?? pending?.written?.outcome };
}
