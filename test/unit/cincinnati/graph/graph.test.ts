import { describe, expect, it } from 'vitest';

import { describe as described, parseGraph } from '../../../../src/cincinnati/graph/graph.ts';
import { CincinnatiError } from '../../../../src/errors.ts';
import { GRAPH_JSON, parseJsonText } from '../../../../src/text/bounded-json.ts';
import { KEY, node, payload, wire } from '../../../support/graphs.ts';

function failure(json: unknown): CincinnatiError {
  try {
    parseGraph(json);
  } catch (error) {
    if (error instanceof CincinnatiError) {
      return error;
    }
    throw error;
  }
  throw new Error('the graph was accepted');
}

const only = (entry: unknown) => parseGraph(wire({ nodes: [entry], edges: [] })).nodes[0]!;

describe('a graph that is none', () => {
  it.each([
    [null, 'it must be an object with nodes and edges, got null'],
    [[], 'it must be an object with nodes and edges, got a list of 0'],
    ['x', 'it must be an object with nodes and edges, got "x"'],
    [{}, 'nodes must be a list, got nothing'],
    [{ nodes: null }, 'nodes must be a list, got null'],
    [{ nodes: {} }, 'nodes must be a list, got an object'],
    [{ nodes: [], edges: {} }, 'edges must be a list, got an object'],
    [{ nodes: [], edges: 7 }, 'edges must be a list, got 7'],
    [{ nodes: new Array(10_001).fill(0) }, 'nodes must be at most 10000 entries, got 10001'],
    [{ nodes: [], edges: new Array(30_001).fill(0) }, 'edges must be at most 30000 entries, got 30001'],
  ])('is refused by name: %#', (json, message) => {
    const error = failure(json);
    expect(error.kind).toBe('client_failed_json_decoding');
    expect(error.message).toBe(`cannot read the update graph: ${message}`);
  });

  it('may have as many nodes and edges as it must not have more of', () => {
    const graph = parseGraph({ nodes: new Array(10_000).fill(0), edges: new Array(30_000).fill(0) });
    expect(graph).toMatchObject({ edgeCount: 30_000, edges: [] });
    expect(graph.nodes).toHaveLength(10_000);
  });

  it('does not take what stands in a prototype for something a server wrote', () => {
    expect(failure(Object.create({ nodes: [] })).message).toContain('nodes must be a list, got nothing');
    expect(failure(JSON.parse('{"__proto__":{"nodes":[]}}')).message).toContain('got nothing');
    const parsed = parseGraph(JSON.parse('{"nodes":[{"__proto__":{"version":"1","payload":"x"}}]}'));
    expect(parsed.nodes[0]).toMatchObject({ version: '', payload: '' });
  });
});

describe('edges', () => {
  it.each([[{ nodes: [] }], [{ nodes: [], edges: null }], [{ nodes: [], edges: [] }]])(
    'may be left out: %j',
    (json) => {
      expect(parseGraph(json)).toMatchObject({ edges: [], edgeCount: 0, warnings: [] });
    },
  );

  it.each([
    [[0, 2]],
    [[0, -1]],
    [[0, 0.5]],
    [[0, 1e300]],
    [[0, '1']],
    [[0, null]],
    [[0]],
    [[0, 1, 1]],
    [{ from: 0, to: 1 }],
    ['0,1'],
    [null],
  ])('to nowhere are told once and spoil nothing: %j', (edge) => {
    const graph = parseGraph(wire({ nodes: [node('1', 1), node('2', 2)], edges: [[0, 1], edge, edge] }));
    expect(graph.edges.filter(({ to }) => to !== undefined)).toEqual([{ from: 0, to: 1 }]);
    expect(graph.edgeCount).toBe(3);
    expect(graph.warnings).toHaveLength(1);
    expect(graph.warnings[0]).toContain('2 edges of the graph must be two indices of nodes (there are 2)');
    expect(graph.warnings[0]).toContain('edges[1] is ');
  });

  it('F15: one that nests 20,000 deep is one warning, like any other', () => {
    const nested = (depth: number, pair: string): string =>
      `${'['.repeat(depth)}${pair}${`,${pair}]`.repeat(depth)}`;
    for (const edge of [nested(20_000, '1'), `[0,${'['.repeat(20_000)}${']'.repeat(20_000)}]`]) {
      const text = `{"nodes":${JSON.stringify(wire([node('1', 1), node('2', 2)]))},"edges":[[0,1],${edge}]}`;
      const graph = parseGraph(parseJsonText(text, GRAPH_JSON));
      expect(graph.edges).toContainEqual({ from: 0, to: 1 });
      expect(graph.warnings).toEqual([
        expect.stringMatching(
          /^1 edge of the graph must be two indices of nodes \(there are 2\), got others: edges\[1\] is .{1,80}$/,
        ),
      ]);
    }
  });

  it('are left out when they start nowhere', () => {
    const graph = parseGraph(
      wire({
        nodes: [node('1', 1)],
        edges: [
          [9, 0],
          ['0', 0],
          [null, 0],
        ],
      }),
    );
    expect(graph.edges).toEqual([]);
    expect(graph.warnings).toHaveLength(1);
  });

  it('keep their start when only their end is nowhere', () => {
    expect(parseGraph(wire({ nodes: [node('1', 1)], edges: [[0, 9]] })).edges).toEqual([
      { from: 0, to: undefined },
    ]);
  });
});

