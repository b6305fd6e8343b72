/**
 * The releases of a saved update graph, for a plan.
 *
 * Invariant: the graph is checked by the agent's own code. What the agent would not take from it, no plan has.
 */
import { parseGraph } from '../src/cincinnati/graph/graph.ts';
import type { WireEdge } from '../src/cincinnati/policy/offered-edges.ts';
import { readRollout } from '../src/cincinnati/policy/rollout.ts';
import { readSmallFile } from '../src/files/read-small-file.ts';
import type { PlannedRelease } from '../src/fleet/plan.ts';
import { GRAPH_JSON, parseJsonBytes } from '../src/text/bounded-json.ts';
import { DAY_MS, MEBIBYTE } from '../src/text/units.ts';

const LARGEST_GRAPH = 64 * MEBIBYTE;
const PREFIX = 'org.fedoraproject.coreos.updates.';

/** All are published before `fromAt`. Rejects with an error that says what is wrong with the file. */
export async function graphReleases(
  file: string,
  fromAt: number,
): Promise<{ readonly releases: readonly PlannedRelease[]; readonly edges: readonly WireEdge[] }> {
  const json = parseJsonBytes(await readSmallFile(file, LARGEST_GRAPH), GRAPH_JSON);
  const { nodes, edges } = parseGraph(json);
  const metadata = metadataOf(json);
  const ranks = nodes
    .map(({ problem, ageIndex }, index) => ({ problem, ageIndex, index }))
    .filter(({ problem, ageIndex }) => problem === undefined && ageIndex !== undefined)
    .toSorted((a, b) => Number((a.ageIndex ?? 0n) - (b.ageIndex ?? 0n)) || a.index - b.index)
    .map(({ index }) => index);
  const places = new Map(ranks.map((index, place) => [index, place]));
  const releases = ranks.map((index): PlannedRelease => {
    const { version = '', payload = '', deadendReason } = nodes[index] ?? {};
    const texts = metadata[index] ?? new Map<string, string>();
    const isRollout = texts.get(`${PREFIX}rollout`) === 'true';
    return {
      version,
      checksum: payload.slice(payload.lastIndexOf(':') + 1),
      publishedAt: fromAt - DAY_MS,
      isBad: false,
      ...(deadendReason !== undefined && { deadend: deadendReason }),
      ...(isRollout && {
        rollout: readRollout({
          startEpoch: texts.get(`${PREFIX}start_epoch`),
          startValue: texts.get(`${PREFIX}start_value`),
          durationMinutes: texts.get(`${PREFIX}duration_minutes`),
        }),
      }),
    };
  });
  if (releases.length === 0) {
    throw new Error('it must have a release that a node can take, got none');
  }
  return {
    releases,
    edges: edges.flatMap(({ from, to }): WireEdge[] => {
      const [a, b] = [places.get(from), to === undefined ? undefined : places.get(to)];
      return a === undefined || b === undefined ? [] : [[a, b]];
    }),
  };
}

/** Of each node: the texts of its metadata. */
function metadataOf(json: unknown): readonly ReadonlyMap<string, string>[] {
  const nodes: unknown = own(json, 'nodes');
  return Array.isArray(nodes)
    ? nodes.map((node) => {
        const metadata = own(node, 'metadata');
        const entries = typeof metadata === 'object' && metadata !== null ? Object.entries(metadata) : [];
        return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
      })
    : [];
}

function own(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;
}
