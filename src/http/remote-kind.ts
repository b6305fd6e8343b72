/**
 * The word by which a server names its error, made fit for a metric label. For update and lock servers alike. Pure.
 *
 * Invariant: however many words servers use, at most 20 of them become labels. All others share one label.
 */

const LONGEST_KIND = 40;
const MOST_KINDS = 20;
const OTHER_KIND = 'remote_other';

export class RemoteKinds {
  readonly #known = new Set<string>();

  /** Undefined: the server said nothing usable. */
  label(kind: unknown): string | undefined {
    if (typeof kind !== 'string') {
      return undefined;
    }
    const word = kind
      .slice(0, LONGEST_KIND)
      .toLowerCase()
      .replaceAll(/[^a-z0-9_]+/g, '_');
    if (word.replaceAll('_', '') === '') {
      return undefined;
    }
    if (this.#known.has(word)) {
      return word;
    }
    if (this.#known.size >= MOST_KINDS) {
      return OTHER_KIND;
    }
    this.#known.add(word);
    return word;
  }
}
