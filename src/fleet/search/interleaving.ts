/**
 * Which nodes move next. Pure.
 *
 * Invariants:
 * - A step that no other node can notice, and that notices no other node, is taken alone: the order does not matter.
 * - Wherever a node waits all nodes move. So no node goes round and round while others are left out.
 */
import type { EffectKind } from '../../agent/messages.ts';
import { isResting, type NodeAt, type StateAt } from './world-state.ts';

/** Of these the lock or the other nodes notice something. */
const NOTICED: ReadonlySet<EffectKind> = new Set(['acquire-slot', 'release-slot', 'finalize']);

/** Places of nodes; all of them, or one whose step concerns nobody else. */
export function movers({ nodes }: StateAt, isFull: boolean): readonly number[] {
  const quiet = isFull ? -1 : nodes.findIndex(isQuiet);
  return quiet < 0 ? nodes.map((_, place) => place) : [quiet];
}

function isQuiet(node: NodeAt): boolean {
  return !node.account.isGoingDown && !isResting(node) && !NOTICED.has(node.machine.effect.kind);
}
