/**
 * The demo with several nodes. They share an update server and a lock server with fewer slots than nodes, and
 * take turns.
 *
 * Invariants:
 * - Those of the demo with one node.
 * - It fails if more nodes were down at once than there are slots.
 * - With --etc its servers are elsewhere: it starts none, and asks none who holds a slot.
 */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { writeAgentConfig } from './agent-config.ts';
import { writeAskNode } from './ask-node.ts';
import type { CincinnatiServer } from './cincinnati-server.ts';
import type { InjectedFaults } from './injected-faults.ts';
import { startLockServer } from './lock-server.ts';
import { Machine } from './machine.ts';
import type { DemoOptions } from './options.ts';
import { isWithin, strategyConfig, windowStarts } from './fleet-windows.ts';
import { fleetPicture } from './fleet-picture.ts';
import { type Screen, table } from './screen.ts';
import type { KeptNode } from './things-to-try.ts';
import { Timeline } from './timeline.ts';

export interface FleetSetting {
  readonly options: DemoOptions;
  readonly root: string;
  readonly screen: Screen;
  /** Undefined: --etc names one. */
  readonly server: CincinnatiServer | undefined;
  /** Versions from the first to the newest. */
  readonly walk: readonly string[];
  readonly agent: readonly string[];
  readonly daemon: { readonly bytesPerSecond: number; readonly rebootMs: number };
  /** Creates the host of one node. */
  readonly prepare: (root: string) => void;
  readonly faults: InjectedFaults;
  readonly signal: AbortSignal;
  /** With --keep: resolves when the fleet shall end. */
  readonly keep: (nodes: readonly KeptNode[]) => Promise<void>;
}

const REDRAW_MS = 500;

interface Member {
  readonly name: string;
  readonly root: string;
  /** How many faults the sandbox has put into it. */
  readonly injected: () => number;
  readonly machine: Machine;
  readonly timeline: Timeline;
  version: string;
  isDown: boolean;
  downSince: number;
  downMs: number;
  reboots: number;
  arrivedMs: number | undefined;
}

