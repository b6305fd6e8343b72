/** A graph that a command looks at: a file, or a server that is asked for it. */
import { SCHEMES } from '../../src/agent/release.ts';
import { readGraph, type ReadGraph } from '../../src/cincinnati/review/read-graph.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { messageOf, printable, reasonOf } from '../../src/errors.ts';
import { readSmallFile } from '../../src/files/read-small-file.ts';
import { GRAPH_JSON } from '../../src/text/bounded-json.ts';
import { shownAddress } from '../../src/text/shown-address.ts';
import type { Given, OptionSpec } from '../command-spec.ts';
import { GraphFetcher } from './fetch-graph.ts';
import { graphAddress, isAddress } from './graph-address.ts';
import { DEFAULT_SCOPE, type GraphScope, scopeName, scopeScheme } from './graph-scope.ts';

/** For commands that take `FILE|URL`. */
export const SOURCE_OPTIONS: Readonly<Record<'stream' | 'arch' | 'scheme', OptionSpec>> = {
  stream: { value: 'NAME', doc: `of an address: the stream, ${DEFAULT_SCOPE.stream} unless given` },
  arch: { value: 'NAME', doc: `of an address: the architecture, ${DEFAULT_SCOPE.basearch} unless given` },
  scheme: { value: 'NAME', choices: SCHEMES, doc: 'of an address: checksum, or oci as hosts of images ask' },
};

/** More than the agent takes, so that a file that is too large for it can be told so. */
const LARGEST_FILE = 16 * GRAPH_JSON.bytes;

export interface GraphSource {
  /** As people may see it. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** What the options of {@link SOURCE_OPTIONS} say. Throws UsageError. */
export function givenScope(values: Given['values']): GraphScope {
  const scheme = values.get('scheme');
  return {
    stream: scopeName('stream', values.get('stream') ?? DEFAULT_SCOPE.stream),
    basearch: scopeName('arch', values.get('arch') ?? DEFAULT_SCOPE.basearch),
    scheme: scheme === undefined ? DEFAULT_SCOPE.scheme : scopeScheme(scheme),
  };
}

/** Throws an error that names the graph. */
export function readNamed({ name, bytes }: GraphSource): ReadGraph {
  return named(name, () => readGraph(bytes));
}

/** What it throws names the graph. `name`: as people may see it. */
export function named<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`${name}: ${messageOf(error)}`, { cause: error });
  }
}

/** A server is asked for all of every rollout. Rejects with UsageError, or an error with a text for people. */
export async function loadGraph(text: string, values: Given['values']): Promise<GraphSource> {
  const scope = givenScope(values);
  if (!isAddress(text)) {
    const odd = Object.keys(SOURCE_OPTIONS).find((option) => values.has(option));
    if (odd !== undefined) {
      throw new UsageError(`--${odd} is for addresses, got the file ${printable(text)}`);
    }
    return { name: printable(text), bytes: await readGraphFile(text) };
  }
  return fetchGraph(text, scope);
}

/** Rejects with an error with a text for people. */
export async function fetchGraph(text: string, scope: GraphScope): Promise<GraphSource> {
  const url = graphAddress(text, scope, 0);
  await using fetcher = new GraphFetcher(process.env);
  const fetched = await fetcher.fetch(url, {}, new AbortController().signal);
  if ('notModified' in fetched) {
    throw new Error('an answer 304 must only come to a question that allows it');
  }
  return { name: shownAddress(`${url.origin}${url.pathname}`), bytes: fetched.bytes };
}

async function readGraphFile(file: string): Promise<Buffer> {
  try {
    return await readSmallFile(file, LARGEST_FILE);
  } catch (error) {
    throw new Error(`cannot read ${printable(file)}: ${reasonOf(error)}`, { cause: error });
  }
}
