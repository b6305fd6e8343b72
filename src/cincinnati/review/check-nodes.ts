/**
 * Findings about the nodes of a graph, each by itself and among the others. Pure.
 *
 * Invariant: whether a node can be an update target, and why not, the agent's own code says.
 */
import { parseGraph, type GraphNode } from '../graph/graph.ts';
import type { Placed } from '../../text/json-places.ts';
import { printable } from '../../text/printable.ts';
import { type Findings, itemAt, type Located, memberAt } from './finding.ts';
import { KEYS, type ReadGraph } from './read-graph.ts';

/** Takes the place of what is wrong, so that the agent's code comes to the next fault of the same node. */
const SOUND = {
  version: '0',
  payload: { checksum: '0'.repeat(64), oci: `image@sha256:${'0'.repeat(64)}` },
} as const;

/** The members of a node that the agent has rules for, by the words of its complaints. */
const RULES: readonly (readonly [word: string, rule: string])[] = [
  ['version', 'node-version'],
  ['payload', 'node-payload'],
  ['metadata', 'node-metadata'],
  [KEYS.scheme, 'node-scheme'],
  [KEYS.ageIndex, 'node-age-index'],
];

export function checkNodes(findings: Findings, root: Placed, { graph, nodes }: ReadGraph): void {
  const list = memberAt({ place: root, path: '' }, 'nodes');
  if (graph.nodes.length === 0) {
    findings.error(
      'no-releases',
      list,
      'a graph must have releases, got none: every node would be off the graph',
    );
  }
  for (const [index, node] of graph.nodes.entries()) {
    reportNode(findings, itemAt(list, index), node, nodes[index], index);
  }
  reportAmong(findings, list, graph.nodes);
}

function reportNode(findings: Findings, at: Located, node: GraphNode, written: unknown, index: number): void {
  let patched = written;
  let problem = node.problem;
  // Each round mends one member, so there are no more rounds than members.
  for (let round = 0; problem !== undefined && round < RULES.length; round++) {
    const said = problem;
    const found = RULES.find(([word]) => said.includes(`: ${word} must be`));
    const where = found === undefined ? at : placeIn(at, found[0]);
    findings.error(found?.[1] ?? 'node', where, said.replace('nodes[0]', `nodes[${index}]`));
    if (found === undefined) {
      return;
    }
    patched = mended(patched, found[0]);
    problem = parseGraph({ nodes: [patched] }).nodes[0]?.problem;
  }
}

function placeIn(at: Located, word: string): Located {
  return word === KEYS.scheme || word === KEYS.ageIndex
    ? memberAt(memberAt(at, 'metadata'), word)
    : memberAt(at, word);
}

function mended(node: unknown, word: string): unknown {
  const fields = { ...asObject(node) };
  const metadata = { ...asObject(fields['metadata']) };
  switch (word) {
    case 'version':
      return { ...fields, version: SOUND.version };
    case 'payload':
      return { ...fields, payload: SOUND.payload[metadata[KEYS.scheme] === 'oci' ? 'oci' : 'checksum'] };
    case 'metadata':
      return { ...fields, metadata: {} };
    case KEYS.scheme:
      // Which of the two was meant, the payload shows.
      return {
        ...fields,
        metadata: {
          ...metadata,
          [KEYS.scheme]: String(fields['payload']).includes('@') ? 'oci' : 'checksum',
        },
      };
    default:
      return { ...fields, metadata: { ...metadata, [KEYS.ageIndex]: '0' } };
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

function reportAmong(findings: Findings, list: Located, nodes: readonly GraphNode[]): void {
  const firsts = { version: new Map<string, number>(), payload: new Map<string, number>() };
  const ages = new Map<string, number>();
  const schemes = new Set<string>();
  let highest: bigint | undefined;
  for (const [index, node] of nodes.entries()) {
    const at = itemAt(list, index);
    const { version, payload, scheme, ageIndex } = node;
    const isTwin =
      payload !== '' && reportTwin(findings, memberAt(at, 'payload'), firsts.payload, payload, index);
    if (!isTwin && version !== '') {
      reportRepeatedVersion(findings, memberAt(at, 'version'), firsts.version, version, index);
    }
    if (scheme !== undefined) {
      if (schemes.size === 1 && !schemes.has(scheme)) {
        findings.warn(
          'mixed-schemes',
          memberAt(memberAt(at, 'metadata'), KEYS.scheme),
          'a graph should have releases of one scheme: servers answer hosts of images with a graph of their own',
        );
      }
      schemes.add(scheme);
    }
    if (ageIndex === undefined) {
      continue;
    }
    const ageAt = memberAt(memberAt(at, 'metadata'), KEYS.ageIndex);
    const twin = ages.get(String(ageIndex));
    if (twin !== undefined) {
      findings.error(
        'repeated-age-index',
        ageAt,
        `each release must have an age_index of its own, got ${ageIndex} also of nodes[${twin}]: the agent orders the two by version`,
      );
    } else if (highest !== undefined && ageIndex < highest) {
      findings.warn(
        'unsorted-age-index',
        ageAt,
        `releases should be listed by age_index, oldest first, got ${ageIndex} after ${highest}`,
      );
    }
    ages.set(String(ageIndex), twin ?? index);
    highest = highest === undefined || ageIndex > highest ? ageIndex : highest;
  }
}

function reportTwin(
  findings: Findings,
  at: Located,
  firsts: Map<string, number>,
  payload: string,
  index: number,
): boolean {
  const first = firsts.get(payload);
  if (first === undefined) {
    firsts.set(payload, index);
    return false;
  }
  findings.error(
    'repeated-payload',
    at,
    `each payload must be in the graph once, got it as nodes[${first}] as well: only the edges of the first one count`,
  );
  return true;
}

function reportRepeatedVersion(
  findings: Findings,
  at: Located,
  firsts: Map<string, number>,
  version: string,
  index: number,
): void {
  const first = firsts.get(version);
  if (first === undefined) {
    firsts.set(version, index);
    return;
  }
  findings.error(
    'repeated-version',
    at,
    `every version must be there once, got ${printable(version)} as nodes[${first}] as well: people cannot tell the two apart`,
  );
}
