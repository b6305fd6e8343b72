/**
 * The way that a node takes through a history: the releases at which it stops, from a given one to the
 * newest. Pure.
 */
import { type Scheme } from '../src/agent/release.ts';
import { parseGraph } from '../src/cincinnati/graph/graph.ts';
import { selectUpdate, surroundingsOf } from '../src/cincinnati/graph/select-update.ts';
import { wireNodes, type History } from './releases.ts';
import { offeredEdges } from '../src/cincinnati/policy/offered-edges.ts';

/** Versions from `start` to the one that is offered no update. Throws when `start` is not in the history. */
export function plannedWalk(history: History, scheme: Scheme, start: string, nowMs: number): string[] {
  const nodes = wireNodes(history, scheme);
  const edges = history.edges ?? offeredEdges(history, { wariness: 0, nowMs });
  const graph = parseGraph({ nodes, edges });
  let node = nodes.find((candidate) => candidate.version === start);
  if (node === undefined) {
    throw new Error(`release ${start} must be in the history`);
  }
  const walk = [node.version];
  for (;;) {
    const booted = { version: node.version, payload: { scheme, value: node.payload } };
    const { outcome } = selectUpdate(surroundingsOf(graph, booted), {
      booted,
      denied: [],
      skip: [],
      allowDowngrade: false,
    });
    if (outcome.kind !== 'update' || walk.length > nodes.length) {
      return walk;
    }
    const target = outcome.release.payload.value;
    const next = nodes.find((candidate) => candidate.payload === target);
    if (next === undefined) {
      return walk;
    }
    node = next;
    walk.push(node.version);
  }
}
