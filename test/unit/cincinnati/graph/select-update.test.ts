import { describe, expect, it } from 'vitest';

import type { CheckQuery } from '../../../../src/agent/ports.ts';
import { parseGraph } from '../../../../src/cincinnati/graph/graph.ts';
import { selectUpdate, surroundingsOf } from '../../../../src/cincinnati/graph/select-update.ts';
import { CincinnatiError } from '../../../../src/errors.ts';
import { KEY, node, payload, query, wire } from '../../../support/graphs.ts';

type Edges = readonly unknown[];

function select(nodes: readonly unknown[], edges: Edges, asked: CheckQuery = query('1')) {
  const graph = parseGraph(wire({ nodes, edges }));
  return selectUpdate(surroundingsOf(graph, asked.booted), asked);
}

function outcome(nodes: readonly unknown[], edges: Edges, asked?: CheckQuery): string {
  const result = select(nodes, edges, asked).outcome;
  return 'release' in result ? `${result.kind} ${result.release.version}` : result.kind;
}

function failure(nodes: readonly unknown[], edges: Edges, asked?: CheckQuery): CincinnatiError {
  try {
    select(nodes, edges, asked);
  } catch (error) {
    if (error instanceof CincinnatiError) {
      return error;
    }
    throw error;
  }
  throw new Error('nothing was wrong');
}

const ONE = node('1', 1);
const TWO = node('2', 2);
const THREE = node('3', 3);
const BROKEN = node('9', 'x');

describe('the highest candidate wins', () => {
  it('by age, not by version', () => {
    expect(
      outcome(
        [ONE, node('9', 2), node('2', 3)],
        [
          [0, 1],
          [0, 2],
        ],
      ),
    ).toBe('update 2');
  });

  it('by age beyond what a number holds', () => {
    const near = node('2', '9007199254740993');
    const far = node('3', '9007199254740992');
    const nodes = [ONE, far, near];
    expect(
      outcome(nodes, [
        [0, 1],
        [0, 2],
      ]),
    ).toBe('update 2');
    const result = select(nodes, [[0, 2]]).outcome;
    expect(result).toEqual({ kind: 'update', release: { version: '2', payload: payload('2') } });
  });

  it('then by version, as text, as Zincati compares it', () => {
    expect(
      outcome(
        [ONE, node('2.10', 2), node('2.9', 2)],
        [
          [0, 1],
          [0, 2],
        ],
      ),
    ).toBe('update 2.9');
  });

  it('then by payload', () => {
    const low = node('2', 2, { payload: '0'.repeat(64) });
    const high = node('2', 2, { payload: 'f'.repeat(64) });
    for (const nodes of [
      [ONE, low, high],
      [ONE, high, low],
    ]) {
      expect(
        select(nodes, [
          [0, 1],
          [0, 2],
        ]).outcome,
      ).toMatchObject({
        release: { payload: { value: 'f'.repeat(64) } },
      });
    }
  });

  it('only edges out of the booted release count', () => {
    expect(
      outcome(
        [ONE, TWO, THREE],
        [
          [0, 1],
          [1, 2],
        ],
      ),
    ).toBe('update 2');
    expect(
      outcome(
        [ONE, TWO, THREE],
        [
          [1, 0],
          [1, 2],
        ],
      ),
    ).toBe('no-update');
    expect(outcome([ONE, TWO, THREE], [])).toBe('no-update');
  });

  it('comes with its payload and age', () => {
    expect(select([ONE, TWO], [[0, 1]]).outcome).toEqual({
      kind: 'update',
      release: { version: '2', payload: payload('2'), ageIndex: 2 },
    });
  });

  it('may be addressed in the other way than the booted one', () => {
    const image = node('2', 2, { payload: payload('2', 'oci').value }, { [KEY.scheme]: 'oci' });
    expect(select([ONE, image], [[0, 1]]).outcome).toMatchObject({ release: { payload: { scheme: 'oci' } } });
  });
});

