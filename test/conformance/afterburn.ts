/**
 * What the agent relies on in the file that Afterburn writes: its lines, who may change it, and how it is replaced.
 *
 * Invariant: no statement knows the cloud.
 */
import { appendFile, lstat, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect } from 'vitest';
import { ATTRIBUTES_FILE } from '../../src/config/attribute-template.ts';
import { readAttributes } from '../../src/config/attributes.ts';
import { parseEnvironmentFile } from '../../src/config/environment-file.ts';
import { HostTree } from '../support/host-tree.ts';
import type { Statement } from './statement.ts';

export interface AfterburnPeer {
  /** The file that it has written. */
  readonly path: string;
  /** The user that it runs as. */
  readonly uid: number;
}

export interface WritingPeer extends AfterburnPeer {
  /** Has it write the file once more. `meanwhile` begins before the cloud is asked, and is waited for. */
  readonly again: (meanwhile?: () => Promise<void>) => Promise<void>;
}

const WRITE = 'coreos/afterburn 790aa94 src/providers/mod.rs, write_attributes';
const CREATE = 'coreos/afterburn 790aa94 src/providers/mod.rs, create_file';
const ATTRIBUTES = 'coreos/afterburn 790aa94 docs/usage/attributes.md';
const RUN = 'run: 5.10.0';
const LIMIT_MS = 30_000;

/** What systemd's reader takes for more than a letter. */
const SPECIAL = /["'\\]|^[ \t]|[ \t]$/;

async function linesOf({ path }: AfterburnPeer): Promise<string[]> {
  const text = await readFile(path, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

const nameIn = (line: string): string => line.split('=', 1)[0] ?? '';
const valueIn = (line: string): string => line.slice(nameIn(line).length + 1);

export const AFTERBURN_STATEMENTS: readonly Statement<AfterburnPeer>[] = [
  {
    says: 'each attribute is a line of its own, and nothing else is in the file',
    source: `${WRITE}; ${RUN}`,
    check: async (peer) => {
      expect((await linesOf(peer)).filter((line) => !/^AFTERBURN_[^=]+=/.test(line))).toEqual([]);
    },
  },
  {
    says: 'a name is AFTERBURN_, the cloud and what it is, in capitals, digits and _',
    source: `${ATTRIBUTES}; ${RUN}`,
    check: async (peer) => {
      const names = (await linesOf(peer)).map(nameIn);
      expect(names.filter((name) => !/^AFTERBURN(?:_[A-Z0-9]+){2,}$/.test(name))).toEqual([]);
    },
  },
  {
    says: 'all names are of the same cloud, and each is there once',
    source: `${WRITE}: a map; ${ATTRIBUTES}`,
    check: async (peer) => {
      const names = (await linesOf(peer)).map(nameIn);
      expect(new Set(names).size).toBe(names.length);
      expect(new Set(names.map((name) => name.split('_')[1])).size).toBe(1);
    },
  },
  {
    says: 'a value is written as it is, without quotes, so plain ones mean themselves to systemd',
    source: `${WRITE}; systemd 254 src/basic/env-file.c`,
    check: async (peer) => {
      const lines = await linesOf(peer);
      expect(lines.map(valueIn).filter((value) => /^(["']).*\1$/.test(value))).toEqual([]);
      const plain = lines.filter((line) => !SPECIAL.test(valueIn(line)));
      expect(plain).not.toEqual([]);
      const parsed = parseEnvironmentFile(`${plain.join('\n')}\n`);
      expect(plain.map((line) => parsed.get(nameIn(line)))).toEqual(plain.map(valueIn));
    },
  },
  {
    says: 'the agent can read it, and finds every name',
    source: WRITE,
    check: async (peer) => {
      await using host = await HostTree.create({ [ATTRIBUTES_FILE]: await readFile(peer.path) });
      const attributes = await readAttributes(host.root, 'this');
      expect([...(attributes?.keys() ?? [])]).toEqual((await linesOf(peer)).map(nameIn));
    },
  },
  {
    says: 'it is a regular file that everyone may read, and only who runs Afterburn may write',
    source: `${CREATE}; systemd.exec(5), UMask=; ${RUN}`,
    check: async ({ path, uid }) => {
      const file = await lstat(path);
      expect([file.isFile(), file.mode & 0o7777, file.uid, file.nlink]).toEqual([true, 0o644, uid, 1]);
      const folder = await lstat(dirname(path));
      expect([folder.isDirectory(), folder.mode & 0o7777, folder.uid]).toEqual([true, 0o755, uid]);
    },
  },
];

export const WRITING_STATEMENTS: readonly Statement<WritingPeer>[] = [
  {
    says: 'while it asks a cloud over the network, the file is there and empty',
    source: `${WRITE}: the file is made first; ${RUN}`,
    check: async ({ path, again }) => {
      const isEmpty = async (): Promise<void> => {
        await expect.poll(async () => (await lstat(path)).size, { interval: 5, timeout: LIMIT_MS }).toBe(0);
      };
      await again(isEmpty);
      expect((await lstat(path)).size).toBeGreaterThan(0);
    },
  },
  {
    says: 'it writes in place, not by renaming: who has the file open sees what is new',
    source: `${CREATE}; ${RUN}`,
    check: async ({ path, again }) => {
      await using file = await open(path);
      const before = await file.stat();
      await again();
      expect((await lstat(path)).ino).toBe(before.ino);
      const written = await readFile(path, 'utf8');
      expect(written).not.toBe('');
      expect(await file.readFile('utf8')).toBe(written);
    },
  },
  {
    says: 'nothing that the file had before is left',
    source: `${CREATE}; ${RUN}`,
    check: async (peer) => {
      const left = 'AFTERBURN_LEFT_OVER=x\n'.repeat(100);
      await appendFile(peer.path, left);
      await peer.again();
      expect((await linesOf(peer)).filter((line) => line.includes('LEFT_OVER'))).toEqual([]);
    },
  },
  {
    says: 'on the same machine the names are the same, in any order',
    source: `${WRITE}: a map; ${RUN}`,
    check: async (peer) => {
      const before = (await linesOf(peer)).map(nameIn);
      await peer.again();
      expect((await linesOf(peer)).map(nameIn).toSorted()).toEqual(before.toSorted());
    },
  },
];
