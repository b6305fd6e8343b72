/**
 * The built agent in its own process, with a root and a bus of the test. Tests await its log line by line.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { METRICS_SOCKET } from '../../src/metrics/server.ts';

export const PROGRAM = join(import.meta.dirname, '../../dist/zincati.cjs');

/** The unit's TimeoutStopSec. */
const STOP_LIMIT_MS = 15_000;

export interface AgentProcessOptions {
  readonly root: string;
  /** Address of the system bus. */
  readonly busAddress: string;
  readonly env?: Readonly<Record<string, string>>;
}

export class AgentProcess implements AsyncDisposable {
  /** `info update staged: 2.0`: level and message of each line. */
  readonly said: string[] = [];
  readonly #root: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<readonly [number | null, NodeJS.Signals | null]>;
  readonly #waiting = new Set<() => void>();
  #isOver = false;

  constructor({ root, busAddress, env }: AgentProcessOptions) {
    this.#root = root;
    this.#child = spawn(process.execPath, [PROGRAM, 'agent', '-vv', '--log-format', 'json', '--root', root], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: busAddress, ...env },
    });
    const lines = createInterface({ input: this.#child.stderr! });
    lines.on('line', (line) => this.#hear(line));
    this.#exited = Promise.all([
      once(this.#child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>,
      once(lines, 'close'),
    ]).then(([exit]) => {
      this.#isOver = true;
      this.#wake();
      return exit;
    });
  }

  /** Whether it has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /**
   * Resolves with the index of the first matching line from `from` on. Rejects if the agent ends without one.
   */
  async says(pattern: RegExp, from = 0): Promise<number> {
    for (;;) {
      const at = this.said.findIndex((line, index) => index >= from && pattern.test(line));
      if (at >= 0) {
        return at;
      }
      if (this.#isOver) {
        throw new Error(`it must say ${pattern}, got its end:\n${this.said.join('\n')}`);
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Code and signal. */
  async exit(): Promise<readonly [number | null, NodeJS.Signals | null]> {
    return this.#exited;
  }

  /** Code and signal. An agent that does not end by itself is killed, as the service manager would. */
  async stop(): Promise<readonly [number | null, NodeJS.Signals | null]> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
    this.#child.kill('SIGTERM');
    try {
      return await this.#exited;
    } finally {
      clearTimeout(timer);
    }
  }

  async metrics(): Promise<string> {
    const socket = connect(join(this.#root, METRICS_SOCKET));
    socket.end();
    let text = '';
    for await (const chunk of socket) {
      text += String(chunk);
    }
    return text;
  }

  /** Peak memory so far, in bytes. */
  async peakMemory(): Promise<number> {
    const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${this.pid}/status`, 'utf8')) ?? [];
    return Number(kib) * 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  #hear(line: string): void {
    // What Node itself prints in an emergency is not JSON.
    let text = `stderr ${line}`;
    try {
      const { level, msg } = JSON.parse(line) as { level: string; msg: string };
      text = `${level} ${msg}`;
    } catch {
      // Kept as it is.
    }
    this.said.push(text);
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) {
      wake();
    }
    this.#waiting.clear();
  }
}
