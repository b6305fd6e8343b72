/** How many of the instants, in ascending order, are not after `instant`: by bisection. Pure. */
export function countUpTo(instants: readonly number[], instant: number): number {
  let low = 0;
  let high = instants.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((instants[middle] ?? Number.POSITIVE_INFINITY) <= instant) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
