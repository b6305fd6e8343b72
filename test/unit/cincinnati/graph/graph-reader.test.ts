import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { SCHEMES } from '../../../../src/agent/release.ts';
import { type Graph, parseGraph } from '../../../../src/cincinnati/graph/graph.ts';
import { readGraph } from '../../../../src/cincinnati/graph/graph-reader.ts';
import { type GraphView, viewOf } from '../../../../src/cincinnati/graph/graph-view.ts';
import { surroundingsIn } from '../../../../src/cincinnati/graph/select-update.ts';
import { messageOf } from '../../../../src/errors.ts';
import { GRAPH_JSON, parseJsonBytes } from '../../../../src/text/bounded-json.ts';
import { KEY, node, payload } from '../../../support/graphs.ts';

afterEach(() => void vi.restoreAllMocks());

/** The plain way: the whole text becomes objects, and those a graph. */
const parsed = (bytes: Buffer): Graph => parseGraph(parseJsonBytes(bytes, GRAPH_JSON));

/** All that can be asked of a graph. */
function contents(view: GraphView, ends: readonly string[]) {
  const places = Array.from({ length: view.nodeCount }, (_, place) => place);
  return {
    nodes: places.map((place) => view.node(place)),
    none: [view.node(-1), view.node(view.nodeCount)],
    starts: view.starts,
    ends: view.ends,
    edgeCount: view.edgeCount,
    warnings: view.warnings,
    // A view may name others too.
    places: ends.map((end) => view.placesOf(end).filter((at) => view.node(at)?.payload.endsWith(end))),
    around: ends.flatMap((value) =>
      SCHEMES.map((scheme) => surroundingsIn(view, { version: '', payload: { scheme, value } })),
    ),
  };
}

function outcome(read: () => GraphView, ends: readonly string[]): unknown {
  let view;
  try {
    view = read();
  } catch (error) {
    // What a syntax error says is V8's own.
    return error instanceof SyntaxError ? 'no JSON' : messageOf(error);
  }
  return contents(view, ends);
}

function expectSame(bytes: Buffer, ends: readonly string[] = [payload('1').value]): void {
  expect(outcome(() => readGraph(bytes), ends)).toEqual(outcome(() => viewOf(parsed(bytes)), ends));
}

/** How much text is parsed as objects. */
function parsedLength(bytes: Buffer): number {
  const parse = vi.spyOn(JSON, 'parse');
  readGraph(bytes);
  return parse.mock.calls.reduce((sum, [text]) => sum + text.length, 0);
}

const oneOf = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const versions = fc.oneof(
  { weight: 6, arbitrary: fc.nat(12).map((number) => `4${number}.1`) },
  oneOf<unknown>('', 'é', 'a"b', 'x\n', '\u007f', '1'.repeat(256), '1'.repeat(257), 5, null, ['1'], {}),
);
const payloads = fc.oneof(
  { weight: 6, arbitrary: fc.nat(5).map((number) => payload(String(number)).value) },
  fc.nat(3).map((number) => payload(String(number), 'oci').value),
  oneOf<unknown>('', 'x', `docker.io/${payload('1', 'oci').value}`, 'é', 7, null, {}, 'a'.repeat(641)),
);
const ages = fc.oneof(
  { weight: 6, arbitrary: fc.nat(9).map(String) },
  oneOf<unknown>('', '+5', '-1', '1.5', '9'.repeat(15), '9'.repeat(20), '18446744073709551615', 5),
);
const metadata = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record(
      {
        [KEY.scheme]: oneOf<unknown>('checksum', 'checksum', 'checksum', 'oci', 'x', 1),
        [KEY.ageIndex]: ages,
        [KEY.deadend]: oneOf<unknown>('true', 'false', true),
        [KEY.deadendReason]: oneOf<unknown>('why', 'é\n', ' ', 3),
        other: oneOf<unknown>(null, [{ a: [] }], 'x'),
      },
      { requiredKeys: [KEY.scheme, KEY.ageIndex] },
    ),
  },
  oneOf<unknown>(null, [], 'x', {}, { version: 'x', payload: 'y' }),
);
const nodes = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record(
      { version: versions, payload: payloads, metadata, nodes: oneOf<unknown>([], [[1]]) },
      { requiredKeys: [] },
    ),
  },
  oneOf<unknown>(null, 7, [], 'x', '\uFEFF', true, [[{}]]),
);
const index = fc.oneof({ weight: 12, arbitrary: fc.nat(6) }, oneOf<unknown>(-1, 1.5, 1e21, null, '1', [0]));
const edges = fc.oneof(
  { weight: 20, arbitrary: fc.tuple(index, index) },
  oneOf<unknown>(null, [], [1], [0, 1, 2], {}, 'x'),
);
const graphs = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record(
      {
        nodes: fc.array(nodes, { maxLength: 7 }),
        edges: fc.array(edges, { maxLength: 8 }),
        extra: fc.jsonValue(),
      },
      { requiredKeys: ['nodes'] },
    ),
  },
  fc.jsonValue(),
  oneOf<unknown>({ nodes: {} }, { nodes: [], edges: null }, { edges: [] }, { nodes: [], edges: 1 }),
);
const written = fc
  .tuple(graphs, oneOf<string | number | undefined>(undefined, 1, '\t'), fc.boolean())
  .map(([graph, indent, reversed]) => {
    const text = JSON.stringify(graph, undefined, indent);
    const isObject = typeof graph === 'object' && graph !== null && !Array.isArray(graph);
    return reversed && isObject
      ? JSON.stringify(Object.fromEntries(Object.entries(graph).toReversed()), undefined, indent)
      : text;
  });

