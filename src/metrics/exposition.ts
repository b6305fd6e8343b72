/**
 * Metrics as text in Prometheus's format. The only file that imports prom-client, and only when somebody first asks: a
 * node that nobody scrapes does not pay for it.
 */
import type { Registry } from 'prom-client';
import { METRICS, METRIC_NAMES, type MetricDefinition } from './definitions.ts';
import type { Metrics } from './metrics.ts';

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export class Exposition {
  readonly #metrics: Metrics;
  #registry: Promise<Registry> | undefined;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  async text(): Promise<string> {
    this.#registry ??= buildRegistry(this.#metrics);
    return (await this.#registry).metrics();
  }
}

async function buildRegistry(metrics: Metrics): Promise<Registry> {
  const { Counter, Gauge, Registry } = await import('prom-client');
  const registry = new Registry();
  for (const name of METRIC_NAMES) {
    const { help, type, labels = [] }: MetricDefinition = METRICS[name];
    const common = { name, help, labelNames: [...labels], registers: [registry] };
    if (type === 'gauge') {
      new Gauge({
        ...common,
        collect() {
          this.reset();
          // A gauge without labels stands at 0 after a reset; one that was never set must not be there at all.
          this.remove();
          for (const { labels: given, value } of metrics.samples(name)) this.set(given, value);
        },
      });
    } else {
      new Counter({
        ...common,
        collect() {
          this.reset();
          for (const { labels: given, value } of metrics.samples(name)) this.inc(given, value);
        },
      });
    }
  }
  return registry;
}
