/**
 * The slots of one lock in a simulated fleet, with the time that they lie idle. Pure.
 *
 * Invariants:
 * - Never more holders than slots. Whoever holds one and asks again gets the same.
 * - Giving back what is not held changes nothing.
 */
import type { PlannedLock } from './plan.ts';

export class LockGroup {
  readonly plan: PlannedLock;
  /** Numbers of nodes. */
  readonly holders = new Set<number>();
  /** Nodes that were refused and are not asked again before something changes; their visits wait on a free slot. */
  readonly parked = new Set<number>();
  mostHolders = 0;
  /** Milliseconds of slots, all slots together. */
  heldMs = 0;
  /** Of free slots, while a node waited that had been refused. */
  idleMs = 0;
  readonly #wanting = new Set<number>();
  #sinceAt: number;

  constructor(plan: PlannedLock, fromAt: number) {
    this.plan = plan;
    this.#sinceAt = fromAt;
  }

  acquire(node: number, at: number): boolean {
    this.passTo(at);
    if (this.holders.has(node)) {
      return true;
    }
    if (this.holders.size >= this.plan.slots) {
      this.#wanting.add(node);
      return false;
    }
    this.#wanting.delete(node);
    this.holders.add(node);
    this.mostHolders = Math.max(this.mostHolders, this.holders.size);
    return true;
  }

  /** Whether a slot became free. */
  release(node: number, at: number): boolean {
    this.passTo(at);
    return this.holders.delete(node);
  }

  /** The node no longer waits for a slot. */
  forget(node: number, at: number): void {
    this.passTo(at);
    this.#wanting.delete(node);
  }

  passTo(at: number): void {
    const lastedMs = at - this.#sinceAt;
    this.#sinceAt = at;
    this.heldMs += lastedMs * this.holders.size;
    const free = this.plan.slots - this.holders.size;
    this.idleMs += lastedMs * Math.min(free, this.#wanting.size);
  }
}
