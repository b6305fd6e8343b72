/**
 * A simulated host on which the built agent has nothing to do. The host runs the newest release of a real history, and
 * its update server answers 304 from the second request on.
 *
 * Invariants:
 * - The agent is dist/zincati.cjs in a process of its own, in the environment of its unit, with the launcher's options.
 * - It talks to a real dbus-daemon and to the stand-in for rpm-ostree's daemon.
 * - After disposal nothing is left of the host.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { arch } from 'node:process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { writeAgentConfig } from '../sandbox/agent-config.ts';
import { startCincinnatiServer, type CincinnatiServer } from '../sandbox/cincinnati-server.ts';
import { startPrivateBus, type PrivateBus } from '../sandbox/private-bus.ts';
import { carriedHistory } from '../sandbox/releases.ts';
import { Unit } from '../sandbox/service-manager.ts';
import { nodeOptions } from '../scripts/node-options.mjs';
import { unitEnvironment } from './unit-environment.ts';
import { prepareHost, standInRelease, standInService } from '../sandbox/stand-in.ts';

const PROGRAM = join(import.meta.dirname, '../dist/zincati.cjs');
/** rpm-ostree's daemon exits so soon when nobody needs it that it is gone before ticks are counted. */
const DAEMON_IDLE_SECS = 2;
/** Runs what follows the name of a cgroup's file, inside of it. */
const ENTER = ['/bin/sh', '-c', 'echo 0 >"$0" && exec "$@"'];
const WAIT_LIMIT_MS = 120_000;

export class BenchHost implements AsyncDisposable {
  readonly root: string;
  readonly #bus: PrivateBus;
  readonly #server: CincinnatiServer;
  readonly #polls: Polls;

  private constructor(root: string, bus: PrivateBus, server: CincinnatiServer, polls: Polls) {
    this.root = root;
    this.#bus = bus;
    this.#server = server;
    this.#polls = polls;
  }

  /** `isBehind`: it runs the release before the newest. */
  static async prepare(isBehind = false): Promise<BenchHost> {
    const root = await mkdtemp('/tmp/zincati-bench-');
    const history = await carriedHistory('stable');
    const newest = history.entries.at(-1);
    if (newest === undefined) {
      throw new Error('the history must have a release, got none');
    }
    const [older = newest] = history.entries.slice(-2);
    const releases = [older, newest].map(({ version, digest }, index) =>
      standInRelease(index, { version, checksum: digest }),
    );
    prepareHost(root, { releases, booted: (isBehind ? older : newest).version });
    const files = {
      'etc/machine-id': `${randomUUID().replaceAll('-', '')}\n`,
      'proc/cmdline': 'BOOT_IMAGE=/vmlinuz ignition.platform.id=qemu quiet\n',
      'proc/uptime': '60.00 60.00\n',
      'proc/sys/kernel/random/boot_id': `${randomUUID()}\n`,
    };
    for (const folder of ['etc', 'proc/sys/kernel/random', 'run/dbus', 'run/zincati/public']) {
      await mkdir(join(root, folder), { recursive: true });
    }
    for (const [path, text] of Object.entries(files)) {
      await writeFile(join(root, path), text);
    }
    const polls = new Polls();
    const server = await startCincinnatiServer({
      history,
      stream: 'stable',
      basearch: arch === 'arm64' ? 'aarch64' : 'x86_64',
      clock: Date,
      proxied: true,
      onRequest: ({ status }) => polls.happened(status),
    });
    await writeAgentConfig(root, { baseUrl: server.baseUrl });
    const directory = join(root, 'run/dbus');
    const bus = await startPrivateBus({
      directory,
      services: [standInService(root, { idleSecs: DAEMON_IDLE_SECS })],
    });
    await symlink('bus.sock', join(root, 'run/dbus/system_bus_socket'));
    return new BenchHost(root, bus, server, polls);
  }

  get busAddress(): string {
    return this.#bus.address;
  }

