import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  HistoryError,
  carriedHistory,
  loadHistory,
  parseHistory,
  wireNodes,
} from '../../../sandbox/releases.ts';
import { node } from '../../support/graphs.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'releases-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a carried history', () => {
  it.each([
    ['stable', 179, 19, 0],
    ['testing', 209, 20, 1],
  ] as const)('%s is sound, its payloads all different', async (stream, releases, barriers, deadends) => {
    const { entries, edges } = await carriedHistory(stream);
    expect(edges).toBeUndefined();
    expect(entries).toHaveLength(releases);
    expect(entries.filter((entry) => entry.barrier !== undefined)).toHaveLength(barriers);
    expect(entries.filter((entry) => entry.deadend !== undefined)).toHaveLength(deadends);
    expect(new Set(entries.map((entry) => entry.digest)).size).toBe(releases);
    expect(new Set(entries.map((entry) => entry.version)).size).toBe(releases);
  });

  it('has the same digests for either way of addressing a release', async () => {
    const history = await carriedHistory('stable');
    const checksums = wireNodes(history, 'checksum').map((entry) => entry.payload);
    const images = wireNodes(history, 'oci').map((entry) => entry.payload);
    expect(images).toEqual(checksums.map((hex) => `quay.io/fedora/fedora-coreos@sha256:${hex}`));
  });
});

describe('a whole graph', () => {
  const raw = { nodes: [node('1', 4), node('2', 7)], edges: [[0, 1]] };

  it('keeps versions, payloads, ages and edges', () => {
    const history = parseHistory(raw);
    expect(wireNodes(history, 'checksum')).toEqual(raw.nodes);
    expect(history.edges).toEqual([[0, 1]]);
  });

  it('can be served the other way', () => {
    expect(wireNodes(parseHistory(raw), 'oci')[0]!.payload).toMatch(/^quay\.io\/.*@sha256:[0-9a-f]{64}$/);
    const images = { nodes: wireNodes(parseHistory(raw), 'oci') };
    expect(wireNodes(parseHistory(images), 'checksum')).toEqual(raw.nodes);
  });
});

describe('a file that is no history', () => {
  it.each([
    [[], 'the file must be an object, got []'],
    [{}, 'stream must be a text, got undefined'],
    [{ stream: 's' }, 'releases (or nodes) must be a list, got undefined'],
    [{ stream: 's', releases: [] }, 'releases must have at least one entry, got none'],
    [{ stream: 's', releases: [{}] }, 'releases[0].version must be a text, got undefined'],
    [
      { stream: 's', releases: [{ version: '1', barrier: true }] },
      'releases[0].barrier must be a text, got true',
    ],
    [
      { stream: 's', releases: [{ version: '1', rollout: { startValue: '1' } }] },
      'releases[0].rollout.startValue must be a number, got "1"',
    ],
    [
      { nodes: [{ payload: 'x' }] },
      'nodes[0].payload must be 64 hexadecimal digits or NAME@sha256:HEX, got "x"',
    ],
    [{ nodes: [node('1', 1)], edges: [[0, 1]] }, 'edges[0] must be two indices of nodes, got [0,1]'],
    [{ nodes: [node('1', 1)], edges: [0] }, 'edges[0] must be a list, got 0'],
  ])('%j is refused', (json, message) => {
    expect(() => parseHistory(json)).toThrow(new HistoryError(message));
  });

  it('is refused by name', async () => {
    const path = join(folder, 'bad.json');
    await expect(loadHistory(path)).rejects.toThrow(`cannot read ${path}: ENOENT`);
    await writeFile(path, 'no json');
    await expect(loadHistory(path)).rejects.toThrow(`cannot read ${path}: Unexpected token`);
    await writeFile(path, '{}');
    await expect(loadHistory(path)).rejects.toThrow(`cannot use ${path}: stream must be a text`);
  });
});
