/**
 * The way to a violation, in words. Pure.
 *
 * Invariant: the way is walked again, by the numbers of its moves. So what is told is what happened.
 */
import type { Bounds } from './bounds.ts';
import { Choices } from './choices.ts';
import { movers } from './interleaving.ts';
import { Player } from './player.ts';
import { Violation } from './safety.ts';
import type { FoundViolation } from './search.ts';
import type { NodeAt, StateAt } from './world-state.ts';

export interface TranscriptLine {
  /** From 1. */
  readonly move: number;
  /** From 1. */
  readonly node: number;
  /** Since the node's own beginning, milliseconds. Each node has a clock of its own. */
  readonly atMs: number;
  /** State of the agent before the move, and what it has asked for. */
  readonly state: string;
  readonly effect: string;
  /** What happened. */
  readonly told: readonly string[];
}

/** Throws where the path is not one of these bounds. */
export function transcriptOf(
  bounds: Bounds,
  { path }: Pick<FoundViolation, 'path'>,
): readonly TranscriptLine[] {
  const player = new Player(bounds);
  let state = player.begin();
  const startAt = state.nodes[0]?.at ?? 0;
  return path.map((wanted, index) => {
    const { place, told, next } = walked(player, bounds, state, wanted);
    const node = state.nodes[place];
    if (node === undefined) {
      throw new Error('a path leads from state to state');
    }
    state = next;
    const { effect } = node.machine;
    return {
      move: index + 1,
      node: place + 1,
      atMs: node.at - startAt,
      state: stateOf(node),
      effect: effect.kind,
      told,
    };
  });
}

/** The move of that number. The last one of a path may lead nowhere. */
function walked(
  player: Player,
  { isFull }: Bounds,
  state: StateAt,
  wanted: number,
): { readonly place: number; readonly told: readonly string[]; readonly next: StateAt } {
  const choices = new Choices();
  const places = movers(state, isFull);
  for (let move = 0; ; move++) {
    const told: string[] = [];
    const place = places[choices.choose(places.length)] ?? 0;
    try {
      const next = player.move(state, place, choices, (text) => told.push(text));
      if (move === wanted) {
        return { place, told, next };
      }
    } catch (error) {
      if (!(error instanceof Violation) || move !== wanted) {
        throw error;
      }
      return { place, told: [...told, `VIOLATION: ${error.message}`], next: state };
    }
    if (!choices.next()) {
      throw new Error('a path goes by moves that there are');
    }
  }
}

function stateOf({ machine: { model } }: NodeAt): string {
  const { state } = model;
  return 'step' in state ? `${state.name}/${state.step}` : state.name;
}
