/** What lockd counts and measures; docs/fleet/lockd.md has the same table. The only file of lockd that knows prom-client. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { SECOND_MS } from '../../src/text/units.ts';
import type { LockService } from './lock-service.ts';

export class LockdMetrics {
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: 'zincati_lockd_requests_total',
    help: 'Answered requests of nodes. kind is empty where the answer was yes.',
    labelNames: ['api', 'group', 'kind'],
    registers: [this.#registry],
  });
  readonly #seconds = new Histogram({
    name: 'zincati_lockd_request_duration_seconds',
    help: 'How long requests of nodes took.',
    labelNames: ['api'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [this.#registry],
  });
  readonly #storeErrors = new Counter({
    name: 'zincati_lockd_store_errors_total',
    help: 'Requests and looks that the store failed.',
    registers: [this.#registry],
  });
  readonly #perGroup = {
    slots: this.#gauge('zincati_lockd_slots', 'Slots of the group, as in the store.'),
    held: this.#gauge('zincati_lockd_slots_held', 'Slots that are lent.'),
    overdue: this.#gauge(
      'zincati_lockd_slots_over_max_hold',
      'Slots that are lent for longer than max_hold_secs.',
    ),
    oldest: this.#gauge(
      'zincati_lockd_oldest_hold_seconds',
      'How long the oldest slot is lent; 0 if none is.',
    ),
    paused: this.#gauge('zincati_lockd_paused', '1 if the group is paused, by a person or by itself.'),
    pausedItself: this.#gauge(
      'zincati_lockd_paused_itself',
      '1 if the group has paused itself: a node did not come back.',
    ),
    waiting: this.#gauge('zincati_lockd_waiting', 'Nodes that wait for a slot, as this server knows.'),
    closed: this.#gauge('zincati_lockd_closed', '1 while the group is outside of its windows, or frozen.'),
  };

  #gauge(name: string, help: string): Gauge<'group'> {
    return new Gauge({ name, help, labelNames: ['group'], registers: [this.#registry] });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** `group`: empty where it is none of the configuration, so that nobody can make labels. */
  answered(api: string, group: string, kind: string, ms: number): void {
    this.#requests.inc({ api, group, kind });
    this.#seconds.observe({ api }, ms / SECOND_MS);
  }

  storeFailed(): void {
    this.#storeErrors.inc();
  }

  render(service: LockService, now: number): Promise<string> {
    for (const gauge of Object.values(this.#perGroup)) {
      gauge.reset();
    }
    for (const group of service.names) {
      const view = service.lastView(group);
      if (view === undefined) {
        continue;
      }
      const { slots, held, overdue, oldest, paused, pausedItself, waiting, closed } = this.#perGroup;
      slots.set({ group }, view.storedSlots ?? view.slots);
      held.set({ group }, view.holders.length);
      overdue.set({ group }, view.holders.filter(({ isTooLong }) => isTooLong).length);
      const first = Math.min(now, ...view.holders.map(({ sinceAt }) => sinceAt));
      oldest.set({ group }, (now - first) / SECOND_MS);
      paused.set({ group }, view.pause === undefined ? 0 : 1);
      pausedItself.set({ group }, view.pause?.lost === undefined ? 0 : 1);
      waiting.set({ group }, view.waiting);
      closed.set({ group }, view.closed === undefined ? 0 : 1);
    }
    return this.#registry.metrics();
  }
}
