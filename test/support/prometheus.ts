/**
 * A real Prometheus on loopback, with its data in a folder of its own. It scrapes and evaluates every second.
 *
 * Invariant: disposing of it ends the process and removes the folder.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { leashed } from '../../sandbox/leash.ts';
import { PROGRAM_LIMIT_MS } from './limits.ts';
import { freePort } from './loopback.ts';

const LOOK_EVERY_MS = 200;
const MOST_OUTPUT = 4000;

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
}

export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: string;
}

export class Prometheus implements AsyncDisposable {
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #url: string;
  #output = '';

  private constructor(folder: string, child: ChildProcess, url: string) {
    this.#folder = folder;
    this.#child = child;
    this.#url = url;
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-MOST_OUTPUT);
    });
  }

  /** `config`: as in its file; intervals are set here. Resolves when it answers queries. */
  static async start(config: Readonly<Record<string, unknown>>): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
    const file = join(folder, 'prometheus.json');
    const global = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };
    // JSON is valid YAML.
    await writeFile(file, JSON.stringify({ ...config, global }));
    const port = await freePort();
    const args = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ];
    const [program, words] = leashed('prometheus', args);
    const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    const prometheus = new Prometheus(folder, child, `http://127.0.0.1:${port}`);
    try {
      await prometheus.until('it is ready', async () => (await fetch(`${prometheus.#url}/-/ready`)).ok);
      return prometheus;
    } catch (error) {
      await prometheus[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The series of an instant query. A scalar is one without labels. Rejects with Prometheus's own words. */
  async query(expression: string): Promise<readonly Series[]> {
    const data = await this.#get(`query?query=${encodeURIComponent(expression)}`);
    if (data['resultType'] === 'scalar') {
      return [{ metric: {} }];
    }
    // The shape is that of Prometheus's stable HTTP API.
    return data['result'] as readonly Series[];
  }

  async alerts(): Promise<readonly FiringAlert[]> {
    return (await this.#get('alerts'))['alerts'] as readonly FiringAlert[];
  }

  /** What went wrong at the last evaluation of rules; "" for one without a fault. */
  async ruleFaults(): Promise<readonly string[]> {
    const groups = (await this.#get('rules'))['groups'] as readonly {
      readonly rules: readonly { readonly lastError?: string }[];
    }[];
    return groups.flatMap(({ rules }) => rules.map(({ lastError = '' }) => lastError));
  }

  /** Resolves when `holds` does; it is asked several times a second. Rejects with `what` after a generous while. */
  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + PROGRAM_LIMIT_MS;
    let last: unknown;
    while (performance.now() < deadline) {
      if (this.#child.exitCode !== null) {
        break;
      }
      try {
        if (await holds()) {
          return;
        }
        last = undefined;
      } catch (error) {
        last = error;
      }
      await pause(LOOK_EVERY_MS);
    }
    throw new Error(`it must come about that ${what}\n${this.#output}`, { cause: last });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await exited;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #get(place: string): Promise<Record<string, unknown>> {
    const reply = await fetch(`${this.#url}/api/v1/${place}`);
    const { status, error, data } = (await reply.json()) as {
      readonly status: string;
      readonly error?: string;
      readonly data: Record<string, unknown>;
    };
    if (status !== 'success') {
      throw new Error(`${place}: ${error ?? status}`);
    }
    return data;
  }
}
