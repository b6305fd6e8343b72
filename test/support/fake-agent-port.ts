/** An agent for tests of its interface: it says what it is told, and does what it is asked. */
import { HEALTHY } from '../../src/agent/health.ts';
import type { Override } from '../../src/agent/overrides.ts';
import type { Asker, Outcome, Wish } from '../../src/agent/requests.ts';
import type {
  AgentPort,
  CalendarSpan,
  HistoryEntry,
  HistoryQuery,
  ShownSetting,
  Snapshot,
} from '../../src/service/agent-port.ts';
import type { Explanation } from '../../src/why/explanation.ts';

export const SNAPSHOT: Snapshot = {
  version: '1.0.0',
  state: 'NoNewUpdate',
  statusText: 'periodically polling for updates',
  health: HEALTHY,
  node: { id: undefined, group: undefined, platform: undefined, stream: undefined },
  booted: undefined,
  bootedSinceAt: undefined,
  staged: undefined,
  stagedSinceAt: undefined,
  target: undefined,
  hop: undefined,
  progress: undefined,
  checks: { lastAttemptAt: 1_700_000_000_000, lastSuccessAt: undefined, nextAt: undefined },
  blocked: [],
  reboot: { lower: { kind: 'open' }, upper: { kind: 'open' }, assumptions: [], asOfAt: undefined },
  holds: [],
  denied: [],
  configuration: { current: true, reason: '', sinceAt: undefined },
};

const EXPLANATION: Explanation = {
  asOfAt: 1_700_000_000_000,
  release: '43.1',
  stage: 'staged',
  lower: { kind: 'at', at: 1_700_000_100_000 },
  upper: { kind: 'open' },
  assumptions: [],
  gates: [],
};

export const DONE: Outcome = { kind: 'done', text: 'done', changed: true };

interface Asked {
  readonly by: Asker;
  readonly wish: Wish;
  readonly end: (outcome: Outcome) => void;
}

export class FakeAgent implements AgentPort {
  now: Snapshot = SNAPSHOT;
  explanation: Explanation = EXPLANATION;
  settings: readonly ShownSetting[] = [{ key: 'updates.enabled', value: 'true', file: '', masked: [] }];
  entries: readonly HistoryEntry[] = [
    { at: 1_700_000_000_000, kind: 'booted', text: '43.1 booted', fields: { downtime: 12 } },
  ];
  reloading: () => Promise<void> = async () => undefined;
  /** Every request, in order. Those for which this gives an outcome have ended at once. */
  outcomeOf: (wish: Wish) => Outcome | undefined = () => DONE;
  readonly asked: Asked[] = [];
  readonly surveys: (readonly Override[])[] = [];
  readonly queries: (HistoryQuery | number)[] = [];
  readonly #changed = new Set<() => void>();
  readonly #happened = new Set<(entry: HistoryEntry) => void>();

  get listeners(): number {
    return this.#changed.size + this.#happened.size;
  }

  change(change: Partial<Snapshot>): void {
    this.now = { ...this.now, ...change };
    this.#changed.forEach((listener) => listener());
  }

  happen(entry: HistoryEntry): void {
    this.#happened.forEach((listener) => listener(entry));
  }

  snapshot(): Snapshot {
    return this.now;
  }

  onChange(listener: () => void): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }

  onHappened(listener: (entry: HistoryEntry) => void): () => void {
    this.#happened.add(listener);
    return () => this.#happened.delete(listener);
  }

  request(by: Asker, wish: Wish) {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.asked.push({ by, wish, end: resolve });
    const outcome = this.outcomeOf(wish);
    if (outcome !== undefined) {
      resolve(outcome);
    }
    return { request: { id: `0123abcd-${this.asked.length}`, by, wish }, ended: promise };
  }

  async explain(overrides: readonly Override[]): Promise<Explanation> {
    this.surveys.push(overrides);
    return this.explanation;
  }

  async history(query: HistoryQuery): Promise<readonly HistoryEntry[]> {
    this.queries.push(query);
    return this.entries;
  }

  async calendar(days: number): Promise<readonly CalendarSpan[]> {
    this.queries.push(days);
    return [{ kind: 'window', startAt: 1_700_000_000_000, text: 'Sat 02:00' }];
  }

  configuration(): readonly ShownSetting[] {
    return this.settings;
  }

  reload(): Promise<void> {
    return this.reloading();
  }
}
