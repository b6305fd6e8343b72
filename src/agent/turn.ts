/**
 * The frame of the state modules: what a step may look at, and how a step is written down. Pure.
 *
 * Invariants:
 * - A step names the kinds of effects that it asks for, and has one handler for each of their answers. An answer
 *   without a handler does not compile; there is no `default`.
 * - `tell` is the only thing that a handler does beside its answer. The list lives for one transition.
 */
import type { Happening } from './happenings.ts';
import type { AnswerKind, Effect, EffectKind, EffectOf, Event, EventKind, EventOf } from './messages.ts';
import type { Moment } from './moment.ts';
import type { AgentState, Memory, Model, Policy } from './state.ts';

/** What the choice of an effect rests on. */
export interface View extends Moment {
  readonly memory: Memory;
  readonly policy: Policy;
}

/** What an answer's handler works with. `memory` knows the answer already. */
export interface Turn extends View {
  /** 0..10, for jitter. */
  readonly roll: number;
  /** The model before the answer. */
  readonly was: Model;
  readonly tell: (happening: Happening) => void;
}

/** The same turn, going on with other memories. */
export function withMemory(turn: Turn, memory: Memory): Turn {
  return { ...turn, memory };
}

export type Handler<S, K extends EventKind> = (state: S, event: EventOf<K>, turn: Turn) => Model;
export type Handlers<S, E extends EffectKind> = { readonly [K in AnswerKind<E>]: Handler<S, K> };

/** One step of a state that looks like `S`. */
export interface Step<S> {
  /** The effects that it can ask for. */
  readonly kinds: readonly EffectKind[];
  readonly asks: (state: S, view: View) => Effect;
  /** `event` answers one of `kinds`. */
  readonly answered: (state: S, event: Event, turn: Turn) => Model;
}

/** A way to write steps of states that look like `S`, with handlers checked against the effects they name. */
export function stepsOf<S extends AgentState>() {
  return <E extends EffectKind>(
    kinds: readonly E[],
    asks: (state: S, view: View) => EffectOf<E>,
    on: Handlers<S, E>,
  ): Step<S> => ({
    kinds,
    asks,
    answered: (state, event, turn) => {
      // The types above hold for literal handlers; here they are looked up by what came.
      const handler = on[event.kind as AnswerKind<E>] as Handler<S, EventKind> | undefined;
      if (handler === undefined) {
        throw new Error(`a step that asks for ${kinds.join(' or ')} cannot be answered with ${event.kind}`);
      }
      return handler(state, event, turn);
    },
  });
}
