/** Compares selection on random graphs, with malformed parts, with a second and naive version of the rules. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { CheckQuery } from '../../../../src/agent/ports.ts';
import { parseGraph } from '../../../../src/cincinnati/graph/graph.ts';
import { selectUpdate, surroundingsOf } from '../../../../src/cincinnati/graph/select-update.ts';
import { CincinnatiError } from '../../../../src/errors.ts';
import { KEY, payload, wire } from '../../../support/graphs.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const PAYLOADS = NAMES.map((name) => payload(name).value);

interface RawNode {
  readonly version: string;
  readonly payload: string;
  readonly metadata: Readonly<Record<string, string>>;
}
interface Raw {
  readonly nodes: readonly unknown[];
  readonly edges: readonly unknown[];
}

const sound = fc
  .record({
    version: fc.constantFrom('1.9', '1.10', '2', '10'),
    payload: fc.constantFrom(...PAYLOADS),
    age: fc.integer({ min: 0, max: 4 }),
  })
  .map(({ version, payload: value, age }): RawNode => ({
    version,
    payload: value,
    metadata: { [KEY.scheme]: 'checksum', [KEY.ageIndex]: String(age) },
  }));

/** Each is malformed in one place, but still has the payload of some release. */
const malformed = fc
  .tuple(sound, fc.constantFrom('scheme', 'age', 'metadata', 'version', 'payload', 'all'))
  .map(([good, what]): unknown => {
    switch (what) {
      case 'scheme':
        return { ...good, metadata: { ...good.metadata, [KEY.scheme]: 'new' } };
      case 'age':
        return { ...good, metadata: { ...good.metadata, [KEY.ageIndex]: '-1' } };
      case 'metadata':
        return { ...good, metadata: null };
      case 'version':
        return { ...good, version: 'a\nb' };
      case 'payload':
        return { ...good, payload: 7 };
      default:
        return 'nothing';
    }
  });

const index = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 7 }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(-1, 1.5, 999, null, '0') },
);

const graphs: fc.Arbitrary<Raw> = fc.record({
  nodes: fc.array(fc.oneof({ weight: 4, arbitrary: sound }, { weight: 1, arbitrary: malformed }), {
    maxLength: 8,
  }),
  edges: fc.array(
    fc.oneof({ weight: 10, arbitrary: fc.tuple(index, index) }, { weight: 1, arbitrary: fc.constant('x') }),
    {
      maxLength: 16,
    },
  ),
});

const queries: fc.Arbitrary<CheckQuery> = fc.record({
  booted: fc.constant({ version: '2', payload: payload('a') }),
  denied: fc.subarray(['b', 'c', 'd']).map((names) => names.map((name) => payload(name))),
  skip: fc.subarray(['1', '3', payload('b').value, payload('c').value]),
  allowDowngrade: fc.boolean(),
});

/** A target's place in the order, as a text that sorts. */
function rank(node: { version: string; payload: string; age: number | undefined }): string {
  return `${node.age === undefined ? '' : String(node.age).padStart(5, '0')}|${node.version}|${node.payload}`;
}

function isSound(value: unknown): value is RawNode {
  const node = value as Partial<RawNode> | null;
  return (
    typeof node === 'object' &&
    typeof node?.version === 'string' &&
    !node.version.includes('\n') &&
    typeof node.payload === 'string' &&
    node.metadata?.[KEY.scheme] === 'checksum' &&
    /^\d+$/.test(node.metadata[KEY.ageIndex] ?? '')
  );
}

