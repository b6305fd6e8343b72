/**
 * Parses an update graph from a server that is not trusted. Pure. Time and memory grow linearly with the text.
 * `graph-reader.ts` has a quicker way for usual answers.
 *
 * Invariants:
 * - `nodes` has one entry for each entry of the text, so that the indices of edges stay right.
 * - A fault of an entry is noted in that entry, and affects no other.
 * - Only own properties are read, so no key of the text reaches a prototype.
 */
import { type Scheme, SCHEMES } from '../../agent/release.ts';
import { CincinnatiError } from '../../errors.ts';
import { isPrintable, printable } from '../../text/printable.ts';

export interface GraphNode {
  /** As written; "" when it is missing or too long. The booted release is found by it. */
  readonly payload: string;
  readonly scheme: Scheme | undefined;
  /** "" when it is missing or cannot be shown. */
  readonly version: string;
  /** A bigint, because servers may count in nanoseconds since 1970, which a number cannot hold exactly. */
  readonly ageIndex: bigint | undefined;
  /** Why the release gets no further updates; undefined when it is not a dead-end. */
  readonly deadendReason: string | undefined;
  /** A sentence that says why it cannot be an update target; undefined when it can. */
  readonly problem: string | undefined;
}

export interface Edge {
  readonly from: number;
  /** Undefined when it does not lead to a node of the graph. */
  readonly to: number | undefined;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  /** The edges that start at a node of the graph. */
  readonly edges: readonly Edge[];
  /** The number that the server listed, malformed ones included. */
  readonly edgeCount: number;
  /** Faults of the graph as a whole, one sentence each; at most one of each kind. */
  readonly warnings: readonly string[];
}

/** Real graphs have some 200 nodes and as many edges. These bound the work for nonsense. */
export const MOST_NODES = 10_000;
export const MOST_EDGES = 30_000;
/** A longer version would not fit a status line. Real ones have 18 characters. */
export const LONGEST_VERSION = 256;
/** An image name has at most 255 characters, a registry host 253, a digest 71. */
const LONGEST_PAYLOAD = 640;
const HIGHEST_AGE_INDEX = 2n ** 64n - 1n;
const UNKNOWN_REASON = 'no reason given by the update server';

const METADATA_PREFIX = 'org.fedoraproject.coreos.';
const SCHEME_KEY = `${METADATA_PREFIX}scheme`;
const AGE_INDEX_KEY = `${METADATA_PREFIX}releases.age_index`;
const DEADEND_KEY = `${METADATA_PREFIX}updates.deadend`;
const DEADEND_REASON_KEY = `${METADATA_PREFIX}updates.deadend_reason`;