describe('the booted release', () => {
  it('is found by payload, never by version', () => {
    const impostor = node('1', 1, { payload: payload('other').value });
    expect(outcome([impostor, TWO], [[0, 1]])).toBe('off-graph');
    expect(outcome([node('renamed', 1, { payload: payload('1').value }), TWO], [[0, 1]])).toBe('update 2');
  });

  it('B30: off the graph is an outcome of its own', () => {
    const result = select([TWO, THREE], [[0, 1]]);
    expect(result).toMatchObject({
      outcome: { kind: 'off-graph' },
      deadend: { isDeadend: false },
      skipped: [],
      nodes: 2,
      edges: 1,
    });
    expect(outcome([], [])).toBe('off-graph');
  });

  it('has nothing around it where the graph does not have it, and what its edges lead to where it has', () => {
    const graph = parseGraph(
      wire({
        nodes: [TWO, ONE, THREE],
        edges: [
          [0, 1],
          [1, 2],
          [1, 2],
          [1, 9],
          [2, 0],
        ],
      }),
    );
    expect(surroundingsOf(graph, query('7').booted)).toEqual({
      booted: undefined,
      candidates: [],
      edgesToNowhere: 0,
      nodeCount: 3,
      edgeCount: 5,
      warnings: graph.warnings,
    });
    expect(surroundingsOf(graph, query('1').booted)).toEqual({
      booted: graph.nodes[1],
      candidates: [graph.nodes[2]],
      edgesToNowhere: 1,
      nodeCount: 3,
      edgeCount: 5,
      warnings: graph.warnings,
    });
  });

  it('of the other scheme is another release', () => {
    const same = payload('1', 'oci').value;
    const asked = query('1', { booted: { version: '1', payload: { scheme: 'oci', value: same } } });
    expect(outcome([node('1', 1, { payload: same })], [], asked)).toBe('off-graph');
    expect(outcome([node('1', 1, { payload: same }, { [KEY.scheme]: 'oci' })], [], asked)).toBe('no-update');
    expect(outcome([node('1', 1, { payload: same }, { [KEY.scheme]: undefined })], [], asked)).toBe(
      'no-update',
    );
  });

  it('there twice: the first one counts, with a warning', () => {
    const result = select(
      [ONE, node('1b', 5, { payload: payload('1').value }), TWO, THREE],
      [
        [0, 2],
        [1, 3],
      ],
    );
    expect(result.outcome).toMatchObject({ release: { version: '2' } });
    expect(result.warnings.join()).toContain('got it as nodes[0] and nodes[1]: the first one counts');
  });

  it('without an age is compared by version, with a warning', () => {
    const ageless = (version: string) => node(version, '');
    const nodes = [ageless('2'), THREE, ONE];
    expect(outcome(nodes, [[0, 1]], query('2'))).toBe('update 3');
    expect(outcome(nodes, [[0, 2]], query('2'))).toBe('downgrade-refused 1');
    expect(select(nodes, [[0, 1]], query('2')).warnings.join()).toContain('compared by version (2)');
    expect(select(nodes, [], query('2')).warnings).toEqual([]);
  });

  it('whose version cannot be read still is the booted one', () => {
    const nameless = node('1', 1, { version: '1\u0007' }, { [KEY.ageIndex]: '' });
    nameless['payload'] = payload('1').value;
    expect(outcome([nameless, TWO], [[0, 1]])).toBe('update 2');
  });

  it('as a dead-end is reported, with or without edges', () => {
    const end = node('1', 1, {}, { [KEY.deadend]: 'true', [KEY.deadendReason]: 'why' });
    expect(select([end, TWO], [])).toMatchObject({
      outcome: { kind: 'no-update' },
      deadend: { isDeadend: true, reason: 'why' },
    });
    expect(outcome([end, TWO], [[0, 1]])).toBe('update 2');
    expect(select([ONE, node('2', 2, {}, { [KEY.deadend]: 'true' })], [[0, 1]]).deadend.isDeadend).toBe(
      false,
    );
  });
});

describe('downgrades', () => {
  const back = [node('0', 0), ONE];

  it('are refused unless allowed', () => {
    expect(outcome(back, [[1, 0]])).toBe('downgrade-refused 0');
    expect(outcome(back, [[1, 0]], query('1', { allowDowngrade: true }))).toBe('update 0');
  });

  it('are what is not higher: age, then version, then payload', () => {
    const sideways = (version: string, hex: string) => [ONE, node(version, 1, { payload: hex.repeat(64) })];
    expect(outcome(sideways('0', 'f'), [[0, 1]])).toBe('downgrade-refused 0');
    expect(outcome(sideways('1', '0'), [[0, 1]])).toBe('downgrade-refused 1');
    expect(outcome(sideways('1', 'f'), [[0, 1]])).toBe('update 1');
    expect(outcome(sideways('2', '0'), [[0, 1]])).toBe('update 2');
  });

  it('are not taken while there is something higher', () => {
    expect(
      outcome(
        [node('0', 0), ONE, TWO],
        [
          [1, 0],
          [1, 2],
        ],
        query('1', { allowDowngrade: true }),
      ),
    ).toBe('update 2');
  });

  it('never are the booted release itself', () => {
    const result = select([ONE], [[0, 0]], query('1', { allowDowngrade: true }));
    expect(result.outcome.kind).toBe('no-update');
    expect(result.warnings.join()).toContain('must be another release than the booted one, got 1');
  });
});

