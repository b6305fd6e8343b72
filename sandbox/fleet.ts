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
import { type Screen, table } from './screen.ts';

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
}

interface Member {
  readonly name: string;
  /** How many faults the sandbox has put into it. */
  readonly injected: () => number;
  readonly machine: Machine;
  version: string;
  isDown: boolean;
  downSince: number;
  downMs: number;
  reboots: number;
  arrivedMs: number | undefined;
}

/** After a power cut, too, all nodes of a fleet ask the server for the first time in the same second. */
export async function runFleet(
  setting: FleetSetting,
): Promise<{ readonly ok: boolean; readonly summary: readonly string[] }> {
  const { options, root, screen, server, walk, signal } = setting;
  const { nodes, slots } = options;
  const lock = await startLockServer({ groups: { default: slots }, clock: Date });
  const startMs = performance.now();
  const members: Member[] = [];
  let mostDown = 0;
  const { promise: arrived, resolve, reject } = Promise.withResolvers<undefined>();
  const draw = (): void => {
    const down = members.filter((member) => member.isDown).length;
    mostDown = Math.max(mostDown, down);
    screen.live(
      members.map(({ name, version, isDown }) => `${name} ${isDown ? '(down)' : version}`).join('  '),
    );
  };
  for (let index = 1; index <= nodes; index++) {
    const name = `node${index}`;
    const home = join(root, name);
    await mkdir(home);
    setting.prepare(home);
    await writeAgentConfig(home, { baseUrl: server.baseUrl, more: strategyConfig(options, lock.baseUrl) });
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
          draw();
        },
        onBoot: (version, boot) => {
          member.version = version;
          if (boot > 1) {
            member.isDown = false;
            member.downMs += performance.now() - member.downSince;
            member.reboots++;
            screen.line(`${name}  booted ${version}`);
          }
          draw();
        },
        onNotify: (key, value) => {
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
      injected: () => setting.faults.of(nodeId, home),
      machine,
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
    await Promise.race([arrived, interrupted]);
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
    return {
      ok: mostDown <= slots && holders.length === 0,
      summary: [
        '',
        ...table(['node', 'booted', 'reboots', 'down', 'arrived', 'faults'], rows),
        '',
        `down at one instant: ${mostDown} of ${nodes} at most (slots: ${slots}); slots still held: ${holders.length}`,
      ],
    };
  } finally {
    interrupted.catch(() => undefined);
    await Promise.all(members.map(({ machine }) => machine.stop()));
    await lock.stop();
  }
}

function strategyConfig({ windows }: DemoOptions, lockUrl: string): string {
  const names = windows ? '["periodic", "fleet_lock"]' : '"fleet_lock"';
  const lines = [
    `[updates]`,
    `strategy = ${names}`,
    '',
    '[updates.fleet_lock]',
    `base_url = ${JSON.stringify(lockUrl)}`,
  ];
  return `${lines.join('\n')}\n${windows ? windowConfig() : ''}`;
}

/** Every second minute of the next hour: the shortest windows there are. */
export function windowConfig(now = new Date()): string {
  const days = JSON.stringify([WEEKDAYS[now.getUTCDay()], WEEKDAYS[(now.getUTCDay() + 1) % 7]]);
  const first = now.getUTCHours() * 60 + now.getUTCMinutes() + 1;
  const windows = Array.from({ length: 30 }, (_, index) => (first + 2 * index) % 1440);
  return windows
    .map(
      (start) =>
        `\n[[updates.periodic.window]]\ndays = ${days}\nstart_time = "${Math.floor(start / 60)}:${String(start % 60).padStart(2, '0')}"\nlength_minutes = 1\n`,
    )
    .join('');
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
