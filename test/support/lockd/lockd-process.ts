/** The built lock server as a process of its own, on loopback, in front of a store. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../loopback.ts';

const PROGRAM = path.resolve(import.meta.dirname, '../../../dist/fleet/zincati-fleet.mjs');
const READY_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 20;
const MOST_OUTPUT = 4000;

export interface LockdProcessOptions {
  readonly endpoints: readonly string[];
  /** Slots of each group. */
  readonly groups: Readonly<Record<string, number>>;
  /** More keys of each group, TOML. */
  readonly keys?: string;
}

export class LockdProcess implements AsyncDisposable {
  readonly url: string;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #output = '';

  private constructor(url: string, folder: string) {
    this.url = url;
    this.#folder = folder;
  }

  /** Resolves when it is ready. */
  static async start({ endpoints, groups, keys = '' }: LockdProcessOptions): Promise<LockdProcess> {
    const port = await freePort();
    const folder = await mkdtemp(path.join(tmpdir(), 'lockd-'));
    const lockd = new LockdProcess(`http://127.0.0.1:${port}`, folder);
    const text = [
      `listen = "127.0.0.1:${port}"`,
      'log_level = "warn"',
      // The crowd asks without end, whatever it is told.
      'retry_after_secs = 1',
      `admin.socket = "${lockd.socket}"`,
      `etcd.endpoints = ${JSON.stringify(endpoints)}`,
      ...Object.entries(groups).map(
        ([name, slots]) => `[[group]]\nname = "${name}"\nslots = ${slots}\n${keys}`,
      ),
    ];
    try {
      await writeFile(lockd.#config, `${text.join('\n')}\n`);
      await lockd.revive();
    } catch (error) {
      await lockd[Symbol.asyncDispose]();
      throw error;
    }
    return lockd;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Of administrators. */
  get socket(): string {
    return path.join(this.#folder, 'admin.sock');
  }

  get #config(): string {
    return path.join(this.#folder, 'lockd.toml');
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }

  /** Starts it, again at the same address. */
  async revive(): Promise<void> {
    const child = spawn(process.execPath, [PROGRAM, 'lockd', this.#config], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-MOST_OUTPUT);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const deadlineMono = performance.now() + READY_LIMIT_MS;
    while (!(await isReady(this.url))) {
      if (child.exitCode !== null || performance.now() > deadlineMono) {
        throw new Error(`lockd is not ready:\n${this.#output}`);
      }
      await pause(LOOK_EVERY_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(READY_LIMIT_MS) })).ok;
  } catch {
    return false;
  }
}
