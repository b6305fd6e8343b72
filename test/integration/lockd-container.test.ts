/**
 * The container file of the lock server, as far as it can be looked at without a container engine. Its statements are
 * read. What it copies is in the package, and is all that the server and its health check need.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { layOutFleet } from '../../scripts/fleet-layout.mjs';
import { freePort } from '../support/loopback.ts';

const PROJECT = path.resolve(import.meta.dirname, '../..');
const LIMIT_MS = 30_000;

interface Statement {
  readonly name: string;
  readonly rest: string;
}
let statements: readonly Statement[];
const only = (name: string): string => {
  const found = statements.filter((statement) => statement.name === name);
  expect(found, name).toHaveLength(1);
  return found[0]!.rest;
};
/** The exec form: without a shell, so that signals reach the program. */
const execForm = (rest: string): string[] => JSON.parse(/\[.*\]$/.exec(rest)?.[0] ?? 'null') as string[];

let folder: string;
beforeAll(async () => {
  const text = await readFile(path.join(PROJECT, 'packaging/Containerfile'), 'utf8');
  statements = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
      return { name, rest };
    });
  folder = await mkdtemp(path.join(tmpdir(), 'lockd-container-'));
  await chmod(folder, 0o755);
  layOutFleet(path.join(folder, 'context'), { layout: 'local', node: undefined });
  // scripts/package.mjs adds the licences there.
  await cp(
    path.join(PROJECT, 'packaging/licences'),
    path.join(folder, 'context/usr/local/share/licenses/zincati-fleet'),
    {
      recursive: true,
    },
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the statements', () => {
  it('are known ones, in an order that engines take', () => {
    expect(statements.map(({ name }) => name)).toEqual([
      ...['ARG', 'FROM', 'COPY', 'COPY', 'COPY', 'COPY', 'USER', 'WORKDIR', 'EXPOSE', 'STOPSIGNAL'],
      ...['HEALTHCHECK', 'ENTRYPOINT', 'CMD'],
    ]);
  });

  it('take the base from a build argument alone, and nothing from the network', () => {
    expect(only('ARG')).toBe('NODE_IMAGE');
    expect(only('FROM')).toBe('${NODE_IMAGE}');
    expect(
      statements.filter(({ name, rest }) => ['RUN', 'ADD'].includes(name) || /https?:/.test(rest)),
    ).toEqual([]);
  });

  it('run it as nobody, by numbers, so that an orchestrator can see that it is not root', () => {
    expect(only('USER')).toMatch(/^[1-9]\d{4,}:[1-9]\d{4,}$/);
    for (const { rest } of statements.filter(({ name }) => name === 'COPY')) {
      expect(rest).toMatch(/^--chown=0:0 /);
    }
  });

  it('start the program without a shell, and ask its health through itself', () => {
    expect(execForm(only('ENTRYPOINT'))).toEqual(['/usr/local/bin/zincati-fleet']);
    expect(execForm(only('CMD'))[0]).toBe('lockd');
    expect(execForm(only('HEALTHCHECK'))).toEqual(['/usr/local/bin/zincati-fleet', 'locks', 'list']);
    expect(only('STOPSIGNAL')).toBe('SIGTERM');
  });
});

/** Does what the COPY statements say, below a folder. */
async function copied(): Promise<string> {
  const root = path.join(folder, 'root');
  for (const { rest } of statements.filter(({ name }) => name === 'COPY')) {
    const words = rest.split(' ').filter((word) => !word.startsWith('--'));
    const target = words.pop() ?? '';
    for (const source of words) {
      const from = path.join(folder, 'context', source);
      const to = path.join(root, target.endsWith('/') ? path.join(target, path.basename(source)) : target);
      await mkdir(path.dirname(to), { recursive: true });
      await cp(from, to, { recursive: true });
    }
  }
  return root;
}

it('what is copied is in the package, and serves and is healthy as nobody, who can write to nothing of it', async () => {
  const root = await copied();
  // All of the program but its unit and its manual.
  const program = await readdir(path.join(folder, 'context/usr/local/lib/zincati-fleet'));
  expect((await readdir(path.join(root, 'usr/local/lib/zincati-fleet'))).toSorted()).toEqual(
    program.toSorted(),
  );
  for (const name of await readdir(root, { recursive: true })) {
    expect((await stat(path.join(root, name))).mode & 0o022, name).toBe(0);
  }

  const [uid = 0, gid = 0] = only('USER').split(':').map(Number);
  const state = path.join(folder, 'state');
  await mkdir(state);
  await chmod(state, 0o777);
  const port = await freePort();
  const socket = path.join(state, 'admin.sock');
  const config = path.join(folder, 'lockd.toml');
  await writeFile(
    config,
    `listen = "127.0.0.1:${port}"\nadmin.socket = "${socket}"\nsqlite.file = "${path.join(state, 'locks.db')}"\n[[group]]\nname = "workers"\nslots = 1\n`,
  );
  const env = { PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin` };
  const [entry = ''] = execForm(only('ENTRYPOINT'));
  const [command = ''] = execForm(only('CMD'));
  const server = spawn(path.join(root, entry), [command, config], { uid, gid, env, cwd: '/' });
  let output = '';
  const serves = new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.includes('lockd serves')) {
        resolve();
      }
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.once('close', () => reject(new Error(`the server has ended:\n${output}`)));
  });
  const limit = setTimeout(() => server.kill('SIGKILL'), LIMIT_MS);
  const healthy = (): Promise<number> =>
    new Promise((resolve) => {
      const [program_ = '', ...words] = execForm(only('HEALTHCHECK'));
      execFile(
        path.join(root, program_),
        [...words, '--socket', socket],
        { uid, gid, env, cwd: '/' },
        (error) => resolve(error === null ? 0 : Number(error.code)),
      );
    });
  try {
    await serves;
    expect(await healthy()).toBe(0);
    server.kill('SIGTERM');
    const [code] = (await once(server, 'exit')) as [number | null];
    expect(code).toBe(0);
    expect(await healthy()).not.toBe(0);
  } finally {
    clearTimeout(limit);
    server.kill('SIGKILL');
  }
});
