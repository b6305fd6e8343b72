/**
 * A sandbox fleet for Prometheus: real agents, each in a state of its own. Two are seen over TCP as agents serve it, and
 * others by the ways that monitoring/ has for the Unix socket.
 *
 * Invariant: disposing of it ends every process and removes every folder.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { startCincinnatiServer, type CincinnatiServer } from '../../sandbox/cincinnati-server.ts';
import { leashed } from '../../sandbox/leash.ts';
import { startLockServer, type LockServer } from '../../sandbox/lock-server.ts';
import { Machine } from '../../sandbox/machine.ts';
import { carriedHistory } from '../../sandbox/releases.ts';
import { prepareHost, setFaults, standInRelease, type Fault } from '../../sandbox/stand-in.ts';
import { DAY_MS, HOUR_MS } from '../../src/text/units.ts';
import { PROGRAM } from './agent-process.ts';
import { PROGRAM_LIMIT_MS } from './limits.ts';
import { freePort } from './loopback.ts';
import { MONITORING } from './monitoring-files.ts';
import { parseUnitFile } from './unit-file.ts';

/** One hop before the newest release. */
export const BEFORE = '43.20260413.3.2';
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** What each node is there to show. `updated` goes the whole way; the others stay where they are. */
export const NODES = ['updated', 'waiting', 'failing', 'loading', 'draining'] as const;
export type NodeName = (typeof NODES)[number];

export class MonitoredFleet implements AsyncDisposable {
  readonly #closing = new AsyncDisposableStack();
  readonly #roots = new Map<NodeName, string>();
  readonly #machines = new Map<NodeName, Machine>();
  readonly #addresses = new Map<string, string>();
  #textfile = '';

  static async start(): Promise<MonitoredFleet> {
    const fleet = new MonitoredFleet();
    try {
      await fleet.#start();
      return fleet;
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where Prometheus finds a node, or `node-exporter`. */
  address(name: NodeName | 'node-exporter' | 'missing'): string {
    return this.#addresses.get(name) ?? '';
  }

  /** What zincati-textfile.service has written. */
  get textfile(): string {
    return this.#textfile;
  }

  /** What failed on demand works from now on. */
  mend(name: NodeName): void {
    setFaults(this.#roots.get(name) ?? '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closing.disposeAsync();
  }

  async #start(): Promise<void> {
    const history = await carriedHistory('stable');
    const releases = history.entries
      .slice(-12)
      .map(({ digest, version }, index) => standInRelease(index, { checksum: digest, version, bytes: 1e6 }));
    const server = await startCincinnatiServer({
      ...{ history, stream: 'stable', basearch: 'x86_64', clock: Date },
    });
    this.#closing.defer(() => server.stop());
    const locks = await startLockServer({ groups: { default: 1 }, clock: Date });
    this.#closing.defer(() => locks.stop());
    const drains = await startLockServer({
      ...{ groups: { default: 1 }, clock: Date, flavour: 'heathcliff26', drainMs: HOUR_MS },
    });
    this.#closing.defer(() => drains.stop());
    for (const name of NODES) {
      await this.#startNode(name, releases, server, name === 'draining' ? drains : locks);
    }
    this.#addresses.set('missing', `127.0.0.1:${await freePort()}`);
    await this.#proxy('waiting');
    await this.#nodeExporter('loading');
  }

  async #startNode(
    name: NodeName,
    releases: ReturnType<typeof standInRelease>[],
    server: CincinnatiServer,
    locks: LockServer,
  ): Promise<void> {
    const root = await mkdtemp(join('/tmp', 'fleet-'));
    this.#closing.defer(() => rm(root, { recursive: true, force: true }));
    this.#roots.set(name, root);
    prepareHost(root, { releases, booted: BEFORE });
    setFaults(root, ...faultsOf(name));
    const port = await freePort();
    this.#addresses.set(name, `127.0.0.1:${port}`);
    const listen = name === 'waiting' ? '' : `[metrics]\nlisten = "127.0.0.1:${port}"\n`;
    await writeAgentConfig(root, {
      baseUrl: server.baseUrl,
      more: `${listen}${strategyOf(name, locks.baseUrl)}`,
    });
    const { promise: ready, resolve, reject } = Promise.withResolvers<undefined>();
    const machine = new Machine({
      root,
      agent: [process.execPath, PROGRAM],
      agentArgs: [],
      nodeId: createHash('md5').update(name).digest('hex'),
      daemon: { bytesPerSecond: 200e6, rebootMs: 100 },
      events: {
        onBoot: () => undefined,
        onNotify: (key) => {
          if (key === 'READY') {
            resolve(undefined);
          }
        },
        onLog: () => undefined,
        onCrash: () => undefined,
        onFailure: reject,
      },
    });
    this.#closing.defer(() => machine.stop());
    this.#machines.set(name, machine);
    await machine.start();
    await ready;
  }

  /** The agent's socket over TCP, as by zincati-metrics.socket: systemd's own programs do it. */
  async #proxy(name: NodeName): Promise<void> {
    const socket = this.#machines.get(name)?.metricsSocket ?? '';
    const command = await execStart('zincati-metrics.service');
    const words = command.replace('/run/zincati/public/metrics.promsock', socket).split(' ');
    const listen = ['-l', this.address(name), '--', ...words];
    await this.#run('systemd-socket-activate', listen);
  }

