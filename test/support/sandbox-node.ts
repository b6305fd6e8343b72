/**
 * A node in the sandbox whose agent has staged the newest release, and waits for a window two days ahead: what the
 * documentation shows. The agent and the program are the built ones.
 */
import { mkdtemp, rm } from 'node:fs/promises';

import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { startCincinnatiServer } from '../../sandbox/cincinnati-server.ts';
import { Machine } from '../../sandbox/machine.ts';
import { carriedHistory } from '../../sandbox/releases.ts';
import { prepareHost, standInRelease } from '../../sandbox/stand-in.ts';
import { unixAddress } from '../../src/dbus/address.ts';
import { DAY_MS, HOUR_MS } from '../../src/text/units.ts';
import { PROGRAM } from './agent-process.ts';
import { type Outcome, zincati } from './operator.ts';
import type { WalkTimes } from './walk-page.ts';

const START = '43.20260413.3.2';
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

export interface SandboxNodeOptions {
  /** Of a release. Left out: it is staged in a moment. */
  readonly bytes?: number;
  readonly bytesPerSecond?: number;
  /** Of the agent's log: the node is as the test wants it. Left out: it has staged the newest release, and waits. */
  readonly ready?: RegExp;
}

export class SandboxNode implements AsyncDisposable {
  readonly times: WalkTimes;
  readonly #log: Log;
  readonly #root: string;
  readonly #machine: Machine;
  readonly #end: () => Promise<void>;

  private constructor(times: WalkTimes, log: Log, root: string, machine: Machine, end: () => Promise<void>) {
    this.times = times;
    this.#log = log;
    this.#root = root;
    this.#machine = machine;
    this.#end = end;
  }

  /** On whatever day the test runs: its window opens at 02:00 UTC, two days from now. */
  static async start({
    bytes = 1e6,
    bytesPerSecond = 200e6,
    ready = /reboot held by the update strategy: outside of maintenance windows/,
  }: SandboxNodeOptions = {}): Promise<SandboxNode> {
    const startedAt = Date.now();
    const opensAt = Math.floor(startedAt / DAY_MS) * DAY_MS + 2 * DAY_MS + 2 * HOUR_MS;
    const log = new Log();
    const history = await carriedHistory('stable');
    const root = await mkdtemp('/tmp/node-');
    prepareHost(root, {
      releases: history.entries
        .slice(-12)
        .map(({ digest, version }, index) => standInRelease(index, { checksum: digest, version, bytes })),
      booted: START,
    });
    const server = await startCincinnatiServer({
      history,
      stream: 'stable',
      basearch: 'x86_64',
      clock: Date,
    });
    const more = [
      'agent.timing.steady_interval_secs = 300',
      'agent.timing.retry_interval_secs = 300',
      'updates.strategy = "periodic"',
      '[[updates.periodic.window]]',
      `days = ["${WEEKDAYS[new Date(opensAt).getUTCDay()] ?? ''}"]`,
      'start_time = "02:00"',
      'length_minutes = 120',
      '',
    ].join('\n');
    await writeAgentConfig(root, { baseUrl: server.baseUrl, more });
    const machine = new Machine({
      root,
      agent: [process.execPath, PROGRAM],
      agentArgs: ['-v', '--log-format', 'text'],
      nodeId: '0123456789abcdef0123456789abcdef',
      daemon: { bytesPerSecond, rebootMs: 300 },
      events: {
        onBoot: () => undefined,
        onNotify: () => undefined,
        onLog: (line) => log.add(line),
        onCrash: () => undefined,
        onFailure: (error) => {
          throw error;
        },
      },
    });
    const node = new SandboxNode({ startedAt, opensAt }, log, root, machine, async () => {
      await machine.stop();
      await server.stop();
      await rm(root, { recursive: true, force: true });
    });
    try {
      await machine.start();
      await log.says(ready, 0);
      return node;
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Lines that the agent has logged so far, for `says`. */
  get said(): number {
    return this.#log.lines.length;
  }

  /** Resolves when a line of its log matches, `from` lines after the start. */
  async says(pattern: RegExp, from: number): Promise<void> {
    await this.#log.says(pattern, from);
  }

  /** Ends the agent, which is started again when it did not end by itself. */
  kill(signal: NodeJS.Signals): void {
    this.#machine.killAgent(signal);
  }

  /** What an operator in UTC sees. `args`: the words after `zincati`. */
  zincati(...args: string[]): Promise<Outcome> {
    const at = {
      busAddress: unixAddress(this.#machine.busSocket),
      root: this.#root,
      env: { TZ: 'UTC' },
    };
    return zincati(at, ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }
}

/** The log of an agent, as lines that can be awaited. */
class Log {
  readonly lines: string[] = [];
  readonly #waiting = new Set<() => void>();

  add(line: string): void {
    this.lines.push(line);
    for (const wake of this.#waiting) {
      wake();
    }
    this.#waiting.clear();
  }

  async says(pattern: RegExp, from: number): Promise<void> {
    while (!this.lines.slice(from).some((line) => pattern.test(line))) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }
}

/** Of a command line, without `sudo zincati` and quotes. */
export function wordsOf(line: string): string[] {
  return [...line.replace(/^(?:sudo )?zincati /, '').matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, bare]) => quoted ?? bare ?? '',
  );
}