describe('B29: a malformed node keeps its place and says what is wrong', () => {
  it.each<[string, unknown, string]>([
    ['no object', 7, 'nodes[0] must be an object, got 7'],
    ['a list', [], 'nodes[0] must be an object, got a list of 0'],
    ['null', null, 'nodes[0] must be an object, got null'],
    ['no version', node('1', 1, { version: undefined }), 'version must be'],
    [
      'an empty version',
      node('1', 1, { version: '' }),
      'version must be 1 to 256 printable characters, got ""',
    ],
    ['a version that is a number', node('1', 1, { version: 1 }), 'version must be'],
    ['a line break in the version', node('1', 1, { version: '1\n2' }), 'version must be'],
    ['an escape in the version', node('1', 1, { version: '\u001b[2J' }), 'version must be'],
    ['a reversal in the version', node('1', 1, { version: '1\u202e2' }), 'version must be'],
    ['an endless version', node('1', 1, { version: '1'.repeat(257) }), 'version must be'],
    ['no payload', node('1', 1, { payload: undefined }), 'payload must be a text, got nothing'],
    ['an empty payload', node('1', 1, { payload: '' }), 'payload must be a text, got ""'],
    ['a short payload', node('1', 1, { payload: 'abc' }), 'payload must be 64 lower-case hexadecimal digits'],
    ...['checksum', 'oci'].flatMap((scheme): [string, unknown, string][] => {
      const { value } = payload('1', scheme === 'oci' ? 'oci' : 'checksum');
      const words = scheme === 'oci' ? 'payload must be an image pinned by digest' : 'payload must be 64';
      return [` ${value}`, `${value}0`, `${value} `, `+${value}`, value.slice(0, -1)].map((written) => [
        `a payload of scheme ${scheme} with more or less than that: ${written.slice(0, 5)}`,
        node('1', 1, { payload: written }, { [KEY.scheme]: scheme }),
        words,
      ]);
    }),
    [
      'a sha512 that is too short',
      node('1', 1, { payload: `x@sha512:${'0'.repeat(127)}` }, { [KEY.scheme]: 'oci' }),
      'payload must be an image pinned by digest',
    ],
    [
      'a digest without an image',
      node('1', 1, { payload: `@sha256:${'0'.repeat(64)}` }, { [KEY.scheme]: 'oci' }),
      'payload must be an image pinned by digest',
    ],
    ['an endless payload', node('1', 1, { payload: '0'.repeat(641) }), 'payload must be a text, got "0'],
    ['a payload of 640', node('1', 1, { payload: '0'.repeat(640) }), 'payload must be 64 lower-case'],
    ['a payload that is a list', node('1', 1, { payload: [1] }), 'payload must be a text, got a list of 1'],
    ['an age after a blank', node('1', ' 5'), 'age_index must be'],
    ['an age before a blank', node('1', '5 '), 'age_index must be'],
    ['an age of 41 digits', node('1', `${'0'.repeat(40)}5`), 'age_index must be'],
    ['an age of two signs', node('1', '++5'), 'age_index must be'],
    ['a payload in capitals', node('1', 1, { payload: 'A'.repeat(64) }), 'payload must be 64'],
    ['no metadata', node('1', 1, { metadata: undefined }), 'metadata must be an object, got nothing'],
    ['a list as metadata', node('1', 1, { metadata: [] }), 'metadata must be an object'],
    [
      'no scheme',
      node('1', 1, {}, { [KEY.scheme]: undefined }),
      'scheme must be checksum or oci, got nothing',
    ],
    [
      'a new scheme',
      node('1', 1, {}, { [KEY.scheme]: 'btrfs' }),
      'scheme must be checksum or oci, got "btrfs"',
    ],
    [
      'an image without digest',
      node('1', 1, {}, { [KEY.scheme]: 'oci' }),
      'payload must be an image pinned by',
    ],
    [
      'no age',
      node('1', 1, {}, { [KEY.ageIndex]: undefined }),
      'age_index must be a whole number from 0, got noth',
    ],
    ['a negative age', node('1', -1), 'age_index must be a whole number from 0, got "-1"'],
    ['a broken age', node('1', '1.5'), 'age_index must be'],
    ['an age that is no text', node('1', 1, {}, { [KEY.ageIndex]: 1 }), 'age_index must be'],
    ['an age beyond all servers', node('1', '18446744073709551616'), 'age_index must be'],
    ['an age of a million digits', node('1', '9'.repeat(1_000_000)), 'age_index must be'],
  ])('%s', (_name, entry, problem) => {
    const graph = parseGraph(wire({ nodes: [entry, node('2', 2)], edges: [[0, 1]] }));
    expect(graph.nodes).toHaveLength(2);
    expect(graph.nodes[0]!.problem).toContain(problem);
    expect(graph.nodes[0]!.problem!.length).toBeLessThan(400);
    expect(graph.nodes[1]).toMatchObject({ version: '2', problem: undefined });
    expect(graph.warnings).toEqual([]);
  });

  it('its version is in the sentence when it is fit to be shown', () => {
    expect(only(node('42.1', 1, { payload: 'abc' })).problem).toMatch(/^nodes\[0\] \(42\.1\): payload/);
    expect(only(node('42.1', 1, { version: '' })).problem).toMatch(/^nodes\[0\]: version/);
  });
});

