import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';

import {
  DEFAULT_MAX_BYTES,
  READ_LIMIT_MS,
  readFileStart,
  readSmallFile,
  readSmallText,
  SmallFileError,
} from '../../../src/files/read-small-file.ts';
import { HostTree } from '../../support/host-tree.ts';

interface Opening {
  readonly open: typeof open;
}

vi.mock('node:fs/promises', async (original) => {
  const actual = await original<Opening>();
  return { ...actual, open: vi.fn(actual.open) };
});

const { open: realOpen } = await vi.importActual<Opening>('node:fs/promises');

afterEach(() => {
  vi.useRealTimers();
});

describe('a small file', () => {
  it('is read as bytes and as text', async () => {
    await using host = await HostTree.create({ '/f': 'grüße\n' });
    expect(await readSmallFile(host.at('/f'))).toEqual(Buffer.from('grüße\n'));
    expect(await readSmallText(host.at('/f'))).toBe('grüße\n');
  });

  it('may be empty', async () => {
    await using host = await HostTree.create({ '/f': '' });
    expect(await readFileStart(host.at('/f'), 10)).toMatchObject({ bytes: Buffer.alloc(0), isWhole: true });
    expect(await readSmallText(host.at('/f'), 0)).toBe('');
  });

  it('may have as many bytes as are allowed, and not one more', async () => {
    await using host = await HostTree.create({ '/f': '0123456789' });
    expect(await readSmallText(host.at('/f'), 10)).toBe('0123456789');
    await expect(readSmallFile(host.at('/f'), 9)).rejects.toMatchObject({
      name: 'SmallFileError',
      kind: 'too_large',
      message: 'it must be at most 9 bytes long',
    });
  });

  it('has a limit where none is given', async () => {
    await using host = await HostTree.create({ '/f': Buffer.alloc(DEFAULT_MAX_BYTES + 1) });
    await expect(readSmallFile(host.at('/f'))).rejects.toMatchObject({ kind: 'too_large' });
    expect(await readSmallFile(host.at('/f'), DEFAULT_MAX_BYTES + 1)).toHaveLength(DEFAULT_MAX_BYTES + 1);
  });

  it('is told by its start where that is asked for, with what is known of it', async () => {
    await using host = await HostTree.create({ '/f': '0123456789' });
    const { stats, size, bytes, isWhole } = await readFileStart(host.at('/f'), 4);
    expect([stats.nlink, size, bytes.toString(), isWhole]).toEqual([1, 10, '0123', false]);
  });

  it('of /proc is read, though its size is 0', async () => {
    const { stats, bytes, isWhole } = await readFileStart('/proc/self/status', DEFAULT_MAX_BYTES);
    expect([stats.size, isWhole]).toEqual([0, true]);
    expect(bytes.toString()).toMatch(/^Name:.*\n[^]*^nonvoluntary_ctxt_switches:\t\d+\n$/m);
    expect((await readFileStart('/proc/self/status', 5)).bytes.toString()).toBe('Name:');
  });
});

describe('a file that grows after it was measured', () => {
  function growing(host: HostTree, more: string): string {
    const path = host.at('/f');
    vi.mocked(open).mockImplementationOnce(async (...args) => {
      const file = await realOpen(...args);
      const stats = await file.stat();
      vi.spyOn(file, 'stat').mockResolvedValueOnce(stats);
      appendFileSync(path, more);
      return file;
    });
    return path;
  }

  it('is read as it is then', async () => {
    await using host = await HostTree.create({ '/f': 'a' });
    const more = 'b'.repeat(10_000);
    expect(await readSmallText(growing(host, more))).toBe(`a${more}`);
  });

  it('is read no further than allowed', async () => {
    await using host = await HostTree.create({ '/f': 'a' });
    const { stats, size, bytes, isWhole } = await readFileStart(growing(host, 'b'.repeat(10_000)), 5000);
    expect([stats.size, size, bytes.length, isWhole]).toEqual([1, 5001, 5000, false]);
  });
});

describe('what is no regular file', () => {
  const NOT_REGULAR = { name: 'SmallFileError', kind: 'not_regular', message: 'it must be a regular file' };

  it('is refused as a directory', async () => {
    await using host = await HostTree.create();
    await expect(readSmallFile(host.root)).rejects.toMatchObject(NOT_REGULAR);
  });

  it('is refused as a FIFO that nobody writes to', async () => {
    await using host = await HostTree.create();
    execFileSync('mkfifo', [host.at('/f')]);
    await expect(readSmallFile(host.at('/f'))).rejects.toMatchObject(NOT_REGULAR);
  });

  it.each(['/dev/null', '/dev/zero'])('is refused as the device %s', async (path) => {
    await expect(readSmallFile(path)).rejects.toMatchObject(NOT_REGULAR);
  });

  it("is refused as a socket, with the system's code", async () => {
    await using host = await HostTree.create();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(host.at('/s'), resolve));
    await expect(readSmallFile(host.at('/s'))).rejects.toMatchObject({ code: 'ENXIO' });
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('a symbolic link', () => {
  it('is followed', async () => {
    await using host = await HostTree.create({ '/f': 'x' });
    await host.link('/l', 'f');
    expect(await readSmallText(host.at('/l'))).toBe('x');
  });

  it('is refused where it must not be followed, but not in a folder before', async () => {
    await using host = await HostTree.create({ '/d/f': 'x' });
    await host.link('/l', 'd/f');
    await host.link('/folder', 'd');
    await expect(readFileStart(host.at('/l'), 9, 'refuse')).rejects.toMatchObject({ code: 'ELOOP' });
    expect((await readFileStart(host.at('/folder/f'), 9, 'refuse')).bytes.toString()).toBe('x');
  });

  it('that leads in a circle or nowhere is an error of the system', async () => {
    await using host = await HostTree.create();
    await host.link('/loop', 'loop');
    await host.link('/nowhere', 'gone');
    await expect(readSmallFile(host.at('/loop'))).rejects.toMatchObject({ code: 'ELOOP' });
    await expect(readSmallFile(host.at('/nowhere'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

it.each([
  ['/nowhere', 'ENOENT'],
  ['/f/x', 'ENOTDIR'],
])("what is missing, %s, has the system's code %s", async (path, code) => {
  await using host = await HostTree.create({ '/f': '' });
  await expect(readSmallFile(host.at(path))).rejects.toMatchObject({ code });
});

describe('a file system that hangs', () => {
  it('is waited for no longer than the limit, and what it opens late is closed', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await using host = await HostTree.create({ '/f': 'x' });
    const hanging = Promise.withResolvers<Awaited<ReturnType<typeof realOpen>>>();
    vi.mocked(open).mockImplementationOnce(() => hanging.promise);
    const reading = readSmallFile(host.at('/f')).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(READ_LIMIT_MS);
    const error = await reading;
    expect(error).toBeInstanceOf(SmallFileError);
    expect(error).toMatchObject({ kind: 'timed_out', message: 'it must be readable within 10 s' });

    const file = await realOpen(host.at('/f'));
    const close = file.close.bind(file);
    const closed = new Promise<void>((resolve) => {
      vi.spyOn(file, 'close').mockImplementationOnce(() => close().then(resolve));
    });
    hanging.resolve(file);
    await closed;
  });

  it('leaves no timer behind otherwise', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await using host = await HostTree.create({ '/f': 'x' });
    await readSmallFile(host.at('/f'));
    await expect(readSmallFile(host.at('/nowhere'))).rejects.toThrow('ENOENT');
    expect(vi.getTimerCount()).toBe(0);
  });
});
