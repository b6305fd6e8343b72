/** What one answer makes of a machine in the middle of its work. */
import { advance, nextEffect, type Advance } from '../../src/agent/advance.ts';
import type { Effect, Event } from '../../src/agent/messages.ts';
import type { AgentState, Memory, Policy } from '../../src/agent/state.ts';
import { memoryOf } from './agent-states.ts';
import { POLICY } from './samples.ts';

export const NOW = { at: 1_000_000, mono: 500_000 };
export const FAILURE = { kind: 'rpm_ostree_failed', message: 'it failed' };

export interface Surroundings {
  readonly memory?: Partial<Memory>;
  readonly policy?: Partial<Policy>;
  readonly roll?: number;
  /** How long the effect took. */
  readonly tookMs?: number;
  /** Jitter is off unless a test asks for it. */
  readonly jitter?: boolean;
}

function policyOf({ policy, jitter = false }: Surroundings): Policy {
  return { ...POLICY, jitter, ...policy };
}

/** What a machine in `state` asks for. */
export function asked(state: AgentState, around: Surroundings = {}): Effect {
  return nextEffect({ state, memory: memoryOf(around.memory) }, NOW, policyOf(around));
}

/** `event` answers what a machine in `state` asks for. */
export function answered(state: AgentState, event: Event, around: Surroundings = {}): Advance {
  const model = { state, memory: memoryOf(around.memory) };
  const machine = { model, effect: asked(state, around) };
  const { roll = 0, tookMs = 0 } = around;
  const then = { at: NOW.at + tookMs, mono: NOW.mono + tookMs };
  return advance(machine, { event, ...then, roll }, policyOf(around));
}

/** What happened, but for what every change of state and every streak tells. */
export function told({ happenings }: Advance): unknown[] {
  return happenings.filter(
    ({ kind }) => !['state-changed', 'failing', 'checked', 'no-deadend'].includes(kind),
  );
}