describe('a sound node', () => {
  it('is read whole', () => {
    expect(only(node('42.1', 17))).toEqual({
      version: '42.1',
      payload: payload('42.1').value,
      scheme: 'checksum',
      ageIndex: 17n,
      deadendReason: undefined,
      problem: undefined,
    });
  });

  it('may be an image pinned by digest', () => {
    const image = payload('42.1', 'oci').value;
    expect(only(node('42.1', 1, { payload: image }, { [KEY.scheme]: 'oci' }))).toMatchObject({
      scheme: 'oci',
      payload: image,
      problem: undefined,
    });
  });

  it('may be an image with a longer digest, and with all that a name may have', () => {
    const image = `quay.io:5000/a_b-c/d.e:tag@sha512:${'0'.repeat(128)}`;
    expect(only(node('42.1', 1, { payload: image }, { [KEY.scheme]: 'oci' }))).toMatchObject({
      payload: image,
      problem: undefined,
    });
  });

  it('may have a version of 256 characters and a payload of 640', () => {
    const digest = payload('1', 'oci').value.slice(-72);
    const image = `${'a'.repeat(640 - digest.length)}${digest}`;
    const version = '1'.repeat(256);
    expect(only(node(version, 1, { payload: image }, { [KEY.scheme]: 'oci' }))).toMatchObject({
      version,
      payload: image,
      problem: undefined,
    });
  });

  it.each([
    ['0', 0n],
    ['+5', 5n],
    ['007', 7n],
    [`${'0'.repeat(39)}7`, 7n],
    ['18446744073709551615', 18446744073709551615n],
  ])('may have age %s', (text, age) => {
    expect(only(node('1', text)).ageIndex).toBe(age);
  });

  it.each<[unknown, unknown, string | undefined]>([
    ['true', 'https://example.com/1', 'https://example.com/1'],
    ['true', undefined, 'no reason given by the update server'],
    ['true', '  ', 'no reason given by the update server'],
    ['true', 5, 'no reason given by the update server'],
    ['true', 'a\u001b[2Jb\nc', 'a\uFFFD[2Jb c'],
    ['false', 'https://example.com/1', undefined],
    [true, 'https://example.com/1', undefined],
    [undefined, 'https://example.com/1', undefined],
  ])('dead-end %j, reason %j', (deadend, reason, expected) => {
    expect(
      only(node('1', 1, {}, { [KEY.deadend]: deadend, [KEY.deadendReason]: reason })).deadendReason,
    ).toBe(expected);
  });
});

it('versions that stand there twice are told once', () => {
  const twice = ['1', '2', '1', '2', '3'].map((version, index) => node(version, index));
  expect(parseGraph(wire({ nodes: twice })).warnings).toEqual([
    'every version of the graph must be there once, got 1 more often (and 1 other versions)',
  ]);
});

it('one version that stands there twice is told without others', () => {
  const twice = ['1', '2', '1', '1'].map((version, index) => node(version, index));
  expect(parseGraph(wire({ nodes: twice })).warnings).toEqual([
    'every version of the graph must be there once, got 1 more often',
  ]);
});

it('nodes without a version are not of the same version', () => {
  expect(parseGraph(wire({ nodes: [{}, {}, 7, 7] })).warnings).toEqual([]);
});

describe('what was got is described in a few words', () => {
  it.each<[unknown, string]>([
    [undefined, 'nothing'],
    [null, 'null'],
    [true, 'true'],
    [1.5, '1.5'],
    ['a\u202eb', '"a\uFFFDb"'],
    [{ a: 1 }, 'an object'],
    [[], 'a list of 0'],
    [[1, 2, 3], 'a list of 3'],
    [[1, [2, 3]], '[1, a list of 2]'],
    [[{}, undefined], '[an object, nothing]'],
    ['x'.repeat(78), `"${'x'.repeat(78)}"`],
    ['x'.repeat(79), `"${'x'.repeat(79)}…`],
  ])('%j', (value, words) => {
    expect(described(value)).toBe(words);
  });
});
