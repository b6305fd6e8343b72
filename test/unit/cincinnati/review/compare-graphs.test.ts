import { describe, expect, it } from 'vitest';

import { compareGraphs, isSame } from '../../../../src/cincinnati/review/compare-graphs.ts';
import type { ReadGraph } from '../../../../src/cincinnati/review/read-graph.ts';
import { barrier, deadend, graphOf, rollout } from '../../../support/fleet/written-graph.ts';
import { payload } from '../../../support/graphs.ts';

const AT = Date.UTC(2026, 11, 1);
const [A, B, C] = [{ version: '1' }, { version: '2' }, { version: '3' }] as const;
const ALL = { wariness: 0, nowMs: AT };
const BASE = graphOf(
  [A, B, C],
  [
    [0, 1],
    [1, 2],
  ],
);

const compare = (before: ReadGraph, after: ReadGraph, audience = ALL) =>
  compareGraphs(before, after, audience);
const shifts = (after: ReadGraph, before = BASE): unknown[] =>
  compare(before, after).shifts.map(({ at, before: was, after: is }) => [
    at.map(({ version }) => version),
    was,
    is,
  ]);

describe('compareGraphs', () => {
  it('finds nothing between a graph and itself, whatever the order of nodes and edges', () => {
    expect(isSame(compare(BASE, BASE))).toBe(true);
    const turned = graphOf(
      [A, B, C],
      [
        [1, 2],
        [0, 1],
      ],
    );
    expect(isSame(compare(BASE, turned))).toBe(true);
  });

  it('tells releases, metadata and edges that came and went', () => {
    const after = graphOf([A, { ...B, metadata: barrier() }], [[0, 1]]);
    expect(compare(BASE, after)).toMatchObject({
      added: [],
      removed: [{ version: '3', payload: payload('3').value }],
      changed: [
        {
          version: '2',
          keys: [
            { key: 'org.fedoraproject.coreos.updates.barrier', before: undefined, after: 'true' },
            { key: 'org.fedoraproject.coreos.updates.barrier_reason', before: undefined, after: 'why' },
          ],
        },
      ],
      edgesAdded: [],
      edgesRemoved: [['2', '3']],
    });
    expect(compare(after, BASE)).toMatchObject({ added: [{ version: '3' }], edgesAdded: [['2', '3']] });
  });

  it('takes a release with another payload for another release: its nodes fall off the graph', () => {
    const swapped = graphOf(
      [A, { ...B, changes: { payload: payload('swapped').value } }, C],
      [
        [0, 1],
        [1, 2],
      ],
    );
    expect(compare(BASE, swapped)).toMatchObject({
      added: [{ version: '2' }],
      removed: [{ version: '2' }],
      changed: [],
    });
    expect(shifts(swapped)).toEqual([[['2'], { kind: 'update', version: '3' }, { kind: 'off-graph' }]]);
  });

  it.each([
    [
      'another target',
      graphOf(
        [A, B, C],
        [
          [0, 2],
          [1, 2],
        ],
      ),
      [['1'], { kind: 'update', version: '2' }, { kind: 'update', version: '3' }],
    ],
    [
      'no target',
      graphOf([A, B, C], [[0, 1]]),
      [['2'], { kind: 'update', version: '3' }, { kind: 'no-update' }],
    ],
    [
      'a dead-end',
      graphOf(
        [A, { ...B, metadata: deadend('x') }, C],
        [
          [0, 1],
          [1, 2],
        ],
      ),
      [['2'], { kind: 'update', version: '3' }, { kind: 'deadend', reason: 'x' }],
    ],
  ])('says what %s means for a node there', (_name, after, shift) => {
    expect(shifts(after)).toEqual([shift]);
  });

  it('puts releases together whose nodes change alike', () => {
    const before = graphOf([A, B, C], []);
    const after = graphOf(
      [A, B, C],
      [
        [0, 2],
        [1, 2],
      ],
    );
    expect(shifts(after, before)).toEqual([
      [['1', '2'], { kind: 'no-update' }, { kind: 'update', version: '3' }],
    ]);
  });

  it('shows rollouts as the audience sees them', () => {
    const rolling = graphOf(
      [A, B, { ...C, metadata: rollout(AT, 60) }],
      [
        [0, 1],
        [1, 2],
      ],
    );
    expect(compare(BASE, rolling).shifts).toEqual([]);
    expect(compare(BASE, rolling, { wariness: 1, nowMs: AT }).shifts).toHaveLength(1);
  });
});
