/**
 * Which entries are kept where there is no room for all. Pure.
 *
 * Invariants:
 * - An entry goes before every entry of a higher rank, and before younger ones of its own rank.
 * - What is kept stays in its order.
 */
import { rankOf, type Entry } from './entry.ts';
import { lineOf } from './entry-text.ts';

/** Lines of at most `mostBytes` together, in the order of the entries. */
export function pruned(entries: readonly Entry[], mostBytes: number): readonly string[] {
  const lines = entries.map((entry, index) => ({ index, rank: rankOf(entry.kind), line: lineOf(entry) }));
  let left = mostBytes;
  const kept = lines
    .toSorted((a, b) => b.rank - a.rank || b.index - a.index)
    .filter(({ line }) => {
      left -= Buffer.byteLength(line);
      return left >= 0;
    });
  return kept.toSorted((a, b) => a.index - b.index).map(({ line }) => line);
}
