/** Runs one of the Python programs next to this file, and waits for the lines it prints. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The distribution's Python, which has GLib's bindings. */
const PYTHON = '/usr/bin/python3';

export class PythonHelper {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<unknown>;
  #complaint = '';

  constructor(
    program: 'bus-daemon.py' | 'glib-dbus.py' | 'hostile-client.py' | 'systemd.py',
    args: readonly string[],
  ) {
    const child = spawn(PYTHON, [join(import.meta.dirname, program), ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stderr.on('data', (chunk: Buffer) => (this.#complaint += chunk.toString()));
    this.#process = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#exited = once(child, 'exit');
  }

  /** Waits for the next line, which must be this one. */
  async line(expected: string): Promise<void> {
    const next = await this.#lines.next();
    const got = next.done === true ? 'its end' : next.value;
    if (next.done === true || got !== expected) {
      throw new Error(`helper must print "${expected}", got ${got}: ${this.#complaint}`);
    }
  }

  /** Ends the process at once, like a crash. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }
}