const PIECES = [
  ...Array.from('[]{}",:\\/ \n\t\r019-+.eEtfnu\0\u007fé😀'),
  ...['""', '[]', '{}', 'null', '00', '-0', '1e0', '0.0', '10000', '"nodes":[],', '"edges":[],'],
  ...['"version":"1",', '"payload":"",', '"metadata":{},', String.raw`\u0031`, String.raw`\ud800`, '[[['],
  ...[String.raw`"\u006eodes":[],`, String.raw`"__proto__":{},`, ',"x":1e999', '\uFEFF'],
].map((text) => Buffer.from(text));
const BROKEN_LETTERS = [[0x80], [0xc3], [0xe2, 0x82], [0xf0, 0x9f], [0xff]].map((bytes) =>
  Buffer.from(bytes),
);

const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.nat(3),
  piece: oneOf(Buffer.alloc(0), ...PIECES, ...BROKEN_LETTERS),
});

function changed(
  bytes: Buffer,
  { at, removed, piece }: { at: number; removed: number; piece: Buffer },
): Buffer {
  const from = Math.floor(at * bytes.length);
  return Buffer.concat([bytes.subarray(0, from), piece, bytes.subarray(from + removed)]);
}

describe('a graph that is read in one pass is the one that is parsed', () => {
  const ends = [0, 1, 2].flatMap((name) => SCHEMES.map((scheme) => payload(String(name), scheme).value));

  it('for whatever a server writes', () => {
    fc.assert(
      fc.property(written, (text) => expectSame(Buffer.from(text), ends)),
      { numRuns: 1500 },
    );
  });

  it('for whatever comes of that on the way', () => {
    fc.assert(
      fc.property(written, fc.array(change, { minLength: 1, maxLength: 3 }), (text, changes) =>
        expectSame(changes.reduce(changed, Buffer.from(text)), ends),
      ),
      { numRuns: 4000 },
    );
  });

  it('for each text that is cut off', () => {
    const text = Buffer.from(JSON.stringify({ nodes: [node('1', 1), node('2', 2)], edges: [[0, 1]] }));
    for (let length = 0; length <= text.length; length += 1) {
      expectSame(text.subarray(0, length));
    }
  });

  const sound = JSON.stringify([node('1', 1), node('2', 2)]);
  it.each([
    ['many keys', `{${Array.from({ length: 900 }, (_, at) => `"k${at}":0`).join(',')},"nodes":${sound}}`],
    [
      'too many keys',
      `{${Array.from({ length: 1000 }, (_, at) => `"k${at}":0`).join(',')},"nodes":${sound}}`,
    ],
    ['a deep value', `{"x":${'['.repeat(50_000)}${']'.repeat(50_000)},"nodes":${sound}}`],
    ['too deep a value', `{"x":${'['.repeat(60_001)}${']'.repeat(60_001)},"nodes":${sound}}`],
    ['too many objects', `{"nodes":${sound},"x":[${'{},'.repeat(60_000)}0]}`],
    ['too many values', `{"nodes":${sound},"x":[${'0,'.repeat(300_000)}0]}`],
    ['too many values that no list holds', `{"nodes":[{${'"a":0,'.repeat(150_000)}"a":0}]}`],
    ['a long text', `{"nodes":${sound},"x":"${'é'.repeat(65_536)}"}`],
    ['too long a text', `{"nodes":${sound},"x":"${'x'.repeat(65_537)}"}`],
    ['too long a text that is cut off', `{"nodes":${sound},"x":"${'x'.repeat(65_537)}`],
    ['more than one value', `{"nodes":${sound}} {}`],
    ['a long number', `{"nodes":${sound},"x":0.${'1'.repeat(1000)}}`],
    ['too many bytes', `{"nodes":${sound}}${' '.repeat(GRAPH_JSON.bytes)}`],
    ['the most nodes', `{"nodes":[${'0,'.repeat(9999)}0]}`],
    ['one node more', `{"nodes":[${'0,'.repeat(10_000)}0]}`],
    ['the most edges', `{"nodes":${sound},"edges":[${'[0,1],'.repeat(29_999)}[0,1]]}`],
    ['one edge more', `{"nodes":${sound},"edges":[${'[0,1],'.repeat(30_000)}[0,1]]}`],
    ['an index beyond all numbers', `{"nodes":${sound},"edges":[[0,1${'0'.repeat(400)}]]}`],
  ])('F2: with %s', (_name, text) => {
    expectSame(Buffer.from(text), [payload('1').value]);
  });

  it('when all versions have the same hash', () => {
    // "Aa" and "BB" have the same one: 1024 versions of ten pairs each.
    const same = Array.from({ length: 1024 }, (_, number) =>
      Array.from({ length: 10 }, (_, bit) => ((number >> bit) % 2 === 0 ? 'Aa' : 'BB')).join(''),
    );
    const bytes = (names: readonly string[]): Buffer =>
      Buffer.from(JSON.stringify({ nodes: names.map((name) => node(name, 1)) }));
    expectSame(bytes(same));
    expectSame(bytes([...same, same[512]!]));
  });
});

