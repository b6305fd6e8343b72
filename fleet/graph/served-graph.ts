/**
 * One graph as it is served: what a client of some wariness is answered at an instant.
 *
 * Invariants:
 * - The policy's own code says which edges a client sees.
 * - Clients that see the same edges get the same bytes, made once.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type Audience, offeredEdges } from '../../src/cincinnati/policy/offered-edges.ts';
import { type ReadGraph, wireEdges } from '../../src/cincinnati/review/read-graph.ts';

export interface Answer {
  readonly body: Buffer;
  /** The same bytes, compressed. Made when first asked for. */
  readonly zipped: () => Buffer;
  /** Quoted, for the header. */
  readonly etag: string;
}

/** Each rollout under way has two views; more rollouts than a few at a time are unheard of. */
const MOST_ANSWERS = 64;
const ETAG_DIGITS = 32;

export class ServedGraph {
  readonly releases: number;
  readonly edges: number;
  /** Milliseconds since 1970. */
  readonly loadedAt: number;
  readonly #read: ReadGraph;
  readonly #edges: ReturnType<typeof wireEdges>;
  readonly #nodes: string;
  readonly #versions: ReadonlyMap<string, string>;
  readonly #answers = new Map<string, Answer>();

  constructor(read: ReadGraph, loadedAt: number) {
    this.#read = read;
    this.#edges = wireEdges(read);
    this.#nodes = JSON.stringify(read.nodes);
    this.#versions = new Map(read.graph.nodes.map(({ payload, version }) => [payload, version]));
    this.releases = read.graph.nodes.length;
    this.edges = this.#edges.length;
    this.loadedAt = loadedAt;
  }

  /** The version of a payload of the graph. */
  versionOf(payload: string): string | undefined {
    return this.#versions.get(payload);
  }

  answerFor(audience: Audience): Answer {
    const edges = JSON.stringify(offeredEdges({ entries: this.#read.entries, edges: this.#edges }, audience));
    const known = this.#answers.get(edges);
    if (known !== undefined) {
      return known;
    }
    const body = Buffer.from(`{"nodes":${this.#nodes},"edges":${edges}}`);
    let zipped: Buffer | undefined;
    const answer = {
      body,
      zipped: () => (zipped ??= gzipSync(body)),
      etag: `"${createHash('sha256').update(body).digest('hex').slice(0, ETAG_DIGITS)}"`,
    };
    if (this.#answers.size >= MOST_ANSWERS) {
      this.#answers.clear();
    }
    this.#answers.set(edges, answer);
    return answer;
  }
}
