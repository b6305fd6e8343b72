/**
 * A private bus in its own directory, with GLib's service on it and a link to it. All of it ends with the
 * test file.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type PrivateBus, startPrivateBus } from '../../sandbox/private-bus.ts';
import { PythonHelper } from './python-helper.ts';

export const SERVICE = 'org.example.Service';
export const TEST_OBJECT = { path: '/test', interface: 'org.example.Test' } as const;

export class BusFixture {
  readonly directory: string;
  bus: PrivateBus;
  readonly #helpers: PythonHelper[] = [];

  private constructor(directory: string, bus: PrivateBus) {
    this.directory = directory;
    this.bus = bus;
  }

  static async start(): Promise<BusFixture> {
    const directory = await mkdtemp(join(tmpdir(), 'bus-'));
    return new BusFixture(directory, await startPrivateBus({ directory }));
  }

  get socketPath(): string {
    return join(this.directory, 'bus.sock');
  }

  async restartBus(): Promise<void> {
    await this.bus.stop();
    this.bus = await startPrivateBus({ directory: this.directory });
  }

  async service(): Promise<PythonHelper> {
    const helper = new PythonHelper('glib-dbus.py', ['service', this.bus.address, SERVICE]);
    this.#helpers.push(helper);
    await helper.line('ready');
    return helper;
  }

  async peer(): Promise<{ readonly address: string; readonly helper: PythonHelper }> {
    const path = join(this.directory, `peer${this.#helpers.length}.sock`);
    const helper = new PythonHelper('glib-dbus.py', ['peer', path]);
    this.#helpers.push(helper);
    await helper.line('ready');
    return { address: `unix:path=${path}`, helper };
  }

  /** Resolves when the bus has received the whole attack. */
  async attack(victim: string, ...attack: readonly string[]): Promise<void> {
    const helper = new PythonHelper('hostile-client.py', [this.socketPath, victim, ...attack]);
    this.#helpers.push(helper);
    await helper.line('done');
  }

  async stop(): Promise<void> {
    await Promise.all(this.#helpers.map((helper) => helper.kill()));
    await this.bus.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