describe('of an answer as servers write it', () => {
  const releases = Array.from({ length: 50 }, (_, at) => node(`${at}`, at));
  const links = releases.slice(1).map((_, at) => [at, 49]);

  it.each([
    ['in one line', JSON.stringify({ nodes: releases, edges: links })],
    ['over many lines', JSON.stringify({ edges: links, nodes: releases }, undefined, 2)],
    ['with more than is asked for', JSON.stringify({ version: 1, nodes: releases, edges: links, x: [{}] })],
    ['without edges', JSON.stringify({ nodes: releases })],
  ])('nothing is parsed to read it, %s', (_name, text) => {
    expect(parsedLength(Buffer.from(text))).toBe(0);
  });

  it('only nodes around the booted one are parsed', () => {
    const view = readGraph(Buffer.from(JSON.stringify({ nodes: releases, edges: links })));
    const parse = vi.spyOn(JSON, 'parse');
    const { candidates } = surroundingsIn(view, { version: '7', payload: payload('7') });
    expect(candidates.map(({ version }) => version)).toEqual(['49']);
    expect(parse).toHaveBeenCalledTimes(2);
  });

  it('a node that is not like the others is parsed by itself', () => {
    const odd = { ...node('odd', 1), version: 'a\u202e' };
    const bytes = Buffer.from(JSON.stringify({ nodes: [...releases, odd], edges: links }));
    expect(parsedLength(bytes)).toBeLessThan(2 * JSON.stringify(odd).length);
    expectSame(bytes);
  });
});
