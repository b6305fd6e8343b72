/**
 * The demo with several nodes. They share an update server and a lock server with fewer slots than nodes, and
 * take turns.
 *
 * Invariants:
 * - Those of the demo with one node.
 * - It fails if more nodes were down at once than there are slots.
 */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAgentConfig } from './agent-config.ts';
import type { CincinnatiServer } from './cincinnati-server.ts';
import type { InjectedFaults } from './injected-faults.ts';
import { startLockServer } from './lock-server.ts';
import { Machine } from './machine.ts';
import type { DemoOptions } from './options.ts';
import { fleetPicture } from './fleet-picture.ts';
import { type Screen, table } from './screen.ts';
import type { KeptNode } from './things-to-try.ts';
import { Timeline } from './timeline.ts';

export interface FleetSetting {
  readonly options: DemoOptions;
  readonly root: string;
  readonly screen: Screen;
  readonly server: CincinnatiServer;
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
  const lock = await startLockServer({ groups: { default: slots }, clock: Date });
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
  for (let index = 1; index <= nodes; index++) {
    const name = `node${index}`;
    const home = join(root, name);
    await mkdir(home);
    setting.prepare(home);
    await writeAgentConfig(home, { baseUrl: server.baseUrl, more: strategyConfig(windows, lock.baseUrl) });
    const nodeId = createHash('md5').update(name).digest('hex');
    const machine = new Machine({
      root: home,
      agent: setting.agent,
      agentArgs: ['-v', '--log-format', 'json'],
      nodeId,
      daemon: setting.daemon,
      events: {
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
  try {
    screen.line(
      `${nodes} nodes, ${slots} ${slots === 1 ? 'slot' : 'slots'}, ${walk.length - 1} hops each to ${walk.at(-1) ?? ''}, below ${root}`,
    );
    await Promise.all(members.map(({ machine }) => machine.start()));
    redraw = setInterval(draw, REDRAW_MS);
    await Promise.race([arrived, interrupted]);
    const last = picture();
    clearInterval(redraw);
    screen.live();
    const holders = await lock.holders('default');
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
      `down at one instant: ${mostDown} of ${nodes} at most (slots: ${slots}); slots still held: ${holders.length}`,
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
    return mostDown <= slots && holders.length === 0;
  } finally {
    clearInterval(redraw);
    interrupted.catch(() => undefined);
    await Promise.all(members.map(({ machine }) => machine.stop()));
    await lock.stop();
  }
}

/** `windows`: where they begin, in minutes of the day. Undefined: there are none. */
function strategyConfig(windows: readonly number[] | undefined, lockUrl: string): string {
  const names = windows === undefined ? '"fleet_lock"' : '["periodic", "fleet_lock"]';
  const lines = [
    `[updates]`,
    `strategy = ${names}`,
    '',
    '[updates.fleet_lock]',
    `base_url = ${JSON.stringify(lockUrl)}`,
  ];
  return `${lines.join('\n')}\n${windows === undefined ? '' : windowConfig(windows, new Date())}`;
}

/** Every second minute of the next hour, in minutes of the day in UTC: the shortest windows there are. */
function windowStarts(now: Date): readonly number[] {
  const first = now.getUTCHours() * 60 + now.getUTCMinutes() + 1;
  return Array.from({ length: 30 }, (_, index) => (first + 2 * index) % 1440);
}

function isWithin(windows: readonly number[], at: number): boolean {
  return windows.includes(Math.floor(at / 60_000) % 1440);
}

function windowConfig(windows: readonly number[], now: Date): string {
  const days = JSON.stringify([WEEKDAYS[now.getUTCDay()], WEEKDAYS[(now.getUTCDay() + 1) % 7]]);
  return windows
    .map(
      (start) =>
        `\n[[updates.periodic.window]]\ndays = ${days}\nstart_time = "${Math.floor(start / 60)}:${String(start % 60).padStart(2, '0')}"\nlength_minutes = 1\n`,
    )
    .join('');
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
