/**
 * Reads an update graph from the bytes of an answer, in one pass and without a tree of objects. Pure.
 *
 * Invariants:
 * - It is the graph that `parseGraph` makes of the same bytes, and so is every error.
 * - Of a node only its place in the bytes and its version are kept. It is parsed when somebody asks for it.
 * - Where anything but a node is unusual, the whole answer is parsed.
 */
import { GRAPH_JSON, parseJsonBytes } from '../../text/bounded-json.ts';
import { type Bracket, COMMA, LIST, OBJECT, QUOTE } from '../../text/json-bytes.ts';
import { JsonWalk, UnusualJson } from '../../text/json-walk.ts';
import {
  type GraphNode,
  LONGEST_VERSION,
  MOST_EDGES,
  MOST_NODES,
  parseGraph,
  parseNode,
  repeatedVersions,
} from './graph.ts';
import { type GraphView, viewOf } from './graph-view.ts';
import { SeenVersions } from './seen-versions.ts';

/** The number of a key is its place. */
const KEYS = ['version', 'payload', 'nodes', 'edges'];
const [VERSION, PAYLOAD, NODES, EDGES] = [0, 1, 2, 3];

const ZERO = 0x30;

/** Throws as `parseJsonBytes` and `parseGraph` do. */
export function readGraph(bytes: Buffer): GraphView {
  try {
    return new GraphReader(bytes).view();
  } catch (error) {
    if (!(error instanceof UnusualJson)) {
      throw error;
    }
  }
  return viewOf(parseGraph(parseJsonBytes(bytes, GRAPH_JSON)));
}

