/** The hash of a whole state. Pure. */
import { mix, type Hash } from './canonical.ts';
import { hasSlot, type StateAt } from './world-state.ts';

/** Nodes that are alike may stand in any order. `withLeft`: what can still happen counts, too. */
export function stateHash({ nodes, lent, left }: StateAt, withLeft: boolean): Hash {
  let [low, high] = [0, 0];
  for (const [place, { hash }] of nodes.entries()) {
    const bit = hasSlot(lent, place) ? 1 : 2;
    // Sums do not depend on the order.
    low = (low + mix(hash.low, bit)) | 0;
    high = (high + mix(hash.high, bit)) | 0;
  }
  if (withLeft) {
    const rest = left.crashes + 16 * left.faults + 256 * left.requests + 1;
    low = mix(low, rest);
    high = mix(high, rest);
  }
  return { low: low >>> 0, high: high >>> 0 };
}
