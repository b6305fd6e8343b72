import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { carriedHistory, wireNodes } from '../../../../sandbox/releases.ts';
import { parseGraph } from '../../../../src/cincinnati/graph/graph.ts';
import { allEdges, offeredEdges } from '../../../../src/cincinnati/policy/offered-edges.ts';
import { checkGraph } from '../../../../src/cincinnati/review/check-graph.ts';
import { KEYS } from '../../../../src/cincinnati/review/read-graph.ts';
import {
  barrier,
  deadend,
  graphText,
  rollout,
  type WrittenRelease,
} from '../../../support/fleet/written-graph.ts';
import { node, payload } from '../../../support/graphs.ts';
import { computing } from '../../../support/computing.ts';

const NOW = Date.UTC(2026, 11, 1);
const A: WrittenRelease = { version: '1' };
const B: WrittenRelease = { version: '2' };
const C: WrittenRelease = { version: '3' };

function found(text: string): string[] {
  return checkGraph(Buffer.from(text), NOW).findings.map(
    ({ severity, rule, path }) => `${severity === 'error' ? 'E' : 'W'} ${rule} ${path}`,
  );
}

const meta = (key: string, value: unknown) => ({ metadata: { [key]: value } });

describe('checkGraph', () => {
  it('has nothing against a chain, and nothing against the graphs of Fedora CoreOS', async () => {
    expect(
      found(
        graphText(
          [A, B, C],
          [
            [0, 1],
            [1, 2],
          ],
        ),
      ),
    ).toEqual([]);
    for (const stream of ['stable', 'testing'] as const) {
      const history = await carriedHistory(stream);
      for (const scheme of ['checksum', 'oci'] as const) {
        for (const wariness of [0, 1]) {
          const nodes = wireNodes(history, scheme);
          const edges = offeredEdges({ ...history, edges: allEdges(history) }, { wariness, nowMs: NOW });
          expect(found(JSON.stringify({ nodes, edges }))).toEqual([]);
        }
      }
    }
  });

  it('tells all at once, each with line, column and reason', () => {
    const text = [
      '{"nodes": [',
      `  ${JSON.stringify(node('1', 0, { payload: 'short' }))},`,
      `  ${JSON.stringify(node('2', 1))}],`,
      ' "edges": [[0, 1],',
      '   [1, 9]]}',
    ].join('\n');
    const { findings, kind, releases, edges } = checkGraph(Buffer.from(text), NOW);
    expect({ kind, releases, edges }).toEqual({ kind: 'graph', releases: 2, edges: 2 });
    expect(findings).toEqual([
      {
        severity: 'error',
        rule: 'node-payload',
        line: 2,
        column: text.split('\n')[1]!.indexOf('"short"') + 1,
        path: 'nodes[0].payload',
        reason: 'nodes[0] (1): payload must be 64 lower-case hexadecimal digits, got "short"',
      },
      {
        severity: 'error',
        rule: 'edge-astray',
        line: 5,
        column: 4,
        path: 'edges[1]',
        reason: 'an edge must be two indices of nodes (there are 2), got [1, 9]',
      },
    ]);
  });

  it.each<[string, string, string[]]>([
    ['no JSON', '{"nodes":[', ['E no-json ']],
    ['more than the agent takes', `[${'[],'.repeat(70_000)}[]]`, ['E too-large ']],
    ['no graph', '[]', ['E not-a-graph ']],
    ['nodes that are no list', '{"nodes":{}}', ['E not-a-graph nodes']],
    ['edges that are no list', `{"nodes":[],"edges":1}`, ['E not-a-graph edges']],
    ['no releases', '{"nodes":[],"edges":[]}', ['E no-releases nodes']],
    ['a node that is no object', '{"nodes":[1],"edges":[]}', ['E node nodes[0]']],
    [
      'a node with every fault',
      '{"nodes":[{"version":"","payload":1,"metadata":3}],"edges":[]}',
      [
        'E node-version nodes[0].version',
        'E node-payload nodes[0].payload',
        'E node-metadata nodes[0].metadata',
        `E node-scheme nodes[0].metadata.${JSON.stringify(KEYS.scheme)}`,
        `E node-age-index nodes[0].metadata.${JSON.stringify(KEYS.ageIndex)}`,
      ],
    ],
    [
      'a payload twice',
      graphText([A, { ...B, changes: { payload: payload('1').value } }], [[0, 1]]),
      ['E repeated-payload nodes[1].payload'],
    ],
    [
      'a version twice',
      graphText([A, { ...B, changes: { version: '1' } }], [[0, 1]]),
      ['E repeated-version nodes[1].version'],
    ],
    [
      'an age twice',
      graphText([A, { ...B, ...meta(KEYS.ageIndex, '0') }], []),
      [
        `E repeated-age-index nodes[1].metadata.${JSON.stringify(KEYS.ageIndex)}`,
        'W newest-unreached nodes[0]',
      ],
    ],
    [
      'ages that fall',
      graphText([{ ...A, ...meta(KEYS.ageIndex, '5') }, B], [[1, 0]]),
      [`W unsorted-age-index nodes[1].metadata.${JSON.stringify(KEYS.ageIndex)}`],
    ],
    [
      'two schemes',
      graphText(
        [A, { ...B, changes: { payload: payload('2', 'oci').value }, ...meta(KEYS.scheme, 'oci') }],
        [[0, 1]],
      ),
      [`W mixed-schemes nodes[1].metadata.${JSON.stringify(KEYS.scheme)}`],
    ],
    [
      'metadata of another type',
      graphText([{ ...A, ...meta('x', 1) }], []),
      ['E metadata-type nodes[0].metadata.x'],
    ],
    [
      'a key that nobody reads',
      graphText([{ ...A, ...meta('org.fedoraproject.coreos.updates.deadent', 'true') }], []),
      ['W unknown-key nodes[0].metadata."org.fedoraproject.coreos.updates.deadent"'],
    ],
    ['a key of somebody else', graphText([{ ...A, ...meta('com.example.color', 'red') }], []), []],
    ['a key twice', '{"nodes":[],"nodes":[],"edges":[]}', ['E repeated-key nodes', 'E no-releases nodes']],
    [
      'odd flags',
      graphText(
        [
          {
            ...A,
            metadata: {
              [KEYS.deadend]: 'yes',
              [KEYS.barrier]: 'no',
              [KEYS.rollout]: 'maybe',
              [KEYS.startValue]: '1',
            },
          },
        ],
        [],
      ),
      [KEYS.deadend, KEYS.barrier, KEYS.rollout].map(
        (key) => `W odd-flag nodes[0].metadata.${JSON.stringify(key)}`,
      ),
    ],
    [
      'a reason alone',
      graphText([{ ...A, ...meta(KEYS.barrierReason, 'x') }], []),
      [`W reason-alone nodes[0].metadata.${JSON.stringify(KEYS.barrierReason)}`],
    ],
    [
      'no reason',
      graphText([{ ...A, ...meta(KEYS.deadend, 'true') }], []),
      [`W no-reason nodes[0].metadata.${JSON.stringify(KEYS.deadend)}`],
    ],
    [
      'a start alone',
      graphText([{ ...A, ...meta(KEYS.startEpoch, '1') }], []),
      [`W rollout-alone nodes[0].metadata.${JSON.stringify(KEYS.startEpoch)}`],
    ],
    [
      'a rollout that no server reads',
      graphText([{ ...A, metadata: { ...rollout(NOW, 9), [KEYS.durationMinutes]: '1.5' } }], []),
      [
        `W rollout-paused nodes[0].metadata.${JSON.stringify(KEYS.rollout)}`,
        `E rollout-unread nodes[0].metadata.${JSON.stringify(KEYS.durationMinutes)}`,
      ],
    ],
    [
      'a rollout in milliseconds',
      graphText([{ ...A, metadata: { ...rollout(NOW, 9), [KEYS.startEpoch]: String(NOW) } }], []),
      [`W rollout-range nodes[0].metadata.${JSON.stringify(KEYS.startEpoch)}`],
    ],
    [
      'a share beyond 1',
      graphText([{ ...A, metadata: { ...rollout(NOW, 9), [KEYS.startValue]: '50' } }], []),
      [`W rollout-range nodes[0].metadata.${JSON.stringify(KEYS.startValue)}`],
    ],
    [
      'a rollout that is paused',
      graphText([{ ...A, metadata: { [KEYS.rollout]: 'true', [KEYS.startValue]: '0.5' } }], []),
      [`W rollout-paused nodes[0].metadata.${JSON.stringify(KEYS.rollout)}`],
    ],
    ['no list of edges', graphText([A], []).replace('"edges"', '"egdes"'), ['W no-edges edges']],
    ['no edges but a null', graphText([A], []).replace('[]', 'null'), ['W no-edges edges']],
    [
      'an edge twice',
      graphText(
        [A, B],
        [
          [0, 1],
          [0, 1],
        ],
      ),
      ['W repeated-edge edges[1]'],
    ],
    [
      'an edge to itself',
      graphText(
        [A, B],
        [
          [0, 1],
          [1, 1],
        ],
      ),
      ['E edge-to-itself edges[1]'],
    ],
    [
      'a circle',
      graphText(
        [A, B],
        [
          [0, 1],
          [1, 0],
        ],
      ),
      ['E circle edges[0]', 'E edge-back edges[1]'],
    ],
    [
      'an edge over a barrier',
      graphText(
        [A, { ...B, metadata: barrier() }, C],
        [
          [0, 1],
          [1, 2],
          [0, 2],
        ],
      ),
      ['E barrier-jumped edges[2]'],
    ],
    [
      'an edge out of a dead-end',
      graphText([{ ...A, metadata: deadend() }, B], [[0, 1]]),
      ['W edge-out-of-deadend edges[0]'],
    ],
    [
      'an edge into a dead-end',
      graphText([A, { ...B, metadata: deadend() }], [[0, 1]]),
      ['W edge-into-deadend edges[0]'],
    ],
    ['a release that is left behind', graphText([A, B, C], [[0, 2]]), ['E stranded nodes[1]']],
    [
      'a barrier without a way',
      graphText([A, { ...B, metadata: barrier() }, C], [[1, 2]]),
      ['E stranded nodes[0]', 'W barrier-unreached nodes[1]'],
    ],
    ['a newest release without a way', graphText([A, B], []), ['W newest-unreached nodes[1]']],
    ['a rollout that has not begun', graphText([A, { ...B, metadata: rollout(NOW, 9) }], []), []],
  ])('finds %s', (_name, text, wanted) => {
    expect(found(text).toSorted()).toEqual([...wanted].toSorted());
  });

  it('calls an error whatever the agent would leave out', () => {
    const odd = fc.constantFrom<unknown>(
      undefined,
      null,
      1,
      '',
      'x',
      [],
      {},
      '\u0007',
      '1',
      'checksum',
      '0'.repeat(64),
    );
    const written = fc.record({
      version: odd,
      payload: odd,
      metadata: fc.oneof(odd, fc.dictionary(fc.constantFrom(KEYS.scheme, KEYS.ageIndex, KEYS.deadend), odd)),
    });
    const end = fc.oneof(fc.integer({ min: -1, max: 3 }), fc.constantFrom(0.5, null, '0'));
    fc.assert(
      fc.property(
        fc.array(fc.oneof(written, odd), { maxLength: 3 }),
        fc.array(fc.oneof(fc.array(end, { maxLength: 3 }), odd), { maxLength: 4 }),
        (nodes, edges) => {
          const text = JSON.stringify({ nodes, edges });
          const graph = parseGraph(JSON.parse(text));
          const { findings } = checkGraph(Buffer.from(text), NOW);
          const errorsAt = (start: string): boolean =>
            findings.some(({ severity, path }) => severity === 'error' && path.startsWith(start));
          for (const [index, { problem }] of graph.nodes.entries()) {
            if (problem !== undefined) {
              expect([problem, errorsAt(`nodes[${index}]`)]).toEqual([problem, true]);
            }
          }
          const astray = findings.filter(({ rule }) => rule === 'edge-astray').length;
          expect(graph.warnings.some((warning) => warning.includes('two indices'))).toBe(astray > 0);
          expect(graph.edgeCount - graph.edges.filter(({ to }) => to !== undefined).length).toBe(astray);
        },
      ),
    );
  });

  it('takes an object of a hundred thousand keys in bounded time', () => {
    const keys = [
      ...Array.from({ length: 70_000 }, () => '"b":1'),
      ...Array.from({ length: 70_000 }, () => '"a":1'),
    ];
    const metadata = `{${keys.join(',')}}`;
    const usedMs = computing();
    const wanted = found(`{"nodes":[{"version":"1","payload":"x","metadata":${metadata}}],"edges":[]}`);
    expect(wanted.filter((line) => line.startsWith('E repeated-key'))).toHaveLength(139_998);
    expect(usedMs()).toBeLessThan(20_000);
  });

  it('takes ten thousand releases in bounded time', () => {
    const releases = Array.from({ length: 9000 }, (_, index) => ({
      version: `${index}`,
      metadata: index % 3 === 0 ? barrier() : {},
    }));
    const edges = Array.from({ length: 20_000 }, (_, index) => [index % 9000, (index * 7) % 9000]);
    const usedMs = computing();
    expect(found(graphText(releases, edges).replaceAll(/\n */g, '')).length).toBeGreaterThan(1000);
    expect(usedMs()).toBeLessThan(20_000);
  });
});

