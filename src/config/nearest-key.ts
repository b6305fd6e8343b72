/** Guesses which known key an unknown key was meant to be. Pure. */

/** A longer key is not a typing mistake. */
const LONGEST_COMPARED = 100;

/**
 * The nearest of `known`; undefined when none is near. The last part of a key counts most: `updates.fleet_lock.window`
 * is `updates.periodic.window` in the wrong table. Likewise, `updates.enable` is `updates.enabled`.
 */
export function nearestKey(unknown: string, known: readonly string[]): string | undefined {
  const asked = normalize(unknown);
  if (asked.length > LONGEST_COMPARED) {
    return undefined;
  }
  let best: { readonly key: string; readonly leaf: number; readonly whole: number } | undefined;
  for (const key of known) {
    const leaf = leafDistance(leafOf(asked), leafOf(key));
    const whole = editDistance(asked, key);
    const near = leaf <= leafOf(asked).length / 3 || whole <= asked.length / 4;
    if (!near) {
      continue;
    }
    const better = best === undefined || leaf < best.leaf || (leaf === best.leaf && whole < best.whole);
    if (better) {
      best = { key, leaf, whole };
    }
  }
  return best?.key;
}

function normalize(key: string): string {
  return key
    .replaceAll(/\[\d+\]/g, '')
    .replaceAll('"', '')
    .replaceAll('-', '_')
    .toLowerCase();
}

function leafOf(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}

/** People leave the unit out: `length` for `length_minutes`. */
const UNIT = /_(?:secs|minutes|hours|time)$/;

function leafDistance(asked: string, known: string): number {
  return Math.min(editDistance(asked, known), editDistance(asked, known.replace(UNIT, '')));
}

/** The fewest insertions, deletions and substitutions that turn one text into the other (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const substitute = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const shift = Math.min(previous[column] ?? 0, current[column - 1] ?? 0) + 1;
      current.push(Math.min(substitute, shift));
    }
    previous = current;
  }
  return previous[b.length] ?? a.length;
}
