/** Walks the included histories of Fedora CoreOS from every release to the end, as nodes would. */
import { describe, expect, it } from 'vitest';

import { carriedHistory, wireNodes } from '../../../sandbox/releases.ts';
import { offeredEdges } from '../../../src/cincinnati/policy/offered-edges.ts';
import type { Release, Scheme } from '../../../src/agent/release.ts';
import { parseGraph, type Graph } from '../../../src/cincinnati/graph/graph.ts';
import { selectUpdate, surroundingsOf } from '../../../src/cincinnati/graph/select-update.ts';

/** A time after the end of every rollout in the histories. */
const AFTERWARDS = Date.UTC(2026, 11, 1);

async function graphOf(stream: 'stable' | 'testing', scheme: Scheme): Promise<Graph> {
  const history = await carriedHistory(stream);
  const edges = offeredEdges(history, { wariness: 1, nowMs: AFTERWARDS });
  return parseGraph(JSON.parse(JSON.stringify({ nodes: wireNodes(history, scheme), edges })));
}

function step(graph: Graph, booted: Release) {
  const result = selectUpdate(surroundingsOf(graph, booted), {
    booted,
    denied: [booted.payload],
    skip: [],
    allowDowngrade: false,
  });
  expect(result.warnings).toEqual([]);
  return result;
}

/** The versions on the way, including the first. */
function walk(graph: Graph, start: Release): string[] {
  const path = [start.version];
  for (let at = start; ;) {
    const { outcome } = step(graph, at);
    if (outcome.kind !== 'update') {
      expect(outcome.kind).toBe('no-update');
      return path;
    }
    // A host does not know the age_index of what it runs.
    at = { version: outcome.release.version, payload: outcome.release.payload };
    path.push(at.version);
    if (path.length > graph.nodes.length) {
      throw new Error(`a circle: ${path.join(' ')}`);
    }
  }
}

function starts(graph: Graph, scheme: Scheme): Release[] {
  return graph.nodes.map(({ version, payload }) => ({ version, payload: { scheme, value: payload } }));
}

describe.each(['checksum', 'oci'] as const)('histories addressed by %s', (scheme) => {
  it('stable: every release gets to the newest one, over every barrier in between', async () => {
    const graph = await graphOf('stable', scheme);
    const barriers = new Set(
      (await carriedHistory('stable')).entries.filter((e) => e.barrier !== undefined).map((e) => e.version),
    );
    const versions = graph.nodes.map((node) => node.version);
    expect(versions).toHaveLength(179);
    expect(barriers.size).toBe(19);
    for (const [index, start] of starts(graph, scheme).entries()) {
      const ahead = versions.slice(index + 1).filter((version) => barriers.has(version));
      const newest = versions.at(-1)!;
      const expected = [start.version, ...ahead, ...(start.version === newest ? [] : [newest])];
      expect(walk(graph, start)).toEqual(expected);
    }
  });

  it('stable: 20 hops from 31.20200108.3.0', async () => {
    const graph = await graphOf('stable', scheme);
    const path = walk(graph, starts(graph, scheme)[0]!);
    expect(path[0]).toBe('31.20200108.3.0');
    expect(path).toHaveLength(1 + 20);
    expect(path.at(-1)).toBe('44.20260707.3.1');
  });

  it('testing: every release but the dead-end gets to the newest one', async () => {
    const graph = await graphOf('testing', scheme);
    expect(graph.nodes).toHaveLength(209);
    for (const start of starts(graph, scheme).slice(1)) {
      expect(walk(graph, start).at(-1)).toBe('44.20260720.2.1');
      expect(step(graph, start).deadend).toEqual({ isDeadend: false });
    }
  });

  it('testing: the dead-end is reported and not updated', async () => {
    const graph = await graphOf('testing', scheme);
    const start = starts(graph, scheme)[0]!;
    expect(start.version).toBe('30.20190716.1');
    expect(step(graph, start)).toMatchObject({
      outcome: { kind: 'no-update' },
      deadend: { isDeadend: true, reason: 'https://github.com/coreos/fedora-coreos-tracker/issues/215' },
    });
  });
});

it('a graph of 10,000 releases in one line is walked to its end', () => {
  const count = 10_000;
  const nodes = Array.from({ length: count }, (_, index) => ({
    version: `1.${index}`,
    payload: index.toString(16).padStart(64, '0'),
    metadata: {
      'org.fedoraproject.coreos.scheme': 'checksum',
      'org.fedoraproject.coreos.releases.age_index': String(index),
    },
  }));
  const edges = nodes.slice(1).map((_, index) => [index, index + 1]);
  const graph = parseGraph({ nodes, edges });
  expect(graph.warnings).toEqual([]);
  let at = starts(graph, 'checksum')[count - 50]!;
  for (let hops = 1; hops < 50; hops++) {
    const { outcome } = step(graph, at);
    if (outcome.kind !== 'update') {
      throw new Error(outcome.kind);
    }
    expect(outcome.release.version).toBe(`1.${count - 50 + hops}`);
    at = outcome.release;
  }
  expect(step(graph, at).outcome.kind).toBe('no-update');
});
