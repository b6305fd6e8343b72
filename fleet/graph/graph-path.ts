/** Command `graph path`: the way of a node through a graph, and when it goes it. */
import { EXIT } from '../../src/cli/exit-codes.ts';
import { parseDuration } from '../../src/cli/duration.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import type { Release } from '../../src/agent/release.ts';
import { warinessOf } from '../../src/cincinnati/policy/rollout.ts';
import type { ReadGraph } from '../../src/cincinnati/review/read-graph.ts';
import { walkGraph } from '../../src/cincinnati/review/walk-graph.ts';
import { loadFolders } from '../../src/config/load-settings.ts';
import type { Settings } from '../../src/config/settings.ts';
import { printable } from '../../src/errors.ts';
import { MINUTE_MS } from '../../src/text/units.ts';
import type { CommandSpec, Given } from '../command-spec.ts';
import { instantOption } from '../instant-option.ts';
import { loadGraph, named, readNamed, SOURCE_OPTIONS } from './graph-source.ts';
import { pathJson, pathText, type PathReport } from './path-report.ts';
import { AT_ONCE, rebootTimes } from './reboot-times.ts';
import { nodeOption, warinessOption } from './wariness.ts';

export const GRAPH_PATH: CommandSpec = {
  name: 'graph path',
  words: ['FILE|URL'],
  summary: 'the updates that a node takes from one release on, one by one, and when',
  options: {
    from: { value: 'VERSION', doc: 'the release that the node has booted: a version, a commit or a digest' },
    to: { value: 'VERSION', doc: 'where the way is to end' },
    config: { value: 'FOLDER', doc: "a folder of the node's drop-ins, the weakest first", isList: true },
    at: { value: 'DATE', doc: 'when it begins, now unless given: 2026-12-01 or 2026-12-01T00:00:00Z' },
    node: { value: 'UUID', doc: 'which node: its place in rollouts and windows' },
    wariness: { value: 'N', doc: 'how late it takes a release of a rollout: 0 first, 1 last' },
    'time-zone': { value: 'NAME', doc: 'local time of the node, UTC unless given' },
    staging: { value: 'DURATION', doc: 'to download and deploy a release, 10m unless given' },
    reboot: { value: 'DURATION', doc: 'from a reboot until the agent asks again, 5m unless given' },
    ...SOURCE_OPTIONS,
    json: { doc: 'print everything as JSON instead' },
  },
  notes: [
    'Without --node and --wariness, and without a wariness in the drop-ins, it is the last node of each rollout.',
    'Exit codes: 0 it ends at the newest release, or at --to; 1 it does not.',
  ],
  run: path,
};

const STAGING_MS = 10 * MINUTE_MS;
const REBOOT_MS = 5 * MINUTE_MS;
/** Without anything known of the node: the one that comes last. */
const LAST = 1;

async function path({ words: [source = ''], values, flags, lists }: Given): Promise<number> {
  const wanted = values.get('from');
  if (wanted === undefined) {
    throw new UsageError('graph path must be told --from VERSION: the release that the node has booted');
  }
  const at = values.get('at');
  const fromAt = at === undefined ? Date.now() : instantOption('at', at);
  const settings = await settingsOf(lists.get('config') ?? []);
  const node = values.has('node') ? nodeOption(values.get('node') ?? '') : undefined;
  const times =
    settings === undefined ? AT_ONCE : rebootTimes(settings, values.get('time-zone') ?? 'UTC', node);
  const [staging, reboot] = [values.get('staging'), values.get('reboot')];
  const wariness = warinessFrom(values.get('wariness'), node, settings);
  const to = values.get('to');
  const loaded = await loadGraph(source, values);
  const read = readNamed(loaded);
  const walk = walkGraph(read, {
    from: named(loaded.name, () => bootedIn(read, wanted)),
    to: to === undefined ? undefined : named(loaded.name, () => versionIn(read, to)),
    wariness,
    fromAt,
    skip: settings?.updates.skip ?? [],
    allowDowngrade: settings?.updates.allowDowngrade ?? false,
    stagingMs: staging === undefined ? STAGING_MS : parseDuration(staging),
    rebootMs: reboot === undefined ? REBOOT_MS : parseDuration(reboot),
    rebootTime: times.timeOf,
  });
  const report: PathReport = { source: loaded.name, fromAt, wariness, walk, assumptions: times.assumptions };
  process.stdout.write(flags.has('json') ? pathJson(report) : pathText(report));
  const goal = values.has('to') ? 'arrived' : 'newest';
  return walk.end.kind === goal ? EXIT.ok : EXIT.failure;
}

async function settingsOf(folders: readonly string[]): Promise<Settings | undefined> {
  if (folders.length === 0) {
    return undefined;
  }
  const { settings, warnings } = await loadFolders(folders);
  for (const warning of warnings) {
    process.stderr.write(`warning: ${warning}\n`);
  }
  return settings;
}

function warinessFrom(
  text: string | undefined,
  node: string | undefined,
  settings: Settings | undefined,
): number {
  if (text !== undefined) {
    return warinessOption(text);
  }
  const configured = settings?.identity.rolloutWariness;
  const uuid = node ?? settings?.identity.nodeUuid;
  return configured ?? (uuid === undefined ? LAST : warinessOf(uuid));
}

/** Rejects what the graph does not have: such a node is off the graph. */
function bootedIn({ graph }: ReadGraph, text: string): Release {
  const fits = graph.nodes.filter(
    ({ version, payload }) => version === text || payload === text || payload.endsWith(`@${text}`),
  );
  const [first, second] = fits;
  if (first === undefined) {
    throw new Error(
      `the graph must have the release that is booted, got none that is ${printable(text)}: such a node is off the graph`,
    );
  }
  if (second !== undefined && second.payload !== first.payload) {
    throw new Error(
      `${printable(text)} must name one release of the graph, got ${fits.length}: give its commit or digest`,
    );
  }
  if (first.scheme === undefined) {
    throw new Error(`the release ${printable(text)} must have a scheme: ${first.problem ?? 'it has none'}`);
  }
  return { version: first.version, payload: { scheme: first.scheme, value: first.payload } };
}

function versionIn({ graph }: ReadGraph, text: string): string {
  if (!graph.nodes.some(({ version }) => version === text)) {
    throw new Error(`the graph must have the release of --to, got none that is ${printable(text)}`);
  }
  return text;
}
