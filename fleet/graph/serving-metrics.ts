/**
 * Metrics of `graph serve`. The only file of it that knows prom-client.
 *
 * Invariant: labels come from graphs that are served, never from a request, so no client can make series.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { SECOND_MS } from '../../src/text/units.ts';
import type { GraphScope } from './graph-scope.ts';
import type { GraphState } from './served-graphs.ts';

export interface AnsweredRequest {
  readonly status: number;
  /** Undefined: no graph of this server was asked for. */
  readonly scope?: GraphScope;
  readonly wariness?: number;
  /** Of the release that the node has booted; undefined: the graph does not have it. */
  readonly version?: string | undefined;
  /** Whether the client says what it has booted. */
  readonly saysRelease?: boolean;
}

const SCOPE = ['stream', 'basearch', 'scheme'] as const;
const PREFIX = 'zincati_fleet_graph_';
const WARINESS_BUCKETS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
const NONE = { stream: '', basearch: '', scheme: '' };

export class ServingMetrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<'stream' | 'basearch' | 'scheme' | 'status'>;
  readonly #booted: Counter<'stream' | 'basearch' | 'scheme' | 'version'>;
  readonly #offGraph: Counter<(typeof SCOPE)[number]>;
  readonly #wariness: Histogram;

  /** `states`: asked at each scrape. */
  constructor(states: () => readonly GraphState[], startedAt: number) {
    const registers = [this.#registry];
    const labelNames = [...SCOPE];
    this.#requests = new Counter({
      name: `${PREFIX}requests_total`,
      help: 'Answers to /v1/graph. Without a stream: those to questions that no graph of this server fits.',
      labelNames: [...SCOPE, 'status'],
      registers,
    });
    this.#booted = new Counter({
      name: `${PREFIX}booted_requests_total`,
      help: 'Questions of nodes by the release that they have booted.',
      labelNames: [...SCOPE, 'version'],
      registers,
    });
    this.#offGraph = new Counter({
      name: `${PREFIX}off_graph_requests_total`,
      help: 'Questions of nodes whose booted release the graph does not have.',
      labelNames,
      registers,
    });
    this.#wariness = new Histogram({
      name: `${PREFIX}rollout_wariness`,
      help: 'How late in a rollout the nodes that ask take a release.',
      buckets: WARINESS_BUCKETS,
      registers,
    });
    new Gauge({ name: 'process_start_time_seconds', help: 'When this process started.', registers }).set(
      startedAt / SECOND_MS,
    );
    const perGraph = (
      name: string,
      help: string,
      valueOf: (state: GraphState) => number | undefined,
    ): void => {
      new Gauge({
        name: `${PREFIX}${name}`,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          for (const state of states()) {
            const value = valueOf(state);
            if (value !== undefined) {
              this.set({ ...state.scope }, value);
            }
          }
        },
      });
    };
    perGraph('releases', 'Releases of the graph that is served.', ({ graph }) => graph?.releases);
    perGraph('edges', 'Edges of the graph that is served, before any policy.', ({ graph }) => graph?.edges);
    perGraph('loaded_timestamp_seconds', 'When the graph that is served was read.', ({ graph }) =>
      graph === undefined ? undefined : graph.loadedAt / SECOND_MS,
    );
    perGraph(
      'refused',
      '1: the file has an error, and the graph before it is served, if there is one.',
      ({ refusal }) => Number(refusal !== undefined),
    );
  }

  answered({ status, scope, wariness, version, saysRelease }: AnsweredRequest): void {
    this.#requests.inc({ ...(scope ?? NONE), status: String(status) });
    if (scope === undefined) {
      return;
    }
    if (wariness !== undefined && !Number.isNaN(wariness)) {
      this.#wariness.observe(wariness);
    }
    if (version !== undefined) {
      this.#booted.inc({ ...scope, version });
    } else if (saysRelease === true) {
      this.#offGraph.inc({ ...scope });
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async render(): Promise<string> {
    return this.#registry.metrics();
  }
}
