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
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { arch } from 'node:process';
import { join } from 'node:path';
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

  static async prepare(): Promise<BenchHost> {
    const root = await mkdtemp('/tmp/zincati-bench-');
    const history = await carriedHistory('stable');
    const newest = history.entries.at(-1);
    if (newest === undefined) {
      throw new Error('the history must have a release, got none');
    }
    const release = standInRelease(1, { version: newest.version, checksum: newest.digest });
    prepareHost(root, { releases: [release], booted: release.version });
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

  /** Resolves at READY. `without` names variables of the unit's environment to leave out; `flags` are for Node. */
  async startAgent(
    env: Readonly<Record<string, string>> = {},
    without: readonly string[] = [],
    flags: readonly string[] = [],
  ): Promise<BenchAgent> {
    const ofUnit = Object.entries(unitEnvironment()).filter(([name]) => !without.includes(name));
    const ready = Promise.withResolvers<number>();
    const lines: string[] = [];
    const unit = new Unit({
      command: process.execPath,
      args: [...(await nodeOptions()), ...flags, PROGRAM, 'agent', '-v', '--root', this.root],
      env: { ...Object.fromEntries(ofUnit), ...env },
      notifyPath: join(this.root, 'run/notify'),
      onLine: (line) => lines.push(line),
      onNotify: (key) => {
        if (key === 'READY') {
          ready.resolve(performance.now());
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
    const readyMs = await Promise.race([ready.promise, ended]);
    ended.catch(() => undefined);
    if (unit.pid === undefined) {
      throw new Error('a running agent must have a process id');
    }
    return {
      pid: unit.pid,
      startMs: readyMs - startMs,
      stop: async () => {
        await unit.stop();
      },
    };
  }

  /** Resolves when `count` more polls have been answered with 304. */
  idlePolls(count: number): Promise<void> {
    return this.#polls.more(count);
  }

  /** One scrape over HTTP, read to its end. */
  async scrape(): Promise<number> {
    const asked = request({
      socketPath: join(this.root, 'run/zincati/public/metrics.promsock'),
      path: '/metrics',
    });
    asked.end();
    const response = Promise.withResolvers<number>();
    asked.once('error', response.reject);
    asked.once('response', (answer) => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => (bytes += chunk.length));
      answer.once('end', () => response.resolve(bytes));
    });
    return await response.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    await this.#bus.stop();
    await rm(this.root, { recursive: true, force: true });
  }
}

export interface BenchAgent {
  readonly pid: number;
  /** Milliseconds from its start to READY. */
  readonly startMs: number;
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