function naive({ nodes, edges }: Raw, { booted, denied, skip, allowDowngrade }: CheckQuery): string {
  const at = nodes.findIndex((node) => (node as Partial<RawNode>).payload === booted.payload.value);
  if (at < 0) {
    return 'off-graph';
  }
  const outgoing = edges.filter((edge): edge is [unknown, unknown] => Array.isArray(edge) && edge[0] === at);
  const exists = (to: unknown) => typeof to === 'number' && Number.isInteger(to) && to in nodes;
  const targets = nodes.filter((_, to) => outgoing.some((edge) => edge[1] === to));
  const good = targets.filter(isSound).filter((node) => node.payload !== booted.payload.value);
  const allowed = good
    .filter((node) => !denied.some((other) => other.value === node.payload))
    .filter((node) => skip.every((name) => name !== node.payload && name !== node.version));
  if (good.length === 0 && targets.some((node) => !isSound(node))) {
    return 'client_failed_node_parsing';
  }
  if (good.length === 0 && outgoing.some((edge) => !exists(edge[1]))) {
    return 'client_failed_node_lookup';
  }
  if (allowed.length === 0) {
    return 'no-update';
  }
  const ranked = allowed.map((node) => ({ ...node, age: Number(node.metadata[KEY.ageIndex]) }));
  const best = ranked.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1)).at(-1)!;
  const here = nodes[at] as Partial<RawNode> & { readonly version: string };
  const agedHere = /^\d+$/.test(here.metadata?.[KEY.ageIndex] ?? '');
  const floor = {
    version: here.version.includes('\n') ? booted.version : here.version,
    payload: booted.payload.value,
    age: agedHere ? Number(here.metadata?.[KEY.ageIndex]) : undefined,
  };
  const top = agedHere ? best : { ...best, age: undefined };
  const word = allowDowngrade || rank(top) > rank(floor) ? 'update' : 'downgrade-refused';
  return `${word} ${best.version} ${best.payload}`;
}

function real(raw: Raw, query: CheckQuery): string {
  try {
    const { outcome } = selectUpdate(surroundingsOf(parseGraph(raw), query.booted), query);
    return 'release' in outcome
      ? `${outcome.kind} ${outcome.release.version} ${outcome.release.payload.value}`
      : outcome.kind;
  } catch (error) {
    if (error instanceof CincinnatiError) {
      return error.kind;
    }
    throw error;
  }
}

const RUNS = { numRuns: 5000 };

describe('selection over random graphs', () => {
  it('does what the naive rules say', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(graphs, queries, (raw, query) => {
        const expected = naive(raw, query);
        seen.add(expected.split(' ')[0]!);
        expect(real(raw, query)).toBe(expected);
      }),
      RUNS,
    );
    // The graphs must be varied enough that every outcome has been compared.
    expect([...seen].toSorted()).toEqual([
      'client_failed_node_lookup',
      'client_failed_node_parsing',
      'downgrade-refused',
      'no-update',
      'off-graph',
      'update',
    ]);
  });

  it('B29: does not change when sound and broken nodes and edges come in that no edge of the booted one leads to', () => {
    const extras = fc.record({
      nodes: fc.array(fc.oneof(sound, malformed)),
      edges: fc.array(fc.oneof(fc.tuple(fc.integer({ min: 100, max: 120 }), index), fc.constant(null))),
    });
    fc.assert(
      fc.property(graphs, queries, extras, (raw, query, more) => {
        // Added nodes must stay out of reach, or else edges to nowhere would lead to them.
        const inRange = raw.edges.filter((edge) => Array.isArray(edge) && Number(edge[1]) < raw.nodes.length);
        const strangers = more.nodes.filter(
          (node) => (node as Partial<RawNode>).payload !== query.booted.payload.value,
        );
        const before = { nodes: raw.nodes, edges: inRange };
        const after = { nodes: [...raw.nodes, ...strangers], edges: [...inRange, ...more.edges] };
        expect(real(after, query)).toBe(real(before, query));
      }),
      RUNS,
    );
  });

  it('takes any JSON without any other error than its own', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), queries, (nodes, edges, query) => {
        expect(real(wire({ nodes, edges }) as Raw, query)).toMatch(/^[a-z_-]+( |$)/);
      }),
      { numRuns: 2000 },
    );
  });
});