describe('denied releases', () => {
  const denied = [payload('3')];

  it('are passed over, and counted', () => {
    const result = select(
      [ONE, TWO, THREE],
      [
        [0, 1],
        [0, 2],
      ],
      query('1', { denied }),
    );
    expect(result).toMatchObject({ outcome: { release: { version: '2' } }, ignoredTargets: 1 });
  });

  it('B9: count whatever is known of them, by payload alone', () => {
    const renamed = node('3-again', 300, { payload: payload('3').value });
    expect(outcome([ONE, renamed], [[0, 1]], query('1', { denied }))).toBe('no-update');
  });

  it('are known by the short name of their image as by the full one', () => {
    const full = payload('3', 'oci').value.replace(/^[^@]+/, 'docker.io/library/fcos');
    const target = node('3', 3, { payload: full }, { [KEY.scheme]: 'oci' });
    const short = { scheme: 'oci', value: full.replace('docker.io/library/', '') } as const;
    expect(outcome([ONE, target], [[0, 1]], query('1', { denied: [short] }))).toBe('no-update');
    const other = { ...short, value: full.replace('library', 'other') };
    expect(outcome([ONE, target], [[0, 1]], query('1', { denied: [other] }))).toBe('update 3');
  });

  it('are counted once, however many edges lead there', () => {
    const result = select(
      [ONE, THREE],
      [
        [0, 1],
        [0, 1],
      ],
      query('1', { denied }),
    );
    expect(result.ignoredTargets).toBe(1);
  });

  it('that nothing leads to are not counted', () => {
    expect(select([ONE, TWO, THREE], [[0, 1]], query('1', { denied })).ignoredTargets).toBe(0);
  });
});

describe('releases that the administrator denies', () => {
  const edges: [number, number][] = [
    [0, 1],
    [0, 2],
  ];

  it.each(['3', payload('3').value])('are gone around where the graph permits: %s', (name) => {
    expect(select([ONE, TWO, THREE], edges, query('1', { skip: [name] }))).toMatchObject({
      outcome: { kind: 'update', release: { version: '2' } },
      ignoredTargets: 1,
      skipped: ['3'],
    });
  });

  it('leave nothing where all are, and bad ones beside them spoil nothing', () => {
    const none = select([ONE, BROKEN, TWO], edges, query('1', { skip: ['2'] }));
    expect(none).toMatchObject({ outcome: { kind: 'no-update' }, ignoredTargets: 1, skipped: ['2'] });
  });

  it('are named up to ten, and all are counted', () => {
    const many = Array.from({ length: 11 }, (_, index) => node(`2.${index}`, 2));
    const result = select(
      [ONE, ...many],
      many.map((_, index) => [0, index + 1]),
      query('1', { skip: many.map((_, index) => `2.${index}`) }),
    );
    expect(result.ignoredTargets).toBe(11);
    expect(result.skipped).toEqual(many.slice(0, 10).map((_, index) => `2.${index}`));
  });

  it('are named once, also when they are denied otherwise', () => {
    const twice = query('1', { skip: ['2'], denied: [payload('2')] });
    expect(select([ONE, TWO], [[0, 1]], twice)).toMatchObject({ ignoredTargets: 1, skipped: ['2'] });
  });
});

