import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Fetched, Validators } from '../../../../fleet/graph/fetch-graph.ts';
import type { GraphScope } from '../../../../fleet/graph/graph-scope.ts';
import { mirrorGraphs, type MirrorOptions } from '../../../../fleet/graph/mirror-graphs.ts';
import { CancelledError } from '../../../../src/errors.ts';
import { graphText } from '../../../support/fleet/written-graph.ts';

const AT = Date.UTC(2026, 11, 1);
const STABLE: GraphScope = { stream: 'stable', basearch: 'x86_64', scheme: 'checksum' };
const TESTING: GraphScope = { ...STABLE, stream: 'testing' };
const [A, B] = [{ version: '1' }, { version: '2' }] as const;
const FIRST = graphText([A], []);
const SECOND = graphText([A, B], [[0, 1]]);

type Answer = (known: Validators, url: URL) => Fetched | Error;
let folder: string;
let asked: { url: string; known: Validators }[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'graph-mirror-'));
  asked = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const bytes = (text: string, validators: Validators = {}): Fetched => ({
  bytes: Buffer.from(text),
  ...validators,
});
const FILE = 'stable/x86_64/v1/graph';
const copy = (name = FILE): Promise<string> => readFile(path.join(folder, name), 'utf8');

async function mirror(answer: Answer, more: Partial<MirrorOptions> = {}) {
  const fetch = async (url: URL, { etag, lastModified }: Validators): Promise<Fetched> => {
    const known = {
      ...(etag !== undefined && { etag }),
      ...(lastModified !== undefined && { lastModified }),
    };
    asked.push({ url: url.href, known });
    const fetched = await Promise.resolve(answer(known, url));
    if (fetched instanceof Error) {
      throw fetched;
    }
    return fetched;
  };
  return mirrorGraphs({
    ...{
      address: 'http://user:secret@h/p?token=hidden',
      folder,
      scopes: [STABLE],
      wariness: 1,
      allowRemoved: false,
    },
    fetcher: { fetch },
    nowAt: () => AT,
    signal: new AbortController().signal,
    ...more,
  });
}

describe('mirrorGraphs', () => {
  it('writes the bytes that came where a static server hands them out, for all to read', async () => {
    expect(await mirror(() => bytes(FIRST))).toMatchObject([
      { outcome: 'new', file: FILE, releases: 1, edges: 0, reasons: [], hasCopy: true },
    ]);
    expect(await copy()).toBe(FIRST);
    expect((await stat(path.join(folder, FILE))).mode & 0o777).toBe(0o644);
    expect(asked[0]!.url).toContain(
      'h/p/v1/graph?token=hidden&basearch=x86_64&stream=stable&rollout_wariness=1.000000',
    );
    expect(await readdir(path.join(folder, 'stable/x86_64/v1'))).toEqual(['graph']);
  });

  it('asks whether it has changed, and leaves the file of what has not', async () => {
    await mirror(() => bytes(FIRST, { etag: '"one"', lastModified: 'Tue, 01 Dec 2026 00:00:00 GMT' }));
    const before = await stat(path.join(folder, FILE));
    expect(await mirror(() => ({ notModified: true }))).toMatchObject([
      { outcome: 'unchanged', releases: 1 },
    ]);
    expect(asked[1]!.known).toEqual({ etag: '"one"', lastModified: 'Tue, 01 Dec 2026 00:00:00 GMT' });
    expect(await mirror(() => bytes(FIRST))).toMatchObject([{ outcome: 'unchanged' }]);
    const after = await stat(path.join(folder, FILE));
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
    expect(await mirror(() => bytes(SECOND))).toMatchObject([{ outcome: 'changed', releases: 2, edges: 1 }]);
  });

  it('asks for all of it when the copy is not what it wrote, or the question is another one', async () => {
    await mirror(() => bytes(FIRST, { etag: '"one"' }));
    await mirror(() => bytes(FIRST, { etag: '"one"' }), { wariness: 0 });
    await writeFile(path.join(folder, FILE), SECOND);
    await mirror(() => bytes(SECOND, { etag: '"two"' }), { wariness: 0 });
    await writeFile(path.join(folder, 'mirror.json'), 'garbage');
    await mirror(() => bytes(SECOND, { etag: '"two"' }), { wariness: 0 });
    expect(asked.map(({ known }) => known)).toEqual([{}, {}, {}, {}]);
  });

  it.each([
    ['no JSON', '<html>', /line 1, column 1: it must be JSON/],
    ['an empty graph', '{"nodes":[],"edges":[]}', /a graph must have releases, got none/],
    ['a graph with an error', graphText([A, B], [[0, 7]]), /an edge must be two indices/],
    [
      'a graph from which a release is gone',
      graphText([B], []),
      /got none that is 1: their nodes would fall off the graph/,
    ],
    [
      'what graphs are made of',
      '{"stream":"stable","releases":[]}',
      /got the updates that graphs are made of/,
    ],
  ])('keeps the last good copy when it gets %s', async (_name, text, reason) => {
    await mirror(() => bytes(FIRST, { etag: '"one"' }));
    const [done] = await mirror(() => bytes(text, { etag: '"bad"' }));
    expect(done).toMatchObject({
      outcome: 'refused',
      hasCopy: true,
      reasons: [expect.stringMatching(reason)],
    });
    expect(await copy()).toBe(FIRST);
    await mirror(() => ({ notModified: true }));
    expect(asked[2]!.known).toEqual({ etag: '"one"' });
  });

  it('takes a graph without a release when it is told to', async () => {
    await mirror(() => bytes(SECOND));
    expect(await mirror(() => bytes(FIRST), { allowRemoved: true })).toMatchObject([{ outcome: 'changed' }]);
  });

  it('goes on with the next graph after one that fails', async () => {
    const answer: Answer = (_known, url) =>
      url.searchParams.get('stream') === 'stable' ? new Error('no route') : bytes(FIRST);
    expect(await mirror(answer, { scopes: [STABLE, TESTING] })).toMatchObject([
      { outcome: 'failed', hasCopy: false, reasons: ['no route'] },
      { outcome: 'new' },
    ]);
    expect(await copy('testing/x86_64/v1/graph')).toBe(FIRST);
  });

  it('says that a graph cannot be written, and that the copy cannot be read', async () => {
    await writeFile(path.join(folder, 'stable'), 'a file');
    expect(await mirror(() => bytes(FIRST))).toMatchObject([{ outcome: 'failed' }]);
    await mkdir(path.join(folder, 'testing/x86_64/v1/graph'), { recursive: true });
    expect(await mirror(() => bytes(FIRST), { scopes: [TESTING] })).toMatchObject([
      {
        outcome: 'failed',
        reasons: [expect.stringMatching(/cannot read the copy .*it must be a regular file/)],
      },
    ]);
  });

  it('ends when it is given up', async () => {
    await expect(mirror(() => new CancelledError('given up'))).rejects.toThrow(CancelledError);
  });

  it('notes where and when each came from, without a secret of the address', async () => {
    await mirror(() => bytes(FIRST, { etag: '"one"' }));
    const notes = await readFile(path.join(folder, 'mirror.json'), 'utf8');
    expect(notes).not.toMatch(/secret|hidden|user/);
    expect(JSON.parse(notes)).toMatchObject({
      mirror: 1,
      graphs: {
        [FILE]: {
          url: 'http://h/p/v1/graph',
          fetched: '2026-12-01T00:00:00.000Z',
          releases: 1,
          etag: '"one"',
        },
      },
    });
  });
});