/** Resolves with whether it kept within its slots. After a power cut, too, all nodes of a fleet ask the server for the first time in the same second. */
export async function runFleet(setting: FleetSetting): Promise<boolean> {
  const { options, root, screen, server, walk, signal } = setting;
  const { nodes, slots } = options;
  const lock =
    options.etc === undefined
      ? await startLockServer({ groups: { default: slots }, clock: Date })
      : undefined;
  const startMs = performance.now();
  const windows = options.windows ? windowStarts(new Date()) : undefined;
  const isOpen =
    windows === undefined
      ? {}
      : { isOpen: (atMs: number) => isWithin(windows, performance.timeOrigin + atMs) };
  const picture = (): string[] =>
    fleetPicture({ rows: members, startMs, nowMs: performance.now(), width: screen.width, ...isOpen });
  const members: Member[] = [];
  let mostDown = 0;
  let redraw: NodeJS.Timeout | undefined;
  const { promise: arrived, resolve, reject } = Promise.withResolvers<undefined>();
  const draw = (): void => {
    const down = members.filter((member) => member.isDown).length;
    mostDown = Math.max(mostDown, down);
    if (screen.isTerminal) {
      screen.live(...picture());
    }
  };
  await writeAskNode(root, setting.agent);
  for (let index = 1; index <= nodes; index++) {
    const name = `node${index}`;
    const home = join(root, name);
    await mkdir(home);
    setting.prepare(home);
    await writeAgentConfig(home, {
      ...(server !== undefined && { baseUrl: server.baseUrl }),
      ...(options.etc !== undefined && { etc: options.etc }),
      ...(lock !== undefined && { more: strategyConfig(windows, lock.baseUrl, new Date()) }),
    });
    const nodeId = createHash('md5').update(name).digest('hex');
    const machine = new Machine({
      root: home,
      agent: setting.agent,
      agentArgs: ['-v', '--log-format', 'json'],
      nodeId,
      daemon: setting.daemon,
      hangs: options.hangs,
      events: {
        onHang: (version) => screen.line(`${name}  does not come up with ${version}; Enter power-cycles it`),
        onDown: () => {
          member.isDown = true;
          member.downSince = performance.now();
          member.timeline.become('down', member.downSince);
          draw();
        },
        onBoot: (version, boot) => {
          member.version = version;
          if (boot > 1) {
            member.isDown = false;
            member.timeline.become('up', performance.now());
            member.downMs += performance.now() - member.downSince;
            member.reboots++;
            if (!screen.isTerminal) {
              screen.line(`${name}  booted ${version}`);
            }
          }
          draw();
        },
        onNotify: (key, value) => {
          if (key === 'STATUS' && !member.isDown) {
            member.timeline.become(value.includes('update staged') ? 'staged' : 'up', performance.now());
          }
          if (key !== 'STATUS' || member.version !== walk.at(-1) || !value.includes('(last checked')) {
            return;
          }
          member.arrivedMs ??= performance.now();
          if (members.every((each) => each.arrivedMs !== undefined)) {
            resolve(undefined);
          }
        },
        onLog: () => undefined,
        onCrash: ({ code }) => screen.line(`${name}  the agent ended with exit code ${String(code)}`),
        onFailure: reject,
      },
    });
    const member: Member = {
      name,
      root: home,
      injected: () => setting.faults.of(nodeId, home),
      machine,
      timeline: new Timeline(startMs),
      version: '',
      isDown: false,
      downSince: 0,
      downMs: 0,
      reboots: 0,
      arrivedMs: undefined,
    };
    members.push(member);
  }
  const interrupted = new Promise<never>((_, refuse) => {
    signal.addEventListener('abort', () => refuse(signal.reason as Error), { once: true });
  });
  const way =
    server === undefined
      ? `from ${walk[0] ?? ''} to ${walk.at(-1) ?? ''}`
      : `${walk.length - 1} ${walk.length === 2 ? 'hop' : 'hops'} each to ${walk.at(-1) ?? ''}`;
  const enter = options.hangs === undefined ? undefined : createInterface({ input: process.stdin });
  enter?.on('line', () => members.forEach(({ machine }) => machine.powerCycle()));
  try {
    screen.line(`${nodes} nodes, ${slots} ${slots === 1 ? 'slot' : 'slots'}, ${way}, below ${root}`);
    await Promise.all(members.map(({ machine }) => machine.start()));
    redraw = setInterval(draw, REDRAW_MS);
    await Promise.race([arrived, interrupted]);
    const last = picture();
    clearInterval(redraw);
    screen.live();
    const holders = await lock?.holders('default');
    const secs = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
    const rows = members.map(({ name, injected, version, reboots, downMs, arrivedMs }) => [
      name,
      version,
      String(reboots),
      secs(downMs),
      secs((arrivedMs ?? 0) - startMs),
      String(injected()),
    ]);
    const summary = [
      '',
      ...last,
      '',
      ...table(['node', 'booted', 'reboots', 'down', 'arrived', 'faults'], rows),
      '',
      `down at one instant: ${mostDown} of ${nodes} at most (slots: ${slots})${holders === undefined ? '' : `; slots still held: ${holders.length}`}`,
    ];
    for (const line of summary) {
      screen.line(line);
    }
    if (options.keep) {
      await setting.keep(
        members.map(({ name, root: home, machine }) => ({
          name,
          root: home,
          busSocket: machine.busSocket,
          metricsSocket: machine.metricsSocket,
        })),
      );
    }
    return mostDown <= slots && (holders ?? []).length === 0;
  } finally {
    clearInterval(redraw);
    interrupted.catch(() => undefined);
    enter?.close();
    await Promise.all(members.map(({ machine }) => machine.stop()));
    await lock?.stop();
  }
}
