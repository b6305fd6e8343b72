/**
 * Many nodes that lock, "reboot" and unlock by chance, at several servers. What each asked and heard is recorded.
 *
 * Invariants:
 * - A node that hears nothing certain goes to the next server, as behind a balancer.
 * - A node asks for one thing at a time, and gives up by itself.
 * - When the crowd is sent home, each node unlocks until that is answered.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { ClientRequest } from './lock-history.ts';

export interface CrowdOptions {
  readonly servers: readonly string[];
  readonly group: string;
  readonly clients: number;
  readonly seed: number;
  /** A node waits so long at most between two steps, milliseconds. */
  readonly paceMs?: number;
  /** A node gives a request up after so long. */
  readonly patienceMs?: number;
  /** Tells the servers of the nodes apart, and runs too. */
  readonly prefix?: string;
}

const PACE_MS = 60;
const PATIENCE_MS = 3000;
const LIMIT_MS = 60_000;
const MOST_CONNECTIONS = 100;
const NOTHING_HAPPENED = new Set(['failed_lock', 'too_many_requests', 'shutting_down', 'others_first']);
const FULL = new Set(['all_slots_full', 'failed_lock_semaphore_full']);

interface Awaited {
  readonly answer: ClientRequest['answer'];
  readonly fromMono: number;
  left: number;
  readonly resolve: () => void;
}

export class Crowd implements AsyncDisposable {
  readonly requests: ClientRequest[] = [];
  readonly #options: CrowdOptions;
  readonly #agent = new Agent({ connections: MOST_CONNECTIONS, pipelining: 1 });
  readonly #nodes: Promise<unknown>;
  readonly #lost = new AbortController();
  #isHome = false;
  #awaited: Awaited[] = [];

  constructor(options: CrowdOptions) {
    this.#options = options;
    const random = randomBy(options.seed);
    this.#nodes = Promise.all(
      Array.from({ length: options.clients }, (_, index) =>
        this.#live(
          `${options.prefix ?? 'node'}-${String(index).padStart(4, '0')}`,
          index,
          randomBy(random() * 2 ** 32),
        ),
      ),
    );
    this.#nodes.catch(() => undefined);
  }

  /** Resolves when `count` more requests that began from now on were answered so. Bounded. */
  async more(answer: ClientRequest['answer'], count: number): Promise<void> {
    const awaited = { answer, fromMono: performance.now(), left: count };
    await Promise.race([
      new Promise<void>((resolve) => this.#awaited.push({ ...awaited, resolve })),
      this.#nodes.then(() => undefined),
      pause(LIMIT_MS, undefined, { ref: false, signal: this.#lost.signal }).then(() => {
        throw new Error(`the crowd must hear "${answer}" ${count} times more within ${LIMIT_MS} ms`);
      }),
    ]);
  }

  /** Resolves when each node has given its slot back. */
  async sendHome(): Promise<void> {
    this.#isHome = true;
    const limit = setTimeout(() => this.#lost.abort(), LIMIT_MS);
    await this.#nodes.finally(() => clearTimeout(limit));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isHome = true;
    this.#lost.abort();
    await this.#nodes.catch(() => undefined);
    await this.#agent.destroy();
  }

  async #live(client: string, index: number, random: () => number): Promise<void> {
    let server = index;
    const { paceMs = PACE_MS } = this.#options;
    const ask = async (kind: ClientRequest['kind']): Promise<ClientRequest['answer']> => {
      const answer = await this.#ask(kind, client, server);
      server += answer === 'unknown' ? 1 : 0;
      await pause(random() * paceMs, undefined, { signal: this.#lost.signal });
      return answer;
    };
    while (!this.#isHome) {
      const answer = await ask('lock');
      if (answer === 'full' || answer === 'not-taken') {
        // What is given back without being held must do no harm.
        if (random() < 0.1) {
          await ask('unlock');
        }
        continue;
      }
      // A program that was started again asks again.
      if (random() < 0.5) {
        await ask('lock');
      }
      while ((await ask('unlock')) !== 'freed') {
        this.#lost.signal.throwIfAborted();
      }
    }
    while ((await ask('unlock')) !== 'freed') {
      this.#lost.signal.throwIfAborted();
    }
  }

  async #ask(kind: ClientRequest['kind'], client: string, server: number): Promise<ClientRequest['answer']> {
    const { servers, group, patienceMs = PATIENCE_MS } = this.#options;
    const askedMono = performance.now();
    let heard: ClientRequest['answer'] = 'unknown';
    try {
      const path = kind === 'lock' ? 'pre-reboot' : 'steady-state';
      const { statusCode, body } = await request(`${servers[server % servers.length] ?? ''}/v1/${path}`, {
        dispatcher: this.#agent,
        method: 'POST',
        headers: { 'fleet-lock-protocol': 'true' },
        body: JSON.stringify({ client_params: { id: client, group } }),
        signal: AbortSignal.any([this.#lost.signal, AbortSignal.timeout(patienceMs)]),
      });
      heard = answerOf(kind, statusCode, await body.text());
    } catch {
      // The server is gone, or took too long.
    }
    const interval = { client, askedMono, answeredMono: performance.now() };
    if (kind === 'lock') {
      this.requests.push({ ...interval, kind, answer: heard === 'freed' ? 'unknown' : heard });
    } else {
      this.requests.push({ ...interval, kind, answer: heard === 'freed' ? 'freed' : 'unknown' });
    }
    for (const awaited of this.#awaited) {
      awaited.left -= awaited.answer === heard && awaited.fromMono <= askedMono ? 1 : 0;
      if (awaited.left <= 0) {
        awaited.resolve();
      }
    }
    this.#awaited = this.#awaited.filter(({ left }) => left > 0);
    return heard;
  }
}

function answerOf(kind: ClientRequest['kind'], status: number, text: string): ClientRequest['answer'] {
  if (status === 200) {
    return kind === 'lock' ? 'granted' : 'freed';
  }
  const said = /"kind":"([a-z_]+)"/.exec(text)?.[1] ?? '';
  if (kind === 'lock' && FULL.has(said)) {
    return 'full';
  }
  return kind === 'lock' && NOTHING_HAPPENED.has(said) ? 'not-taken' : 'unknown';
}

/** mulberry32: numbers from 0 to 1, the same for the same seed. */
function randomBy(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
