/** What is wrong with a graph, and where. Pure. */
import { LineIndex, memberOf, type Placed } from '../../text/json-places.ts';

/**
 * `error`: a node takes another way than the graph's author means, or none, or a reader refuses the graph. `warning`: it
 * works, and hardly is what was meant.
 */
export type Severity = 'error' | 'warning';

export interface Finding {
  readonly severity: Severity;
  /** A word for each rule, for tools: `edge-astray`. */
  readonly rule: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  /** `nodes[3].metadata`. */
  readonly path: string;
  /** One sentence. */
  readonly reason: string;
}

/** Takes findings down, with the place of a value in the text. */
export class Findings {
  readonly #lines: LineIndex;
  readonly #list: Finding[] = [];

  constructor(text: string) {
    this.#lines = new LineIndex(text);
  }

  /** `offset`: in the text. */
  addAt(severity: Severity, rule: string, offset: number, path: string, reason: string): void {
    this.#list.push({ severity, rule, ...this.#lines.placeOf(offset), path, reason });
  }

  error(rule: string, { place, path }: Located, reason: string): void {
    this.addAt('error', rule, place?.start ?? 0, path, reason);
  }

  warn(rule: string, { place, path }: Located, reason: string): void {
    this.addAt('warning', rule, place?.start ?? 0, path, reason);
  }

  /** In the order of the text. */
  sorted(): readonly Finding[] {
    return this.#list.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }
}

/** A value of the text and how to name it. */
export interface Located {
  readonly place: Placed | undefined;
  readonly path: string;
}

/** The member of an object. Where it is missing, the object itself is the place. */
export function memberAt({ place, path }: Located, key: string): Located {
  return {
    place: memberOf(place, key)?.value ?? place,
    path: pathOfMember(path, key),
  };
}

export function pathOfMember(path: string, key: string): string {
  return path === '' ? key : `${path}.${key.includes('.') ? JSON.stringify(key) : key}`;
}

export function itemAt({ place, path }: Located, index: number): Located {
  return { place: place?.kind === 'list' ? place.items[index] : place, path: `${path}[${index}]` };
}

/** Metadata lie four deep, and nobody reads what lies deeper. */
const DEEPEST = 10;

/** Keys that are written more than once, in every object below. Readers differ in which one they take. */
export function reportRepeatedKeys(findings: Findings, root: Placed): void {
  const open: (Located & { readonly depth: number })[] = [{ place: root, path: '', depth: 0 }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const { place, depth } = at;
    if (depth > DEEPEST) {
      continue;
    }
    if (place?.kind === 'list') {
      for (const index of place.items.keys()) {
        open.push({ ...itemAt(at, index), depth: depth + 1 });
      }
    } else if (place?.kind === 'object') {
      const seen = new Set<string>();
      for (const { key, keyAt, value } of place.members) {
        const path = pathOfMember(at.path, key);
        if (seen.has(key)) {
          findings.addAt(
            'error',
            'repeated-key',
            keyAt,
            path,
            'a key must be there once: readers differ in which one counts',
          );
        }
        seen.add(key);
        open.push({ place: value, path, depth: depth + 1 });
      }
    }
  }
}
