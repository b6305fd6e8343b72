/** `zincati-fleet lockd` as a process, where it cannot begin or must end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { freePort } from '../support/loopback.ts';

const PROGRAM = path.resolve(import.meta.dirname, '../../fleet/main.ts');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fleet-lockd-ends-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Ports {
  readonly listen: number;
  readonly metrics: number;
  readonly socket: string;
}

/** `said`: all lines so far. `ended`: the exit code. */
async function lockd(name: string, { listen, metrics, socket }: Ports) {
  const file = path.join(folder, `${name}.toml`);
  await writeFile(
    file,
    `listen = "127.0.0.1:${listen}"
metrics.listen = "127.0.0.1:${metrics}"
admin.socket = "${socket}"
sqlite.file = "${path.join(folder, `${name}.db`)}"
[[group]]
name = "default"
slots = 1
`,
  );
  const child = spawn(process.execPath, [PROGRAM, 'lockd', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  const serves = new Promise<void>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('lockd serves')) {
        resolve();
      }
    });
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, serves, ended, said: () => said };
}

async function connected(to: { readonly port: number } | { readonly path: string }) {
  const connection = createConnection(to);
  onTestFinished(() => void connection.destroy());
  connection.on('error', () => undefined);
  await once(connection, 'connect');
  return connection;
}

async function ports(socket: string): Promise<Ports> {
  return { listen: await freePort(), metrics: await freePort(), socket: path.join(folder, socket) };
}

describe('lockd', () => {
  it('ends where a port is taken, and leaves the socket of the other one alone', async () => {
    const taken = await ports('one.sock');
    const first = await lockd('first', taken);
    await first.serves;
    const second = await lockd('second', { ...(await ports('two.sock')), listen: taken.listen });
    expect(await second.ended).toBe(1);
    expect(second.said()).toContain('EADDRINUSE');
    const third = await lockd('third', { ...(await ports('')), socket: taken.socket });
    expect(await third.ended).toBe(1);
    expect(third.said()).toContain('where another program answers');
    await connected({ path: taken.socket });
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
  });

  it('takes away the socket of one that was killed', async () => {
    const wanted = await ports('one.sock');
    const first = await lockd('first', wanted);
    await first.serves;
    first.child.kill('SIGKILL');
    await first.ended;
    const second = await lockd('second', wanted);
    await second.serves;
    await connected({ path: wanted.socket });
  });

  it('removes no file that admin.socket names by mistake', async () => {
    const wanted = await ports('precious.txt');
    await writeFile(wanted.socket, 'precious');
    const one = await lockd('one', wanted);
    expect(await one.ended).toBe(1);
    expect(one.said()).toContain('admin.socket must name a socket or nothing');
    expect(await readFile(wanted.socket, 'utf8')).toBe('precious');
  });

  it('ends although somebody has sent half a request for metrics', { timeout: 30_000 }, async () => {
    const wanted = await ports('one.sock');
    const one = await lockd('one', wanted);
    await one.serves;
    const connection = await connected({ port: wanted.metrics });
    connection.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(connection, 'data');
    connection.write('GET /metrics HTTP/1.1\r\nX: ');
    const half = await connected({ path: wanted.socket });
    half.write('GET /admin');
    one.child.kill('SIGTERM');
    expect(await one.ended).toBe(0);
  });
});
