/**
 * A host's system bus as systemd runs it: a real dbus-daemon or dbus-broker, and stand-ins for systemd and logind that
 * the bus starts. `[Symbol.asyncDispose]` ends everything.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SystemBus } from '../../src/dbus/system-bus.ts';
import type { LogindState } from './fake-logind.ts';
import { PythonHelper } from './python-helper.ts';

export const BUS_DAEMONS = ['dbus-daemon', 'dbus-broker'] as const;
export type BusDaemon = (typeof BUS_DAEMONS)[number];

export interface FakeUnit {
  readonly loadState?: 'loaded' | 'masked' | 'not-found' | 'bad-setting';
  readonly activeState?: string;
  /** `fails`: the start fails. `logind`: the stand-in of logind starts. Otherwise a command line. */
  readonly start?: string;
  /** From here on: of a service. */
  readonly subState?: string;
  readonly result?: string;
  readonly execMainStatus?: number;
  readonly statusText?: string;
  readonly fileState?: string;
}

export interface SystemdState {
  readonly systemState: string;
  readonly units: Readonly<Record<string, FakeUnit>>;
  /** What each question for a property is answered with. */
  readonly answers?: { readonly error: string };
}

export interface HostBusOptions {
  readonly daemon: BusDaemon;
  readonly systemd: SystemdState | 'none';
  readonly logind?: LogindState;
  /** Names that the bus can have started, and their units. */
  readonly activatable: Readonly<Record<string, string>>;
}

export const LOGIND_UNIT = 'dbus-org.freedesktop.login1.service';
export const WITH_LOGIND = { 'org.freedesktop.login1': LOGIND_UNIT } as const;

export class HostBus implements AsyncDisposable {
  readonly root: string;
  readonly address: string;
  readonly bus: SystemBus;
  readonly #helpers: PythonHelper[] = [];

  private constructor(root: string) {
    this.root = root;
    this.address = `unix:path=${join(root, 'bus.sock')}`;
    this.bus = new SystemBus({ address: this.address });
  }

  static async start({ daemon, systemd, logind = {}, activatable }: HostBusOptions): Promise<HostBus> {
    const host = new HostBus(mkdtempSync(join(tmpdir(), 'host-bus-')));
    mkdirSync(join(host.root, 'services'));
    for (const [name, unit] of Object.entries(activatable)) {
      const lines = [
        '[D-BUS Service]',
        `Name=${name}`,
        'Exec=/bin/false',
        'User=root',
        `SystemdService=${unit}`,
      ];
      writeFileSync(join(host.root, 'services', `${name}.service`), `${lines.join('\n')}\n`);
    }
    host.setLogind(logind);
    try {
      await host.#run('bus-daemon.py', daemon, host.root);
      if (systemd !== 'none') {
        host.setSystemd(systemd);
        await host.#run('systemd.py', host.address, join(host.root, 'systemd.json'));
      }
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
    return host;
  }

  setSystemd(state: SystemdState): void {
    const program = `exec /usr/bin/python3 '${join(import.meta.dirname, 'logind.py')}' '${join(this.root, 'logind.json')}'`;
    const units = Object.entries(state.units).map(([name, unit]) => [
      name,
      unit.start === 'logind' ? { ...unit, start: program } : unit,
    ]);
    const text = JSON.stringify({ ...state, units: Object.fromEntries(units) as unknown });
    writeFileSync(join(this.root, 'systemd.json'), text);
  }

  setLogind(state: LogindState): void {
    writeFileSync(join(this.root, 'logind.json'), JSON.stringify(state));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bus.close();
    await Promise.all(this.#helpers.map((helper) => helper.kill()));
    rmSync(this.root, { recursive: true, force: true });
  }

  async #run(program: 'bus-daemon.py' | 'systemd.py', ...args: readonly string[]): Promise<void> {
    const helper = new PythonHelper(program, args);
    this.#helpers.push(helper);
    await helper.line('ready');
  }
}
