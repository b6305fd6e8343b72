/**
 * Systemd's part towards the agent, as far as the sandbox needs it. It starts a process, reads its notify
 * socket and sees its exit.
 *
 * Invariant: `stop` resolves only when the process is gone, if need be after SIGKILL.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { DgramSocket } from 'node-unix-socket';
import { leashed } from './leash.ts';

/** systemd would wait 90 s; the agent promises to stop within one. */
const STOP_TIMEOUT_MS = 5000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface UnitOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where to create the notify socket. */
  readonly notifyPath: string;
  /** A line of the process's standard error. */
  readonly onLine: (line: string) => void;
  /** What the process told the service manager: READY, STATUS, WATCHDOG, STOPPING and their values. */
  readonly onNotify: (key: string, value: string) => void;
}

export class Unit {
  readonly #options: UnitOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<Exit> = Promise.resolve({ code: null, signal: null });

  constructor(options: UnitOptions) {
    this.#options = options;
  }

  /** Resolves with how the process ended. */
  get exited(): Promise<Exit> {
    return this.#exited;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const { command, args, env, notifyPath, onLine, onNotify } = this.#options;
    rmSync(notifyPath, { force: true });
    const socket = new DgramSocket();
    socket.on('data', (data: Buffer) => {
      for (const line of data.toString('utf8').split('\n')) {
        const at = line.indexOf('=');
        if (at > 0) {
          onNotify(line.slice(0, at), line.slice(at + 1));
        }
      }
    });
    socket.on('error', () => undefined);
    socket.bind(notifyPath);
    const child = spawn(...leashed(command, args), {
      env: { ...process.env, ...env, NOTIFY_SOCKET: notifyPath },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    createInterface({ input: child.stderr }).on('line', onLine);
    this.#exited = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        socket.close();
        resolve({ code, signal });
      });
    });
    // Only a caller that awaits this learns that the program cannot be run.
    this.#exited.catch(() => undefined);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async stop(): Promise<Exit> {
    const timer = setTimeout(() => this.kill('SIGKILL'), STOP_TIMEOUT_MS);
    this.kill('SIGTERM');
    try {
      return await this.#exited;
    } finally {
      clearTimeout(timer);
    }
  }
}