class GraphReader {
  readonly #bytes: Buffer;
  readonly #walk: JsonWalk;
  /** Of each node: where it begins, and where it ends. */
  readonly #nodeStarts: number[] = [];
  readonly #nodeEnds: number[] = [];
  /** Of each node: where its payload ends; 0 when it must be parsed to tell. */
  readonly #payloadEnds: number[] = [];
  /** Of each node: where its version begins and ends, if its payload is noted. */
  readonly #versionStarts: number[] = [];
  readonly #versionEnds: number[] = [];
  readonly #seen: SeenVersions;
  /** False: some version may be there twice. */
  #hasEachOnce = true;
  readonly #made = new Map<number, GraphNode>();
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #hasNodes = false;
  #hasEdges = false;
  /** The last index of an edge, and the highest one. */
  #index = 0;
  #highest = -1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#walk = new JsonWalk(bytes, GRAPH_JSON, KEYS);
    this.#seen = new SeenVersions(bytes);
  }

  /** Throws UnusualJson. */
  view(): GraphView {
    const walk = this.#walk;
    walk.end(this.#entries(walk.blanks(0), OBJECT, (at) => this.#part(at)));
    const nodeCount = this.#nodeStarts.length;
    if (!this.#hasNodes || this.#highest >= nodeCount) {
      throw new UnusualJson('no nodes, or an edge to nowhere');
    }
    return {
      nodeCount,
      edgeCount: this.#starts.length,
      warnings: this.#hasEachOnce
        ? []
        : repeatedVersions(this.#nodeStarts.map((_, place) => this.#version(place))),
      starts: this.#starts,
      ends: this.#ends,
      node: (place) => this.#node(place),
      placesOf: (payloadEnd) => this.#placesOf(payloadEnd),
    };
  }

  /** Passes a list or an object. `pass` gets the place of each entry, and returns the place behind it. */
  #entries(from: number, bracket: Bracket, pass: (at: number) => number): number {
    const walk = this.#walk;
    let at = walk.open(from, bracket);
    if (this.#bytes[at] === bracket + 2) {
      return walk.close(at, bracket);
    }
    for (;;) {
      at = walk.blanks(pass(at));
      if (this.#bytes[at] !== COMMA) {
        return walk.close(at, bracket);
      }
      at = walk.comma(at);
    }
  }

  #part(from: number): number {
    const walk = this.#walk;
    const at = walk.key(from);
    if (walk.keyNumber === NODES && !this.#hasNodes) {
      this.#hasNodes = true;
      return this.#entries(at, LIST, (place) => this.#passNode(place));
    }
    if (walk.keyNumber === EDGES && !this.#hasEdges) {
      this.#hasEdges = true;
      return this.#entries(at, LIST, (place) => this.#passEdge(place));
    }
    if (walk.keyNumber === NODES || walk.keyNumber === EDGES) {
      throw new UnusualJson('nodes or edges twice');
    }
    return walk.skip(at);
  }

  #passNode(from: number): number {
    const place = this.#nodeStarts.length;
    if (place >= MOST_NODES) {
      throw new UnusualJson('many nodes');
    }
    this.#nodeStarts.push(from);
    const end = this.#bytes[from] === OBJECT ? this.#passFields(from) : this.#walk.skip(from);
    this.#nodeEnds.push(end);
    if (this.#payloadEnds.length === place) {
      this.#hasEachOnce = false;
      this.#payloadEnds.push(0);
      this.#versionStarts.push(0);
      this.#versionEnds.push(0);
    }
    return end;
  }

  /** Notes version and payload, if both are there once and as they are mostly written. */
  #passFields(from: number): number {
    const walk = this.#walk;
    const bytes = this.#bytes;
    let versionStart = 0;
    let versionEnd = 0;
    let payloadEnd = 0;
    let isUsual = true;
    let at = walk.open(from, OBJECT);
    if (bytes[at] === OBJECT + 2) {
      return walk.close(at, OBJECT);
    }
    for (;;) {
      at = walk.key(at);
      const key = walk.keyNumber;
      const start = at + 1;
      if (bytes[at] !== QUOTE) {
        isUsual &&= key !== VERSION && key !== PAYLOAD;
        at = walk.skip(at);
      } else {
        at = walk.text(at);
        if (key === VERSION) {
          isUsual &&= walk.isPlain && versionStart === 0 && at - 1 - start <= LONGEST_VERSION;
          versionStart = start;
          versionEnd = at - 1;
        } else if (key === PAYLOAD) {
          isUsual &&= walk.isPlain && payloadEnd === 0;
          payloadEnd = at - 1;
        }
      }
      at = walk.blanks(at);
      if (bytes[at] !== COMMA) {
        break;
      }
      at = walk.comma(at);
    }
    if (isUsual && versionEnd > versionStart && payloadEnd > 0) {
      this.#versionStarts.push(versionStart);
      this.#versionEnds.push(versionEnd);
      this.#payloadEnds.push(payloadEnd);
      this.#hasEachOnce &&= this.#seen.add(versionStart, versionEnd);
    }
    return walk.close(at, OBJECT);
  }

  #passEdge(from: number): number {
    const walk = this.#walk;
    let at = this.#passIndex(walk.open(from, LIST));
    this.#starts.push(this.#index);
    if (this.#bytes[at] !== COMMA || this.#starts.length > MOST_EDGES) {
      throw new UnusualJson('an edge');
    }
    at = this.#passIndex(walk.comma(at));
    this.#ends.push(this.#index);
    return walk.close(at, LIST);
  }

  /** Passes a whole number from 0, written with digits alone, and blanks. */
  #passIndex(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    let index = 0;
    let digit = (bytes[at] ?? 0) - ZERO;
    while (digit >= 0 && digit <= 9 && index <= MOST_NODES) {
      index = index * 10 + digit;
      at += 1;
      digit = (bytes[at] ?? 0) - ZERO;
    }
    if (at === from || (bytes[from] === ZERO && at - from > 1)) {
      throw new UnusualJson('an index');
    }
    this.#index = index;
    if (index > this.#highest) {
      this.#highest = index;
    }
    return this.#walk.blanks(at);
  }

  #node(place: number): GraphNode | undefined {
    const known = this.#made.get(place);
    if (known !== undefined || place < 0 || place >= this.#nodeStarts.length) {
      return known;
    }
    const text = this.#bytes.toString('utf8', this.#nodeStarts[place], this.#nodeEnds[place]);
    const node = parseNode(JSON.parse(text), place);
    this.#made.set(place, node);
    return node;
  }

  #version(place: number): string {
    return this.#payloadEnds[place] === 0
      ? (this.#node(place)?.version ?? '')
      : this.#bytes.toString('latin1', this.#versionStarts[place], this.#versionEnds[place]);
  }

  #placesOf(payloadEnd: string): number[] {
    const bytes = this.#bytes;
    const wanted = Buffer.from(payloadEnd);
    const last = wanted.at(-1);
    const places: number[] = [];
    for (let place = 0; place < this.#payloadEnds.length; place += 1) {
      const end = this.#payloadEnds[place] ?? 0;
      const isThere =
        end === 0
          ? this.#node(place)?.payload.endsWith(payloadEnd) === true
          : (last === undefined || bytes[end - 1] === last) && this.#isBefore(end, wanted);
      if (isThere) {
        places.push(place);
      }
    }
    return places;
  }

  #isBefore(end: number, wanted: Buffer): boolean {
    let left = wanted.length;
    while (left > 0 && this.#bytes[end - wanted.length + left - 1] === wanted[left - 1]) {
      left -= 1;
    }
    return left === 0;
  }
}
