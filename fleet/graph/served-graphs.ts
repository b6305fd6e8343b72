/**
 * The graphs of a folder in memory, read again when their files change.
 *
 * Invariants:
 * - A graph is replaced only by one without an error. Until then the last good one is served.
 * - A graph whose file is gone is no longer served.
 * - What is read is bounded: in files, in bytes of each.
 */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { counted } from '../counted.ts';
import { SCHEMES } from '../../src/agent/release.ts';
import { checkGraph } from '../../src/cincinnati/review/check-graph.ts';
import { readGraph } from '../../src/cincinnati/review/read-graph.ts';
import { printable, reasonOf } from '../../src/errors.ts';
import { isMissingOrNotDirectory } from '../../src/files/error-code.ts';
import { readSmallFile } from '../../src/files/read-small-file.ts';
import type { Logger } from '../../src/log/log.ts';
import { GRAPH_JSON } from '../../src/text/bounded-json.ts';
import {
  type GraphScope,
  IMAGES_FOLDER,
  isScopeName,
  isStreamFolder,
  pathInFolder,
  scopeText,
} from './graph-scope.ts';
import { ServedGraph } from './served-graph.ts';

/** Streams times architectures times schemes. Real ones have three, four and two. */
const MOST_GRAPHS = 500;

interface Known {
  readonly scope: GraphScope;
  /** Tells one content of the file from another. */
  readonly stamp: string;
  /** Undefined: none was good so far. */
  readonly graph: ServedGraph | undefined;
  /** Why the content of this stamp is not served. */
  readonly refusal: string | undefined;
}

export interface GraphState {
  readonly scope: GraphScope;
  readonly graph: ServedGraph | undefined;
  readonly refusal: string | undefined;
}

export class ServedGraphs {
  readonly #folder: string;
  readonly #log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly #nowAt: () => number;
  #known: ReadonlyMap<string, Known> = new Map();
  #reading: Promise<void> | undefined;

  constructor(folder: string, log: Pick<Logger, 'info' | 'warn' | 'error'>, nowAt: () => number) {
    this.#folder = folder;
    this.#log = log;
    this.#nowAt = nowAt;
  }

  graphOf(scope: GraphScope): ServedGraph | undefined {
    return this.#known.get(pathInFolder(scope))?.graph;
  }

  get states(): readonly GraphState[] {
    return [...this.#known.values()];
  }

  /** Never rejects: what is wrong is in the log, and what was good stays. One reading at a time. */
  async refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #read(): Promise<void> {
    let scopes: readonly GraphScope[];
    try {
      scopes = await this.#scopes();
    } catch (error) {
      this.#log.error(
        `cannot read ${printable(this.#folder)}: ${reasonOf(error)}; what was read before is served`,
      );
      return;
    }
    const known = new Map<string, Known>();
    for (const scope of scopes) {
      const name = pathInFolder(scope);
      const read = await this.#readOne(scope, this.#known.get(name));
      if (read !== undefined) {
        known.set(name, read);
      }
    }
    for (const [name, { scope, graph }] of this.#known) {
      if (!known.has(name) && graph !== undefined) {
        this.#log.warn(`${scopeText(scope)} is gone from the folder, and is no longer served`);
      }
    }
    this.#known = known;
  }

  async #readOne(scope: GraphScope, before: Known | undefined): Promise<Known | undefined> {
    const name = pathInFolder(scope);
    const file = path.join(this.#folder, name);
    try {
      const { size, mtimeMs, ino } = await stat(file);
      const stamp = `${size} ${mtimeMs} ${ino}`;
      if (before?.stamp === stamp) {
        return before;
      }
      const bytes = await readSmallFile(file, GRAPH_JSON.bytes);
      const refusal = refusalOf(bytes, this.#nowAt());
      if (refusal !== undefined) {
        this.#log.error(
          `${name}: ${refusal}${before?.graph === undefined ? '' : '; the graph before it is served'}`,
        );
        return { scope, stamp, graph: before?.graph, refusal };
      }
      const graph = new ServedGraph(readGraph(bytes), this.#nowAt());
      this.#log.info(
        `serving ${scopeText(scope)}: ${counted(graph.releases, 'release')}, ${counted(graph.edges, 'edge')}`,
      );
      return { scope, stamp, graph, refusal: undefined };
    } catch (error) {
      if (isMissingOrNotDirectory(error)) {
        return undefined;
      }
      const refusal = `cannot read ${printable(name)}: ${reasonOf(error)}`;
      if (before?.refusal !== refusal) {
        this.#log.error(refusal);
      }
      // Without a stamp it is tried again the next time.
      return { scope, stamp: '', graph: before?.graph, refusal };
    }
  }

  async #scopes(): Promise<readonly GraphScope[]> {
    const scopes: GraphScope[] = [];
    for (const scheme of SCHEMES) {
      const root = scheme === 'oci' ? path.join(this.#folder, IMAGES_FOLDER) : this.#folder;
      const streams = await namesIn(root, scheme === 'oci');
      for (const stream of streams.filter(isStreamFolder)) {
        const arches = await namesIn(path.join(root, stream), true);
        for (const basearch of arches.filter(isScopeName)) {
          scopes.push({ stream, basearch, scheme });
        }
      }
    }
    if (scopes.length > MOST_GRAPHS) {
      throw new Error(`it must have at most ${MOST_GRAPHS} graphs, got ${scopes.length}`);
    }
    return scopes;
  }
}

/** In order. `mayBeMissing`: nothing where there is no such folder. */
async function namesIn(folder: string, mayBeMissing: boolean): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (error) {
    if (mayBeMissing && isMissingOrNotDirectory(error)) {
      return [];
    }
    throw error;
  }
}

function refusalOf(bytes: Buffer, nowAt: number): string | undefined {
  const { kind, findings } = checkGraph(bytes, nowAt);
  const errors = findings.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first !== undefined) {
    const others = errors.length === 1 ? '' : ` (and ${errors.length - 1} more: see graph check)`;
    return printable(`line ${first.line}, column ${first.column}: ${first.reason}${others}`);
  }
  return kind === 'graph' ? undefined : 'it must be a graph';
}
