/**
 * A host's bus with a real polkit, and callers who are any user. Needs root: polkit has no option for the place of its
 * actions, so it runs in a mount namespace of its own. `[Symbol.asyncDispose]` ends everything.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { nameHasOwner } from '../../src/dbus/calls.ts';
import { HostBus } from './host-bus.ts';

const run = promisify(execFile);
const POLKIT = 'org.freedesktop.PolicyKit1';
const START_POLKIT =
  'mount --bind "$0" /usr/share/polkit-1/actions && exec /usr/lib/polkit-1/polkitd --no-debug';
/** Known to nobody. */
export const NO_ACTIONS = '<?xml version="1.0"?><policyconfig/>';

export class PolkitHost implements AsyncDisposable {
  readonly bus: HostBus;
  readonly #children: ChildProcess[] = [];

  private constructor(bus: HostBus) {
    this.bus = bus;
  }

  /** `actions`: a file of actions. Left out: there is no polkit. */
  static async start(actions?: string): Promise<PolkitHost> {
    const bus = await HostBus.start({ daemon: 'dbus-daemon', systemd: 'none', activatable: {} });
    const host = new PolkitHost(bus);
    chmodSync(bus.root, 0o755);
    chmodSync(join(bus.root, 'bus.sock'), 0o666);
    try {
      if (actions !== undefined) {
        await host.startPolkit(actions);
      }
      return host;
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
  }

  async startPolkit(actions: string): Promise<void> {
    mkdirSync(join(this.bus.root, 'actions'), { mode: 0o755 });
    this.writeActions(actions);
    const link = await this.bus.bus.link(new AbortController().signal);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    link.onSignal({ interface: 'org.freedesktop.DBus', member: 'NameOwnerChanged' }, ({ body }) => {
      if (body[0] === POLKIT && body[2] !== '') {
        resolve(undefined);
      }
    });
    await link.addMatch(`type='signal',member='NameOwnerChanged',arg0='${POLKIT}'`);
    this.spawn('unshare', ['--mount', 'sh', '-c', START_POLKIT, join(this.bus.root, 'actions')], {
      stdio: 'ignore',
      env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: this.bus.address },
    });
    await promise;
    if (!(await nameHasOwner(link, POLKIT))) {
      throw new Error('polkit has left the bus');
    }
  }

  /** As a package would be installed while polkit runs. */
  writeActions(actions: string): void {
    const folder = join(this.bus.root, 'actions');
    const file = join(folder, 'new');
    writeFileSync(file, actions, { mode: 0o644 });
    renameSync(file, join(folder, 'org.coreos.zincati.policy'));
  }

  /** Ends with the host. */
  spawn(...args: Parameters<typeof spawn>): ChildProcess {
    const child = spawn(...args);
    this.#children.push(child);
    return child;
  }

  /** Calls `method` of `destination` as the user `uid`, with gdbus. Rejects with what it prints. */
  async call(
    uid: number,
    destination: string,
    path: string,
    method: string,
    ...args: readonly string[]
  ): Promise<string> {
    const where = ['--address', this.bus.address, '--dest', destination, '--object-path', path];
    const { stdout } = await run('gdbus', ['call', ...where, '--method', method, ...args], { uid, gid: uid });
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await this.bus[Symbol.asyncDispose]();
  }
}
