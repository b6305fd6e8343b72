import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { clearSocket } from '../../../../fleet/lockd/admin-socket.ts';

let folder: string;
let socket: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'admin-socket-'));
  socket = path.join(folder, 'admin.sock');
});
afterEach(() => rm(folder, { recursive: true }));

/** As a server leaves it that is killed. */
function leaveSocket(): void {
  const script = `require('net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 9))`;
  spawnSync(process.execPath, ['-e', script], { timeout: 20_000 });
  expect(existsSync(socket)).toBe(true);
}

describe('room for the socket of administrators', () => {
  it('is there where nothing is', async () => {
    await expect(clearSocket(socket)).resolves.toBeUndefined();
  });

  it('is made where a server that was killed has left its socket', async () => {
    leaveSocket();
    await clearSocket(socket);
    expect(existsSync(socket)).toBe(false);
  });

  it('is not taken from a server that serves', async () => {
    const server = createServer().listen(socket);
    await once(server, 'listening');
    await expect(clearSocket(socket)).rejects.toThrow('where another program answers');
    expect(existsSync(socket)).toBe(true);
    server.close();
    await once(server, 'close');
  });

  it('is not made of a file, or of a link to a socket', async () => {
    await writeFile(socket, 'precious');
    await expect(clearSocket(socket)).rejects.toThrow('must name a socket or nothing');
    expect(await readFile(socket, 'utf8')).toBe('precious');
    await rm(socket);
    leaveSocket();
    const link = path.join(folder, 'link');
    await symlink(socket, link);
    await expect(clearSocket(link)).rejects.toThrow('must name a socket or nothing');
    expect(existsSync(socket)).toBe(true);
  });
});
