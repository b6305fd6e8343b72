import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ServedGraph } from '../../../../fleet/graph/served-graph.ts';
import { ServedGraphs } from '../../../../fleet/graph/served-graphs.ts';
import { graphOf, graphText, rollout } from '../../../support/fleet/written-graph.ts';

const AT = Date.UTC(2026, 11, 1);
const STABLE = { stream: 'stable', basearch: 'x86_64', scheme: 'checksum' } as const;
const [A, B] = [{ version: '1' }, { version: '2' }] as const;

let folder: string;
let said: string[];
let graphs: ServedGraphs;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'graph-serve-'));
  said = [];
  const say = (text: string): number => said.push(text);
  graphs = new ServedGraphs(folder, { info: say, warn: say, error: say }, () => AT);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(text: string, name = 'stable/x86_64/v1/graph'): Promise<void> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

describe('ServedGraphs', () => {
  it('finds every stream, architecture and scheme, and nothing else', async () => {
    await write(graphText([A], []));
    await write(graphText([A], []), 'stable/aarch64/v1/graph');
    await write(graphText([A], []), 'oci/testing/x86_64/v1/graph');
    await write('not a graph', '.hidden/x86_64/v1/graph');
    await write('{}', 'mirror.json');
    await mkdir(path.join(folder, 'next/x86_64'), { recursive: true });
    await graphs.refresh();
    expect(graphs.states.map(({ scope, refusal }) => [Object.values(scope).join(' '), refusal])).toEqual([
      ['stable aarch64 checksum', undefined],
      ['stable x86_64 checksum', undefined],
      ['testing x86_64 oci', undefined],
    ]);
    expect(graphs.graphOf(STABLE)?.releases).toBe(1);
    expect(graphs.graphOf({ ...STABLE, scheme: 'oci' })).toBeUndefined();
  });

  it('reads what has changed, and nothing else', async () => {
    await write(graphText([A], []));
    await graphs.refresh();
    const before = graphs.graphOf(STABLE);
    await graphs.refresh();
    expect(graphs.graphOf(STABLE)).toBe(before);
    await write(graphText([A, B], [[0, 1]]));
    await Promise.all([graphs.refresh(), graphs.refresh()]);
    expect(graphs.graphOf(STABLE)?.releases).toBe(2);
    expect(said).toEqual([
      'serving stable x86_64: 1 release, 0 edges',
      'serving stable x86_64: 2 releases, 1 edge',
    ]);
  });

  it('goes on with the last good graph while the file has an error, and says so once', async () => {
    await write(graphText([A], []));
    await graphs.refresh();
    await write(graphText([A, B], [[0, 7]]));
    await graphs.refresh();
    await graphs.refresh();
    expect(graphs.graphOf(STABLE)?.releases).toBe(1);
    expect(graphs.states[0]!.refusal).toMatch(/an edge must be two indices of nodes/);
    expect(said.filter((line) => line.includes('the graph before it is served'))).toHaveLength(1);
    await write(graphText([A, B], [[0, 1]]));
    await graphs.refresh();
    expect([graphs.graphOf(STABLE)?.releases, graphs.states[0]!.refusal]).toEqual([2, undefined]);
  });

  it('does not serve what never was good, nor what is gone', async () => {
    await write('<html>');
    await graphs.refresh();
    expect(graphs.graphOf(STABLE)).toBeUndefined();
    await write(graphText([A], []));
    await graphs.refresh();
    expect(graphs.graphOf(STABLE)?.releases).toBe(1);
    await rm(path.join(folder, 'stable'), { recursive: true });
    await graphs.refresh();
    expect([graphs.graphOf(STABLE), graphs.states]).toEqual([undefined, []]);
    expect(said.at(-1)).toBe('stable x86_64 is gone from the folder, and is no longer served');
  });

  it('keeps what it has when the folder cannot be read', async () => {
    await write(graphText([A], []));
    await graphs.refresh();
    await rename(folder, `${folder}.away`);
    await graphs.refresh();
    expect(graphs.graphOf(STABLE)?.releases).toBe(1);
    await rename(`${folder}.away`, folder);
    expect(said.at(-1)).toMatch(/cannot read .*; what was read before is served/);
  });
});

describe('ServedGraph', () => {
  it('shows each client its edges, and makes each answer once', () => {
    const graph = new ServedGraph(graphOf([A, { ...B, metadata: rollout(AT, 100) }], [[0, 1]]), AT);
    const edges = (wariness: number, nowMs: number): unknown =>
      (JSON.parse(String(graph.answerFor({ wariness, nowMs }).body)) as { edges: unknown }).edges;
    expect([edges(0.4, AT), edges(0.4, AT + 41 * 60_000), edges(1, AT + 99 * 60_000)]).toEqual([
      [],
      [[0, 1]],
      [],
    ]);
    const all = { wariness: 0, nowMs: AT };
    expect(graph.answerFor(all)).toBe(graph.answerFor({ ...all, nowMs: AT + 1000 }));
    expect(graph.answerFor(all).zipped()).toBe(graph.answerFor(all).zipped());
    expect(graph.answerFor(all).etag).not.toBe(graph.answerFor({ ...all, wariness: 1 }).etag);
  });

  it('hands the nodes on as they were written', () => {
    const read = graphOf([{ ...A, metadata: { 'com.example.note': 'kept' } }], []);
    const { nodes } = JSON.parse(
      String(new ServedGraph(read, AT).answerFor({ wariness: 0, nowMs: AT }).body),
    ) as {
      nodes: unknown;
    };
    expect(nodes).toEqual(read.nodes);
  });
});