const PAYLOAD_FORMS: Readonly<Record<Scheme, { readonly form: RegExp; readonly words: string }>> = {
  checksum: { form: /^[0-9a-f]{64}$/, words: '64 lower-case hexadecimal digits' },
  oci: {
    form: /^[\w./:-]+@(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/,
    words: 'an image pinned by digest (NAME@sha256:HEX)',
  },
};

/** Parses decoded JSON. Throws CincinnatiError `client_failed_json_decoding` when it is not a graph at all. */
export function parseGraph(json: unknown): Graph {
  if (!isObject(json)) {
    throw unreadable(`it must be an object with nodes and edges, got ${describe(json)}`);
  }
  const nodes = listOf(json, 'nodes', MOST_NODES);
  // Servers written in Go omit the key or write null when there are none.
  const edges = (own(json, 'edges') ?? null) === null ? [] : listOf(json, 'edges', MOST_EDGES);
  const parsedNodes = nodes.map(parseNode);
  const parsedEdges = parseEdges(edges, nodes.length);
  return {
    nodes: parsedNodes,
    edges: parsedEdges.edges,
    edgeCount: edges.length,
    warnings: [...repeatedVersions(parsedNodes.map(({ version }) => version)), ...parsedEdges.warnings],
  };
}

function listOf(json: object, key: string, most: number): readonly unknown[] {
  const value = own(json, key);
  if (!Array.isArray(value)) {
    throw unreadable(`${key} must be a list, got ${describe(value)}`);
  }
  if (value.length > most) {
    throw unreadable(`${key} must be at most ${most} entries, got ${value.length}`);
  }
  return value;
}

function unreadable(what: string): CincinnatiError {
  return new CincinnatiError('client_failed_json_decoding', `cannot read the update graph: ${what}`);
}

/** An entry of `nodes`. `index`: its place there. */
export function parseNode(entry: unknown, index: number): GraphNode {
  const name = `nodes[${index}]`;
  if (!isObject(entry)) {
    const problem = `${name} must be an object, got ${describe(entry)}`;
    return {
      payload: '',
      scheme: undefined,
      version: '',
      ageIndex: undefined,
      deadendReason: undefined,
      problem,
    };
  }
  const written = { version: own(entry, 'version'), payload: own(entry, 'payload') };
  const version = fitVersion(written.version);
  const payload =
    typeof written.payload === 'string' && written.payload.length <= LONGEST_PAYLOAD ? written.payload : '';
  const metadata = own(entry, 'metadata');
  const text = (key: string): unknown => (isObject(metadata) ? own(metadata, key) : undefined);
  const scheme = SCHEMES.find((known) => known === text(SCHEME_KEY));
  const ageIndex = parseAgeIndex(text(AGE_INDEX_KEY));

  const must = (what: string, form: string, got: unknown): string =>
    `${version === '' ? name : `${name} (${version})`}: ${what} must be ${form}, got ${describe(got)}`;
  let problem: string | undefined;
  if (version === '') {
    problem = must('version', `1 to ${LONGEST_VERSION} printable characters`, written.version);
  } else if (payload === '') {
    problem = must('payload', 'a text', written.payload);
  } else if (!isObject(metadata)) {
    problem = must('metadata', 'an object', metadata);
  } else if (scheme === undefined) {
    problem = must(SCHEME_KEY, SCHEMES.join(' or '), text(SCHEME_KEY));
  } else if (ageIndex === undefined) {
    problem = must(AGE_INDEX_KEY, 'a whole number from 0', text(AGE_INDEX_KEY));
  } else if (!PAYLOAD_FORMS[scheme].form.test(payload)) {
    problem = must('payload', PAYLOAD_FORMS[scheme].words, payload);
  }
  const deadendReason =
    text(DEADEND_KEY) === 'true' ? reasonOf(text(DEADEND_REASON_KEY)) || UNKNOWN_REASON : undefined;
  return { payload, scheme, version, ageIndex, deadendReason, problem };
}

function fitVersion(value: unknown): string {
  const fit = typeof value === 'string' && value.length <= LONGEST_VERSION && isPrintable(value);
  return fit ? value : '';
}

function reasonOf(value: unknown): string {
  return typeof value === 'string' ? printable(value.trim()) : '';
}

function parseAgeIndex(value: unknown): bigint | undefined {
  // The length is bounded first, because converting a million digits takes more than linear time.
  if (typeof value !== 'string' || !/^\+?\d{1,40}$/.test(value)) {
    return undefined;
  }
  const number = BigInt(value.replace('+', ''));
  return number <= HIGHEST_AGE_INDEX ? number : undefined;
}

function parseEdges(
  entries: readonly unknown[],
  nodeCount: number,
): { readonly edges: Edge[]; readonly warnings: string[] } {
  const edges: Edge[] = [];
  let first: string | undefined;
  let astrayCount = 0;
  for (const [index, entry] of entries.entries()) {
    const pair: readonly unknown[] | undefined =
      Array.isArray(entry) && entry.length === 2 ? entry : undefined;
    const from = nodeIndex(pair?.[0], nodeCount);
    const to = nodeIndex(pair?.[1], nodeCount);
    if (from !== undefined) {
      edges.push({ from, to });
    }
    if (from !== undefined && to !== undefined) {
      continue;
    }
    astrayCount++;
    first ??= `edges[${index}] is ${describe(entry)}`;
  }
  if (first === undefined) {
    return { edges, warnings: [] };
  }
  const count = astrayCount === 1 ? '1 edge of the graph' : `${astrayCount} edges of the graph`;
  return {
    edges,
    warnings: [`${count} must be two indices of nodes (there are ${nodeCount}), got others: ${first}`],
  };
}

function nodeIndex(value: unknown, nodeCount: number): number | undefined {
  const index = Number.isInteger(value) ? Number(value) : -1;
  return index >= 0 && index < nodeCount ? index : undefined;
}

/** `versions`: of each node; "" where it has none. Returns a warning, or nothing. */
export function repeatedVersions(versions: readonly string[]): string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const version of versions) {
    const before = seen.size;
    seen.add(version);
    if (seen.size === before && version !== '') {
      repeated.add(version);
    }
  }
  const [first] = repeated;
  if (first === undefined) {
    return [];
  }
  const others = repeated.size === 1 ? '' : ` (and ${repeated.size - 1} other versions)`;
  return [`every version of the graph must be there once, got ${first} more often${others}`];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own property, or undefined. A server did not write inherited ones, such as `toString` and `__proto__`. */
function own(value: object, key: string): unknown {
  const descriptor = Object.getOwnPropertyDescriptor(value, key);
  return descriptor?.value;
}

const LONGEST_DESCRIPTION = 80;

/** Exported for its tests. `isInside`: of a list. What nests deeper is not looked at. */
export function describe(value: unknown, isInside = false): string {
  if (value === undefined) {
    return 'nothing';
  }
  if (isObject(value)) {
    return 'an object';
  }
  if (Array.isArray(value) && (isInside || value.length !== 2)) {
    return `a list of ${value.length}`;
  }
  const text = Array.isArray(value)
    ? `[${value.map((entry) => describe(entry, true)).join(', ')}]`
    : JSON.stringify(value);
  return printable(text.length > LONGEST_DESCRIPTION ? `${text.slice(0, LONGEST_DESCRIPTION)}…` : text);
}
