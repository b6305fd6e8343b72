/** The built lock server of one host: its file, its process, its log, and its commands. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Agent, request } from 'undici';

import { freePort } from './loopback.ts';

export const PROGRAM = path.resolve(import.meta.dirname, '../../dist/fleet/zincati-fleet.mjs');
const LIMIT_MS = 30_000;

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Answered {
  readonly status: number;
  readonly kind: string;
  readonly retryAfter: string;
}

/** How one asks. PEM. */
export interface Asking {
  readonly token?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly body?: string;
  readonly header?: string;
}

export function run(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], { timeout: LIMIT_MS }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

export function bodyOf(id: string, group = 'workers'): string {
  return JSON.stringify({ client_params: { id, group } });
}

export class LockdOnHost implements AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  readonly metricsPort: number;
  #child: ChildProcess | undefined;
  #output = '';
  #heard = (): void => undefined;

  private constructor(folder: string, port: number, metricsPort: number) {
    this.folder = folder;
    this.port = port;
    this.metricsPort = metricsPort;
  }

  /** Nothing runs yet. */
  static async create(): Promise<LockdOnHost> {
    const folder = await mkdtemp(path.join(tmpdir(), 'lockd-on-host-'));
    return new LockdOnHost(folder, await freePort(), await freePort());
  }

  at(name: string): string {
    return path.join(this.folder, name);
  }

  get output(): string {
    return this.#output;
  }

  get socket(): readonly string[] {
    return ['--socket', this.at('admin.sock')];
  }

  /** `groups`: TOML of the groups. `more`: keys before them. */
  configure(groups: string, more = ''): Promise<void> {
    return writeFile(
      this.at('lockd.toml'),
      `listen = "127.0.0.1:${this.port}"\nmetrics.listen = "127.0.0.1:${this.metricsPort}"\n` +
        `admin.socket = "${this.at('admin.sock')}"\nsqlite.file = "${this.at('locks.db')}"\n${more}\n${groups}\n`,
    );
  }

  /** A file that only its owner reads. Returns its path. */
  async secret(name: string, text: string): Promise<string> {
    await writeFile(this.at(name), text, { mode: 0o600 });
    return this.at(name);
  }

  /** Resolves when it serves. */
  async start(): Promise<void> {
    this.launch();
    await this.line('lockd serves');
  }

  launch(): void {
    const child = spawn(process.execPath, [PROGRAM, 'lockd', this.at('lockd.toml')]);
    this.#child = child;
    this.#output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
        this.#heard();
      });
    }
    child.once('close', () => this.#heard());
  }

  /** Resolves when the log has that text, `times` times. */
  async line(text: string, times = 1): Promise<void> {
    const limit = AbortSignal.timeout(LIMIT_MS);
    while (this.#output.split(text).length <= times) {
      if (limit.aborted || this.#child?.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`the log must have ${JSON.stringify(text)}, got:\n${this.#output}`);
      }
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
        limit.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** Resolves when the port of nodes takes a connection. */
  async answers(): Promise<void> {
    const limit = AbortSignal.timeout(LIMIT_MS);
    while (!(await takesConnection(this.port))) {
      limit.throwIfAborted();
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** The exit code, once it has one. */
  async ended(): Promise<number | null> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      await once(child, 'exit', { signal: AbortSignal.timeout(LIMIT_MS) });
    }
    return child?.exitCode ?? null;
  }

  async ask(api: string, id: string, asking: Asking = {}): Promise<Answered> {
    const { token, ca, cert, key, body = bodyOf(id), header = 'true' } = asking;
    const agent = new Agent({ connect: { ca, cert, key } });
    try {
      const reply = await request(
        `${ca === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}/v1/${api}`,
        {
          method: 'POST',
          dispatcher: agent,
          body,
          headers: {
            ...(header !== '' && { 'fleet-lock-protocol': header }),
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
          },
        },
      );
      const json: unknown = await reply.body.json();
      const kind = typeof json === 'object' && json !== null && 'kind' in json ? String(json.kind) : '';
      return { status: reply.statusCode, kind, retryAfter: String(reply.headers['retry-after'] ?? '') };
    } finally {
      await agent.close();
    }
  }

  async metric(name: string): Promise<string> {
    const reply = await request(`http://127.0.0.1:${this.metricsPort}/metrics`);
    const lines = (await reply.body.text()).split('\n');
    return lines.find((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `)) ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGKILL');
    await this.ended();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function takesConnection(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
