/**
 * The demo's view of a walk. It hears from the machine and the agent, and draws the hop under way. Each hop that is done
 * becomes a row of a table.
 *
 * Invariant: `arrived` resolves once the last planned release is booted and the agent polls again. On a
 * dead-end it resolves once the agent has said so.
 */
import { bar, bytes, Table, type Screen } from './screen.ts';

interface Hop {
  readonly from: string;
  readonly to: string;
  readonly startMs: number;
  stagedMs: number | undefined;
  bootedMs: number | undefined;
  /** Put in between the end of the hop before and the end of this one. */
  faults: number;
}

interface Progress {
  readonly percent?: number;
  readonly bytes?: number;
  readonly rate?: number;
}

interface LogLine {
  readonly level?: string;
  readonly msg?: string;
  readonly fields?: Progress;
}

const MOST_LINES = 20;

export class Journey {
  readonly #walk: readonly string[];
  readonly #screen: Screen;
  readonly #deadend: string | undefined;
  readonly #injected: () => number;
  readonly #hops: Hop[] = [];
  readonly #lines: string[] = [];
  readonly #startMs = performance.now();
  readonly arrived: Promise<void>;
  #arrive: () => void = () => undefined;
  #booted = '';
  #state = '';
  #progress: Progress = {};

  /** `injected`: how many faults the sandbox has put in so far. */
  constructor({
    walk,
    screen,
    deadend,
    injected,
  }: {
    readonly walk: readonly string[];
    readonly screen: Screen;
    readonly deadend: string | undefined;
    readonly injected: () => number;
  }) {
    this.#walk = walk;
    this.#screen = screen;
    this.#deadend = deadend;
    this.#injected = injected;
    this.arrived = new Promise((resolve) => {
      this.#arrive = resolve;
    });
  }

  /** The machine has booted `version`. */
  booted(version: string): void {
    const hop = this.#hops.at(-1);
    if (hop !== undefined && hop.bootedMs === undefined && hop.to === version) {
      hop.bootedMs = performance.now();
      hop.faults = this.#injected() - this.#hops.reduce((sum, { faults }) => sum + faults, 0);
      this.#printRow(hop);
    } else if (hop !== undefined && this.#booted !== '') {
      this.#screen.line(`booted ${version}, not ${hop.to}`);
    }
    this.#booted = version;
    this.#progress = {};
    this.#draw();
  }

  /** The agent told the service manager something. */
  notified(key: string, value: string): void {
    if (key !== 'STATUS') {
      return;
    }
    this.#state = value;
    this.#draw();
    const isLast = this.#booted === this.#walk.at(-1);
    // The agent polls and got an answer: nothing more is offered.
    if (isLast && value.includes('(last checked') && this.#deadend === undefined) {
      this.#arrive();
    }
  }

  /** A line of the agent's log, JSON. */
  logged(line: string): void {
    let entry: LogLine;
    try {
      entry = JSON.parse(line) as LogLine;
    } catch {
      this.#keep(line);
      return;
    }
    const message = entry.msg ?? '';
    if (entry.fields?.percent !== undefined || entry.fields?.bytes !== undefined) {
      this.#progress = entry.fields;
      this.#draw();
      return;
    }
    if (entry.level === 'debug' || entry.level === 'trace') {
      return;
    }
    this.#keep(`${entry.level ?? ''} ${message}`);
    if (entry.level === 'error' || entry.level === 'warn') {
      this.failed(message);
    }
    const target = /^target release '(.*)' selected/.exec(message)?.[1];
    if (target !== undefined) {
      this.#begin(target);
    }
    const hop = this.#hops.at(-1);
    if (message.startsWith('update staged: ') && hop !== undefined) {
      hop.stagedMs = performance.now();
    }
    if (message.startsWith('current release detected as dead-end') && this.#deadend !== undefined) {
      this.#arrive();
    }
  }

  failed(text: string): void {
    this.#screen.line(`  ${text}`);
  }

  summary(): string[] {
    if (this.#deadend !== undefined) {
      return [`${this.#booted} is a dead-end: ${this.#deadend}`, 'no update was taken'];
    }
    const total = ((performance.now() - this.#startMs) / 1000).toFixed(1);
    return ['', `${this.#hops.length} hops in ${total} s; booted: ${this.#booted}`];
  }

  lastLines(): readonly string[] {
    return this.#lines;
  }

  /** The head of the table comes with its first row. */
  #printRow({ from, to, startMs, stagedMs, bootedMs, faults }: Hop): void {
    const secs = (sinceMs: number, untilMs: number | undefined): string =>
      untilMs === undefined ? '' : `${((untilMs - sinceMs) / 1000).toFixed(1)} s`;
    const longest = this.#walk.reduce((one, other) => (other.length > one.length ? other : one), from);
    const shown = new Table(
      ['hop', 'from', 'to', 'staged', 'reboot', 'total', 'faults'],
      [['', longest, longest, '0.0 s', '0.0 s', '0.0 s', '']],
    );
    if (this.#hops.length === 1) {
      for (const line of shown.head()) {
        this.#screen.line(line);
      }
    }
    this.#screen.line(
      shown.row([
        String(this.#hops.length),
        from,
        to,
        secs(startMs, stagedMs),
        stagedMs === undefined ? '' : secs(stagedMs, bootedMs),
        secs(startMs, bootedMs),
        String(faults),
      ]),
    );
  }

  #begin(to: string): void {
    const hop = this.#hops.at(-1);
    if (hop?.bootedMs === undefined && hop?.to === to) {
      return;
    }
    this.#hops.push({
      from: this.#booted,
      to,
      startMs: performance.now(),
      stagedMs: undefined,
      bootedMs: undefined,
      faults: 0,
    });
  }

  #keep(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > MOST_LINES) {
      this.#lines.shift();
    }
  }

  #draw(): void {
    const hop = this.#hops.at(-1);
    const under = hop !== undefined && hop.bootedMs === undefined;
    const where = under
      ? `hop ${this.#hops.length}/${this.#walk.length - 1}  ${hop.from} -> ${hop.to}`
      : this.#booted;
    const { percent, bytes: fetched, rate } = this.#progress;
    const amount = [
      fetched === undefined ? '' : bytes(fetched),
      rate === undefined ? '' : `${bytes(rate)}/s`,
    ].filter((part) => part !== '');
    const progress =
      under && hop.stagedMs === undefined && percent !== undefined
        ? `  ${bar(percent)} ${amount.join(', ')}`
        : `  ${this.#state}`;
    this.#screen.live(`${where}${progress}`);
  }
}
