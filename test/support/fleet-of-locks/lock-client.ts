/**
 * How a node asks a lock server of virtual time. What an answer means, the agent's own table says.
 *
 * Invariant: a request reaches the server when its effect begins, and its outcome counts when that ends.
 */
import type { LockApi } from '../../../sandbox/lock-fault.ts';
import type { SlotAnswer } from '../../../src/agent/ports.ts';
import { isGivenBack, meaningOfTaking } from '../../../src/lenders/lock-answer.ts';
import { KindError } from '../../../src/simulate/node.ts';
import { MINUTE_MS, SECOND_MS } from '../../../src/text/units.ts';
import type { Exchange, LockFamily } from './lock-family.ts';

/** Nobody waits longer for an answer, by default. */
const LIMIT_MS: Readonly<Record<LockApi, number>> = {
  'pre-reboot': 30 * MINUTE_MS,
  'steady-state': MINUTE_MS,
};
const UNSURE_PAUSE_MS = 15 * SECOND_MS;
const CONTENDED_PAUSE_MS = 5 * SECOND_MS;
const LABEL = 'fleet_lock';

export class LockClient {
  readonly #server: LockFamily;
  readonly #id: string;
  #exchange: Exchange | undefined;
  #standing: { readonly reason: string; readonly untilAt: number } | undefined;

  constructor(server: LockFamily, id: string) {
    this.#server = server;
    this.#id = id;
  }

  /** A new process does not know what the server said to the one before. */
  forget(): void {
    this.#standing = undefined;
  }

  /** Sends a request; for how long the node waits for its outcome, in milliseconds. */
  send(api: LockApi, at: number): number {
    this.#exchange = undefined;
    if (api === 'pre-reboot' && this.#standing !== undefined) {
      if (at < this.#standing.untilAt) {
        return 0;
      }
      this.#standing = undefined;
    }
    const exchange = this.#server.request(api, this.#id, at);
    const limitMs = LIMIT_MS[api];
    this.#exchange = exchange.tookMs > limitMs ? { kind: 'lost', tookMs: limitMs } : exchange;
    return this.#exchange.tookMs;
  }

  taken(at: number): SlotAnswer | Error {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      const { reason = '', untilAt = at } = this.#standing ?? {};
      return { kind: 'refused', reason, label: LABEL, untilAt };
    }
    switch (exchange.kind) {
      case 'unreachable':
        return new KindError('fleet_lock_unreachable', 'connection refused');
      case 'lost':
        return {
          kind: 'may-be-held',
          reason: 'no answer',
          label: LABEL,
          askAgainMs: UNSURE_PAUSE_MS,
          errorKind: 'fleet_lock_unreachable',
        };
      case 'answer':
        return this.#meant(exchange, at);
    }
  }

  givenBack(): Error | undefined {
    const exchange = this.#exchange;
    if (exchange?.kind !== 'answer') {
      return new KindError('fleet_lock_unreachable', 'no answer');
    }
    const { status, word, value } = exchange;
    return isGivenBack({ status, kind: word, value }, this.#id)
      ? undefined
      : new KindError('fleet_lock_unavailable', value);
  }

  #meant(exchange: Extract<Exchange, { kind: 'answer' }>, at: number): SlotAnswer | Error {
    const { status, word, value, retryAfterMs } = exchange;
    const reason = `lock server says: ${word} ${value}`;
    const unsure = { kind: 'may-be-held', reason, label: LABEL, askAgainMs: UNSURE_PAUSE_MS } as const;
    switch (meaningOfTaking({ status, kind: word, value })) {
      case 'yes':
        return { kind: 'granted' };
      case 'no':
        if (retryAfterMs === 0) {
          return { kind: 'refused', reason, label: LABEL };
        }
        this.#standing = { reason, untilAt: at + retryAfterMs };
        return { kind: 'refused', ...this.#standing, label: LABEL };
      case 'contended':
        return { kind: 'refused', reason, label: LABEL, untilAt: at + CONTENDED_PAUSE_MS };
      case 'under way':
        return unsure;
      case 'uncertain':
        return { ...unsure, errorKind: 'fleet_lock_unavailable' };
      case 'failed':
        return new KindError('fleet_lock_refused', reason);
    }
  }
}