describe('B29: one bad target does not spoil the check', () => {
  it('a good one beside it is taken, with a warning', () => {
    const result = select(
      [ONE, BROKEN, TWO],
      [
        [0, 1],
        [0, 2],
        [0, 77],
      ],
    );
    expect(result.outcome).toMatchObject({ kind: 'update', release: { version: '2' } });
    expect(result.warnings).toHaveLength(2);
    expect(result.warnings[0]).toMatch(/^ignored an update target: nodes\[1\] \(9\): .*age_index must be/);
    expect(result.warnings[1]).toContain('edges[2] is [0, 77]');
  });

  it('a denied one beside it counts as good', () => {
    const asked = query('1', { denied: [payload('2')] });
    expect(
      select(
        [ONE, BROKEN, TWO],
        [
          [0, 1],
          [0, 2],
        ],
        asked,
      ),
    ).toMatchObject({
      outcome: { kind: 'no-update' },
      ignoredTargets: 1,
    });
    expect(
      outcome(
        [ONE, TWO],
        [
          [0, 1],
          [0, 9],
        ],
        asked,
      ),
    ).toBe('no-update');
  });

  it('off the path it is not even mentioned', () => {
    const result = select(
      [ONE, TWO, BROKEN, 7],
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
    );
    expect(result.outcome).toMatchObject({ kind: 'update' });
    expect(result.warnings).toEqual([]);
  });

  it('as the only way forward it is an error', () => {
    const error = failure([ONE, BROKEN], [[0, 1]]);
    expect(error.kind).toBe('client_failed_node_parsing');
    expect(error.message).toContain('no update target can be used: ignored an update target: nodes[1] (9)');
    expect(
      failure(
        [ONE, BROKEN],
        [
          [0, 1],
          [0, 9],
        ],
      ).kind,
    ).toBe('client_failed_node_parsing');
  });

  it('as the only way forward beside the booted one itself, it is the one that is named', () => {
    expect(
      failure(
        [ONE, BROKEN],
        [
          [0, 0],
          [0, 1],
        ],
      ).message,
    ).toMatch(/^no update target can be used: ignored an update target: nodes\[1\] \(9\): /);
  });

  it.each(['scheme', 'ageIndex'] as const)('is no target without its %s', (missing) => {
    const graph = parseGraph(wire({ nodes: [ONE, TWO], edges: [[0, 1]] }));
    const around = surroundingsOf(graph, query('1').booted);
    const candidates = around.candidates.map((candidate) => ({ ...candidate, [missing]: undefined }));
    expect(selectUpdate({ ...around, candidates }, query('1'))).toMatchObject({
      outcome: { kind: 'no-update' },
      warnings: ['ignored an update target: it cannot be read'],
    });
  });

  it('an edge to nowhere as the only way forward is an error', () => {
    for (const nowhere of [9, -1, 0.5, null, 'x']) {
      expect(failure([ONE], [[0, nowhere]]).kind).toBe('client_failed_node_lookup');
    }
  });

  it('out of another release it is none', () => {
    expect(
      outcome(
        [ONE, TWO, BROKEN],
        [
          [1, 2],
          [1, 99],
        ],
      ),
    ).toBe('no-update');
  });
});

it('at most ten warnings come out, the faults of targets first', () => {
  const bad = Array.from({ length: 30 }, (_, index) => node(`9.${index}`, 'x'));
  const edges = [[0, 1], ...bad.map((_, index) => [0, index + 2]), [0, 999]];
  const { warnings } = select([ONE, TWO, ...bad], edges);
  expect(warnings).toHaveLength(10);
  expect(warnings[0]).toContain('nodes[2]');
  expect(warnings[9]).toBe('and 22 other faults of the graph');
});

it('ten warnings are all there', () => {
  const bad = Array.from({ length: 10 }, (_, index) => node(`9.${index}`, 'x'));
  const edges = [[0, 1], ...bad.map((_, index) => [0, index + 2])];
  const { warnings } = select([ONE, TWO, ...bad], edges);
  expect(warnings).toHaveLength(10);
  expect(warnings[9]).toContain('nodes[11]');
});

describe('asked for one version alone', () => {
  const all = [
    [0, 1],
    [0, 2],
  ];

  it('takes that one where an edge leads to it, and nothing else', () => {
    expect(outcome([ONE, TWO, THREE], all, { ...query('1'), to: '2' })).toBe('update 2');
    expect(outcome([ONE, TWO, THREE], [[0, 2]], { ...query('1'), to: '2' })).toBe('no-update');
    expect(outcome([ONE, TWO, THREE], all, { ...query('1'), to: '4' })).toBe('no-update');
  });

  it('does not take it where it is denied, and says so', () => {
    const asked = { ...query('1'), to: '2', skip: ['2'] };
    expect(outcome([ONE, TWO, THREE], all, asked)).toBe('no-update');
    expect(select([ONE, TWO, THREE], all, asked).skipped).toEqual(['2']);
    const denied = [{ scheme: 'checksum', value: payload('2').value }] as const;
    expect(outcome([ONE, TWO, THREE], all, { ...query('1'), to: '2', denied })).toBe('no-update');
  });

  it('goes back only where downgrades are allowed', () => {
    const edges = [[2, 1]];
    expect(outcome([ONE, TWO, THREE], edges, { ...query('3'), to: '2' })).toBe('downgrade-refused 2');
    expect(outcome([ONE, TWO, THREE], edges, { ...query('3'), to: '2', allowDowngrade: true })).toBe(
      'update 2',
    );
  });

  it('a fault beside others that are well spoils nothing', () => {
    expect(outcome([ONE, TWO, BROKEN], all, { ...query('1'), to: '4' })).toBe('no-update');
    expect(failure([ONE, BROKEN], [[0, 1]], { ...query('1'), to: '4' }).kind).toBe(
      'client_failed_node_parsing',
    );
  });
});