  /** The metrics of one node in a text file, as by zincati-textfile.service, and node_exporter to read them. */
  async #nodeExporter(name: NodeName): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'textfile-'));
    this.#closing.defer(() => rm(folder, { recursive: true, force: true }));
    const socket = this.#machines.get(name)?.metricsSocket ?? '';
    const line = await execStart('zincati-textfile.service');
    const [, script = ''] = /^\/bin\/sh -ec '(.*)'$/.exec(line) ?? [];
    const { status, stderr } = spawnSync(
      '/bin/sh',
      ['-ec', script.replace('/run/zincati/public/metrics.promsock', socket)],
      { cwd: folder, encoding: 'utf8', timeout: PROGRAM_LIMIT_MS },
    );
    if (status !== 0) {
      throw new Error(`the text file must be written: ${stderr}`);
    }
    this.#textfile = await readFile(join(folder, 'zincati.prom'), 'utf8');
    const address = `127.0.0.1:${await freePort()}`;
    this.#addresses.set('node-exporter', address);
    await this.#run('prometheus-node-exporter', [
      '--collector.disable-defaults',
      '--collector.textfile',
      `--collector.textfile.directory=${folder}`,
      `--web.listen-address=${address}`,
    ]);
  }

  async #run(program: string, args: readonly string[]): Promise<void> {
    const [command, words] = leashed(program, args);
    const child = spawn(command, words, { stdio: 'ignore' });
    await once(child, 'spawn');
    this.#closing.defer(async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }
    });
  }
}

/** The command line of a unit of monitoring/systemd. */
async function execStart(unit: string): Promise<string> {
  const file = parseUnitFile(await readFile(join(MONITORING, 'systemd', unit), 'utf8'));
  return file.get('Service')?.get('ExecStart')?.[0] ?? '';
}

function faultsOf(name: NodeName): readonly Fault[] {
  switch (name) {
    case 'failing':
      return [{ kind: 'deploy-fails', remaining: 1000, text: 'no space left on device' }];
    case 'loading':
      return [{ kind: 'stall', remaining: 1000 }];
    case 'updated':
    case 'waiting':
    case 'draining':
      return [];
  }
}

function strategyOf(name: NodeName, lockUrl: string): string {
  switch (name) {
    case 'updated':
    case 'draining':
      return `[updates]\nstrategy = "fleet_lock"\n[updates.fleet_lock]\nbase_url = "${lockUrl}"\n`;
    case 'waiting': {
      const opensAt = Math.floor(Date.now() / DAY_MS) * DAY_MS + 2 * DAY_MS;
      const day = WEEKDAYS[new Date(opensAt).getUTCDay()] ?? '';
      return `[updates]\nstrategy = "periodic"\n[[updates.periodic.window]]\ndays = ["${day}"]\nstart_time = "02:00"\nlength_minutes = 120\n`;
    }
    case 'failing':
    case 'loading':
      return '[updates]\nstrategy = "immediate"\n';
  }
}
