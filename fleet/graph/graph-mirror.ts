/** Command `graph mirror`: graphs of a server in a folder, for a stick or a static web server. */
import { SCHEMES } from '../../src/agent/release.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { printable } from '../../src/errors.ts';
import type { CommandSpec, Given } from '../command-spec.ts';
import { table } from '../table.ts';
import { GraphFetcher } from './fetch-graph.ts';
import { isAddress } from './graph-address.ts';
import { DEFAULT_SCOPE, type GraphScope, scopeName, scopeScheme, scopeText } from './graph-scope.ts';
import { mirrorGraphs, type Mirrored } from './mirror-graphs.ts';
import { warinessOption } from './wariness.ts';

export const GRAPH_MIRROR: CommandSpec = {
  name: 'graph mirror',
  words: ['URL', 'FOLDER'],
  summary: 'copy the graphs of a server into a folder, for a stick or a static web server',
  options: {
    stream: { value: 'NAME', doc: `a stream, ${DEFAULT_SCOPE.stream} unless given`, isList: true },
    arch: { value: 'NAME', doc: `an architecture, ${DEFAULT_SCOPE.basearch} unless given`, isList: true },
    scheme: {
      value: 'NAME',
      choices: SCHEMES,
      doc: 'checksum, which is so unless given, or oci for hosts of images',
      isList: true,
    },
    wariness: {
      value: 'N',
      doc: '1, which is so unless given: finished rollouts alone; 0: all, for graph serve',
    },
    'allow-removed': { doc: 'take a graph from which releases of the copy are gone' },
    json: { doc: 'print what came of each graph as JSON instead' },
  },
  notes: [
    'URL is what cincinnati.base_url of a node is. Each stream is asked for with each architecture and scheme.',
    'Exit codes: 0 all are there and confirmed, 1 at least one was refused or failed; its last good copy stays.',
  ],
  run: mirror,
};

/** The format's own number: it grows when a reader would have to change. */
const FORMAT = 1;
/** Of streams, architectures and schemes together. */
const MOST_GRAPHS = 200;
/** What finished rollouts show. A web server hands the same file to all nodes at once. */
const FINISHED = '1';

async function mirror({ words: [address = '', folder = ''], values, flags, lists }: Given): Promise<number> {
  if (!isAddress(address)) {
    throw new UsageError(
      `URL must be an http:// or https:// address, got ${printable(JSON.stringify(address.slice(0, 100)))}`,
    );
  }
  const scopes = scopesOf(lists);
  const life = new AbortController();
  const end = (): void => life.abort();
  process.once('SIGTERM', end).once('SIGINT', end);
  await using fetcher = new GraphFetcher(process.env);
  try {
    const done = await mirrorGraphs({
      ...{ address, folder, scopes, fetcher },
      wariness: warinessOption(values.get('wariness') ?? FINISHED),
      allowRemoved: flags.has('allow-removed'),
      nowAt: Date.now,
      signal: life.signal,
    });
    process.stdout.write(flags.has('json') ? mirrorJson(folder, done) : mirrorText(done));
    return done.every(({ reasons }) => reasons.length === 0) ? EXIT.ok : EXIT.failure;
  } finally {
    process.off('SIGTERM', end).off('SIGINT', end);
  }
}

function scopesOf(lists: Given['lists']): readonly GraphScope[] {
  const all = (option: string, fallback: string): readonly string[] => [
    ...new Set(lists.get(option) ?? [fallback]),
  ];
  const streams = all('stream', DEFAULT_SCOPE.stream).map((text) => scopeName('stream', text));
  const arches = all('arch', DEFAULT_SCOPE.basearch).map((text) => scopeName('arch', text));
  const schemes = all('scheme', DEFAULT_SCOPE.scheme).map(scopeScheme);
  const scopes = streams.flatMap((stream) =>
    arches.flatMap((basearch) => schemes.map((scheme) => ({ stream, basearch, scheme }))),
  );
  if (scopes.length > MOST_GRAPHS) {
    throw new UsageError(`there must be at most ${MOST_GRAPHS} graphs, got ${scopes.length}`);
  }
  return scopes;
}

export function mirrorText(done: readonly Mirrored[]): string {
  const rows = done.map(({ scope, outcome, releases, file }) => [
    scopeText(scope),
    outcome,
    releases === 0 ? '-' : String(releases),
    file,
  ]);
  const reasons = done.flatMap(({ scope, reasons: all, hasCopy }) =>
    all.length === 0
      ? []
      : [
          '',
          `${scopeText(scope)}: ${hasCopy ? 'the last good copy stays' : 'there is no copy'}`,
          ...all.map((reason) => `  ${reason}`),
        ],
  );
  return [...table([['GRAPH', 'CAME OF IT', 'RELEASES', 'FILE'], ...rows]), ...reasons]
    .map((line) => `${printable(line)}\n`)
    .join('');
}

function mirrorJson(folder: string, done: readonly Mirrored[]): string {
  const graphs = done.map(({ scope, ...rest }) => ({ ...scope, ...rest }));
  return `${JSON.stringify({ graphMirror: FORMAT, folder, graphs })}\n`;
}
