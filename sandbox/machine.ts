/**
 * A simulated computer below a root directory: identity files, a private bus with the stand-in for
 * rpm-ostree, and the agent in its own process. A reboot ends all of them and boots what was finalized.
 *
 * Invariants:
 * - The agent is the built program. Only its root prefix differs from an agent on a host.
 * - The agent is restarted after a crash, as by its unit.
 * - A release that hangs runs nothing. After a power cycle the firmware boots the release before it.
 * - After `stop` no process, socket or file of the machine is left.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startPrivateBus, type PrivateBus } from './private-bus.ts';
import { Unit, type Exit } from './service-manager.ts';
import { bootedDeployment, bootNext, bootRollback, standInService, type DaemonOptions } from './stand-in.ts';

/** Time until a restart after a failure, as in the unit, but shorter. */
const RESTART_DELAY_MS = 200;
/** An agent that fails this often without a boot in between will not recover. */
const MOST_RESTARTS = 20;

export interface MachineEvents {
  /** The machine goes down for a reboot. */
  onDown?(): void;
  /** It does not come up with `version`. */
  onHang?(version: string): void;
  /** The machine has booted `version`; `boot` counts from 1. */
  onBoot(version: string, boot: number): void;
  /** The agent told the service manager something. */
  onNotify(key: string, value: string): void;
  /** A line of the agent's log. */
  onLog(line: string): void;
  /** The agent ended by itself and is being restarted. */
  onCrash(exit: Exit): void;
  /** The machine cannot continue. */
  onFailure(error: Error): void;
}

export interface MachineOptions {
  /** Must exist, and be short enough for socket paths. */
  readonly root: string;
  /** Program and arguments that run the agent, without the agent's own options. */
  readonly agent: readonly string[];
  readonly agentArgs: readonly string[];
  readonly nodeId: string;
  readonly daemon: DaemonOptions;
  /** The release with which it does not come up. */
  readonly hangs?: string | undefined;
  readonly events: MachineEvents;
}

export class Machine {
  readonly #options: MachineOptions;
  readonly #unit: Unit;
  #bus: PrivateBus | undefined;
  #power: Server | undefined;
  #boots = 0;
  #restarts = 0;
  #stopping = false;
  #isHanging = false;
  #rebooting: Promise<void> = Promise.resolve();

  constructor(options: MachineOptions) {
    this.#options = options;
    const { root, agent, agentArgs, events } = options;
    const [command = '', ...args] = agent;
    this.#unit = new Unit({
      command,
      args: [...args, 'agent', '--root', root, ...agentArgs],
      env: {},
      notifyPath: join(root, 'run/notify'),
      onLine: (line) => events.onLog(line),
      onNotify: (key, value) => events.onNotify(key, value),
    });
  }

  get busSocket(): string {
    return join(this.#options.root, 'run/dbus/system_bus_socket');
  }

  get metricsSocket(): string {
    return join(this.#options.root, 'run/zincati/public/metrics.promsock');
  }

  get agentPid(): number | undefined {
    return this.#unit.pid;
  }

  async start(): Promise<void> {
    const { root, nodeId } = this.#options;
    for (const folder of [
      'etc/zincati/config.d',
      'proc',
      'run/dbus',
      'run/zincati/public',
      'run/zincati/config.d',
      'proc/sys/kernel/random',
    ]) {
      await mkdir(join(root, folder), { recursive: true });
    }
    await writeFile(join(root, 'etc/machine-id'), `${nodeId}\n`);
    await writeFile(join(root, 'proc/cmdline'), 'BOOT_IMAGE=/vmlinuz ignition.platform.id=qemu quiet\n');
    this.#power = await this.#listenForReboots();
    await this.#boot();
  }

  /** Ends the agent's process with a signal, as a fault or an operator would. */
  killAgent(signal: NodeJS.Signals): void {
    this.#unit.kill(signal);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#rebooting;
    await this.#shutDown();
    const power = this.#power;
    if (power !== undefined) {
      await new Promise<void>((resolve) => power.close(() => resolve()));
    }
  }

  /** The daemon writes "reboot" to this socket where the real one would call systemd. */
  async #listenForReboots(): Promise<Server> {
    const path = join(this.#options.root, 'run/machine.sock');
    await rm(path, { force: true });
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => {
        socket.end();
        this.reboot();
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    return server;
  }

  reboot(): void {
    this.#after(() => this.#reboot());
  }

  /** After what is under way. */
  #after(work: () => Promise<void>): void {
    this.#rebooting = this.#rebooting.then(work).catch((error: unknown) => {
      this.#options.events.onFailure(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** Somebody switches a machine that hangs off and on. Any other one is left alone. */
  powerCycle(): void {
    if (this.#isHanging) {
      this.#isHanging = false;
      bootRollback(this.#options.root);
      this.#after(() => this.#bootUnlessStopping());
    }
  }

  async #reboot(): Promise<void> {
    if (this.#stopping) {
      return;
    }
    const { root, hangs, events } = this.#options;
    events.onDown?.();
    await this.#shutDown();
    const { version } = bootNext(root);
    if (version === hangs) {
      this.#isHanging = true;
      events.onHang?.(version);
    } else {
      await this.#bootUnlessStopping();
    }
  }

  async #bootUnlessStopping(): Promise<void> {
    if (!this.#isStopping()) {
      await this.#boot();
    }
  }

  async #boot(): Promise<void> {
    const { root, daemon, events } = this.#options;
    const directory = join(root, 'run/dbus');
    this.#bus = await startPrivateBus({ directory, services: [standInService(root, daemon)] });
    await writeFile(join(root, 'proc/sys/kernel/random/boot_id'), `${randomUUID()}\n`);
    await writeFile(join(root, 'proc/uptime'), '60.00 60.00\n');
    // The path at which the agent looks for the system bus below its root.
    await rm(this.busSocket, { force: true });
    await symlink('bus.sock', this.busSocket);
    this.#boots++;
    this.#restarts = 0;
    events.onBoot(bootedDeployment(root).version, this.#boots);
    this.#startAgent();
  }

  #startAgent(): void {
    this.#unit.start();
    const boot = this.#boots;
    this.#unit.exited.then(
      (exit) => {
        if (!this.#isStopping() && boot === this.#boots && !this.#goingDown) {
          this.#restartAgent(exit);
        }
      },
      (error: unknown) =>
        this.#options.events.onFailure(new Error('cannot start the agent', { cause: error })),
    );
  }

  #restartAgent(exit: Exit): void {
    const { events } = this.#options;
    events.onCrash(exit);
    this.#restarts++;
    if (this.#restarts > MOST_RESTARTS) {
      events.onFailure(new Error(`the agent ended ${MOST_RESTARTS} times since the last boot`));
      return;
    }
    const boot = this.#boots;
    setTimeout(() => {
      if (!this.#isStopping() && boot === this.#boots && !this.#goingDown) {
        this.#startAgent();
      }
    }, RESTART_DELAY_MS);
  }

  #goingDown = false;

  async #shutDown(): Promise<void> {
    this.#goingDown = true;
    try {
      if (this.#unit.pid !== undefined) {
        await this.#unit.stop();
      }
      await this.#bus?.stop();
      this.#bus = undefined;
    } finally {
      this.#goingDown = false;
    }
  }

  #isStopping(): boolean {
    return this.#stopping;
  }
}