  /**
   * Resolves at READY. `without` names variables of the unit's environment to leave out; `flags` are for Node. `other`: the
   * folder of another project that was built; `procs`: the file of a cgroup, in which all of its life is spent.
   */
  async startAgent(
    env: Readonly<Record<string, string>> = {},
    without: readonly string[] = [],
    flags: readonly string[] = [],
    other?: string,
    procs?: string,
  ): Promise<BenchAgent> {
    const ofUnit = Object.entries(unitEnvironment(other)).filter(([name]) => !without.includes(name));
    const ready = Promise.withResolvers<number>();
    const judged = Promise.withResolvers<undefined>();
    const lines: string[] = [];
    const options = other === undefined ? await nodeOptions() : [];
    const node = [process.execPath, ...options, ...flags];
    const [command = '', ...args] = [...(procs === undefined ? [] : [...ENTER, procs]), ...node];
    const unit = new Unit({
      command,
      args: [...args, other === undefined ? PROGRAM : programIn(other), 'agent', '-v', '--root', this.root],
      env: { ...Object.fromEntries(ofUnit), ...env },
      notifyPath: join(this.root, 'run/notify'),
      onLine: (line) => lines.push(line),
      onNotify: (key, value) => {
        if (key === 'READY') {
          ready.resolve(performance.now());
        }
        if (key === 'STATUS' && value.includes('last checked')) {
          judged.resolve(undefined);
        }
      },
    });
    const startMs = performance.now();
    unit.start();
    const ended = unit.exited.then(({ code }) => {
      throw new Error(
        `the agent ended with code ${String(code)} before READY:\n${lines.slice(-20).join('\n')}`,
      );
    });
    ended.catch(() => undefined);
    const soon = <T>(what: string, happens: Promise<T>): Promise<T> =>
      within(WAIT_LIMIT_MS, () => `the agent must ${what}, got\n${lines.slice(-20).join('\n')}`, [
        happens,
        ended,
      ]);
    const readyMs = await soon('be READY', ready.promise);
    if (unit.pid === undefined) {
      throw new Error('a running agent must have a process id');
    }
    return {
      pid: unit.pid,
      startMs: readyMs - startMs,
      judged: () => soon('say that it has judged a graph', judged.promise),
      stop: async () => {
        await unit.stop();
      },
    };
  }

  /** Resolves when `count` more polls have been answered with 304. */
  idlePolls(count: number): Promise<void> {
    return this.#polls.more(count);
  }

  /** One scrape over HTTP, read to its end. Whoever is slow to ask gets bare text, and asks again. */
  async scrape(): Promise<void> {
    for (;;) {
      const socket = connect(join(this.root, 'run/zincati/public/metrics.promsock'));
      socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
      const answer = await text(socket).catch(() => '');
      if (answer.startsWith('HTTP/1.1 200 ')) {
        return;
      }
    }
  }

  /**
   * Resolves when the stand-in for rpm-ostree's daemon goes down for a reboot. Listens from now on. Rejects when that does
   * not happen.
   */
  async reboot(): Promise<void> {
    const asked = Promise.withResolvers<undefined>();
    const machine = createServer((socket) => socket.on('data', () => asked.resolve(undefined)));
    machine.listen(join(this.root, 'run/machine.sock'));
    try {
      await within(WAIT_LIMIT_MS, () => 'the agent must reboot into the update, got no reboot', [
        asked.promise,
      ]);
    } finally {
      machine.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    await this.#bus.stop();
    await rm(this.root, { recursive: true, force: true });
  }
}

/** The first of the promises, or an error with `complaint` after `ms`. */
async function within<T>(ms: number, complaint: () => string, promises: readonly Promise<T>[]): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(complaint())), ms);
  try {
    return await Promise.race([...promises, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Other builds have a module. */
function programIn(project: string): string {
  const [script, module] = ['cjs', 'mjs'].map((kind) => join(project, `dist/zincati.${kind}`));
  return script !== undefined && existsSync(script) ? script : (module ?? '');
}

export interface BenchAgent {
  readonly pid: number;
  /** Milliseconds from its start to READY. */
  readonly startMs: number;
  /** Resolves when the first answer of the update server was judged. Rejects with the last lines of an agent that does not. */
  readonly judged: () => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

/** Counts the update server's answers with status 304. */
class Polls {
  readonly #target = new EventTarget();

  happened(status: number): void {
    if (status === 304) {
      this.#target.dispatchEvent(new Event('poll'));
    }
  }

  async more(count: number): Promise<void> {
    const signal = AbortSignal.timeout(WAIT_LIMIT_MS);
    for (let left = count; left > 0; left--) {
      await once(this.#target, 'poll', { signal });
    }
  }
}