describe('checkGraph of updates/STREAM.json', () => {
  const updates = (metadata: unknown, more: Readonly<Record<string, unknown>> = {}): string =>
    JSON.stringify({ stream: 'stable', metadata: {}, releases: [{ version: '1', metadata }], ...more });

  it.each<[string, string, string[]]>([
    [
      'one that is right',
      updates({
        barrier: { reason: 'x' },
        rollout: { start_epoch: 1, start_percentage: 0.5, duration_minutes: 9 },
      }),
      [],
    ],
    ['parts that are null', updates({ barrier: null, deadend: { reason: 'x' } }), []],
    ['no reason', updates({ barrier: {} }), ['E updates-form releases[0].metadata.barrier.reason']],
    [
      'texts for numbers',
      updates({ rollout: { start_epoch: '1', start_percentage: 2, duration_minutes: 0 } }),
      ['start_epoch', 'start_percentage', 'duration_minutes'].map(
        (key) => `E updates-form releases[0].metadata.rollout.${key}`,
      ),
    ],
    ['a part that is no object', updates({ deadend: 'x' }), ['E updates-form releases[0].metadata.deadend']],
    [
      'a key that nobody reads',
      updates({ barier: { reason: 'x' } }),
      ['W says-nothing releases[0].metadata', 'W unknown-key releases[0].metadata.barier'],
    ],
    ['no metadata', updates(undefined), ['E updates-form releases[0].metadata']],
    ['a rollout of nothing', updates({ rollout: {} }), ['W rollout-paused releases[0].metadata.rollout']],
    ['no stream', updates({ deadend: { reason: 'x' } }, { stream: 1 }), ['E updates-form stream']],
    ['no list', updates({}, { releases: 1 }), ['E updates-form releases']],
    [
      'a version twice',
      updates({}, { releases: [1, 2].map(() => ({ version: '1', metadata: { deadend: { reason: 'x' } } })) }),
      ['E repeated-version releases[1].version'],
    ],
  ])('finds in %s', (_name, text, wanted) => {
    expect(checkGraph(Buffer.from(text), NOW).kind).toBe('updates');
    expect(found(text)).toEqual(wanted);
  });
});
