/**
 * The present values of all metrics, as plain numbers; src/metrics/exposition.ts makes text of them when somebody asks.
 *
 * Invariants: recording never throws and costs next to nothing; the number of label sets of a metric is bounded whatever
 * a remote side sends.
 */
import { METRICS, METRIC_NAMES, type MetricDefinition, type MetricName } from './definitions.ts';

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

const MOST_LABEL_SETS = 256;
const LONGEST_LABEL = 200;

export class Metrics {
  readonly #samples = new Map<MetricName, Map<string, Sample>>();

  constructor() {
    for (const name of METRIC_NAMES) {
      const definition: MetricDefinition = METRICS[name];
      if (definition.type === 'counter' && (definition.labels ?? []).length === 0)
        this.increment(name, {}, 0);
      for (const labels of definition.preset ?? []) this.increment(name, labels, 0);
    }
  }

  set(name: MetricName, value: number, labels: Labels = {}): void {
    this.#put(name, labels, () => value);
  }

  increment(name: MetricName, labels: Labels = {}, by = 1): void {
    this.#put(name, labels, (before) => before + by);
  }

  /** Makes `labels` the only label set: for a gauge that is 1 for what holds now. */
  setOnly(name: MetricName, value: number, labels: Labels): void {
    this.#samples.delete(name);
    this.set(name, value, labels);
  }

  remove(name: MetricName): void {
    this.#samples.delete(name);
  }

  samples(name: MetricName): readonly Sample[] {
    return [...(this.#samples.get(name)?.values() ?? [])];
  }

  #put(name: MetricName, labels: Labels, change: (before: number) => number): void {
    const definition: MetricDefinition = METRICS[name];
    let sets = this.#samples.get(name);
    if (sets === undefined) {
      sets = new Map();
      this.#samples.set(name, sets);
    }
    let kept: Labels = Object.fromEntries(
      (definition.labels ?? []).map((label) => [label, (labels[label] ?? '').slice(0, LONGEST_LABEL)]),
    );
    let key = JSON.stringify(kept);
    if (!sets.has(key) && sets.size >= (definition.most ?? MOST_LABEL_SETS)) {
      kept = Object.fromEntries((definition.labels ?? []).map((label) => [label, 'other']));
      key = JSON.stringify(kept);
    }
    sets.set(key, { labels: kept, value: change(sets.get(key)?.value ?? 0) });
  }
}
