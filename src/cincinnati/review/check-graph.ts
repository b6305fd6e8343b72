/**
 * Checks an update graph, or the file that Fedora CoreOS's graphs are made of, with every fault at once. Pure.
 *
 * Invariants:
 * - What the agent refuses is an error, in the agent's own words.
 * - A text that the agent cannot take apart has one finding, with its place. There is nothing to say about the rest.
 */
import { AgentError } from '../../errors.ts';
import { checkJson, GRAPH_JSON, JsonLimitError } from '../../text/bounded-json.ts';
import { JsonPlaceError, memberOf, type Placed, placeJson } from '../../text/json-places.ts';
import { checkEdges } from './check-edges.ts';
import { checkMetadata } from './check-metadata.ts';
import { checkNodes } from './check-nodes.ts';
import { checkUpdates } from './check-updates.ts';
import { type Finding, Findings, reportRepeatedKeys } from './finding.ts';
import { readGraphJson } from './read-graph.ts';

export interface Checked {
  /** `updates`: `updates/STREAM.json` of coreos/fedora-coreos-streams. */
  readonly kind: 'graph' | 'updates' | 'unreadable';
  /** In the order of the text. */
  readonly findings: readonly Finding[];
  readonly releases: number;
  /** 0 unless it is a graph. */
  readonly edges: number;
}

/** `nowAt`: milliseconds since 1970; what rollouts have reached by then. */
export function checkGraph(bytes: Uint8Array, nowAt: number): Checked {
  const text = new TextDecoder().decode(bytes);
  const findings = new Findings(text);
  const root = placed(text, bytes.length, findings);
  if (root === undefined) {
    return { kind: 'unreadable', findings: findings.sorted(), releases: 0, edges: 0 };
  }
  reportRepeatedKeys(findings, root);
  const json: unknown = JSON.parse(text);
  if (memberOf(root, 'nodes') === undefined && memberOf(root, 'releases') !== undefined) {
    const releases = checkUpdates(findings, root);
    return { kind: 'updates', findings: findings.sorted(), releases, edges: 0 };
  }
  try {
    const read = readGraphJson(json);
    checkNodes(findings, root, read);
    checkMetadata(findings, root, read, nowAt);
    checkEdges(findings, root, read);
    return {
      kind: 'graph',
      findings: findings.sorted(),
      releases: read.graph.nodes.length,
      edges: read.graph.edgeCount,
    };
  } catch (error) {
    if (!(error instanceof AgentError)) {
      throw error;
    }
    const [, key] = /: (nodes|edges) must/.exec(error.message) ?? [];
    const place = key === undefined ? root : (memberOf(root, key)?.value ?? root);
    findings.error('not-a-graph', { place, path: key ?? '' }, error.message);
    return { kind: 'unreadable', findings: findings.sorted(), releases: 0, edges: 0 };
  }
}

/** Undefined when it is noted why there is nothing to look at. */
function placed(text: string, bytes: number, findings: Findings): Placed | undefined {
  try {
    if (bytes > GRAPH_JSON.bytes) {
      throw new JsonLimitError(`it must have at most ${GRAPH_JSON.bytes} bytes, got ${bytes}`);
    }
    checkJson(text, GRAPH_JSON);
    return placeJson(text);
  } catch (error) {
    if (error instanceof JsonLimitError) {
      findings.addAt('error', 'too-large', 0, '', `the agent refuses it: ${error.message}`);
      return undefined;
    }
    if (!(error instanceof JsonPlaceError)) {
      throw error;
    }
    findings.addAt('error', 'no-json', error.at, '', error.message);
    return undefined;
  }
}
