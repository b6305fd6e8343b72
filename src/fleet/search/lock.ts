/**
 * The book of the lock that nodes share: one bit for each node that holds a slot. Pure.
 *
 * Invariants:
 * - Never more holders than slots. Whoever holds one and asks again keeps it.
 * - Nothing but a request of the holder frees a slot.
 */
import { hasSlot, holders } from './world-state.ts';

/** The book after `node` has asked; it holds a slot if there was one. */
export function afterAsking(lent: number, node: number, slots: number): number {
  return holders(lent) < slots ? lent | (1 << node) : lent;
}

export function afterGivingBack(lent: number, node: number): number {
  return hasSlot(lent, node) ? lent & ~(1 << node) : lent;
}
