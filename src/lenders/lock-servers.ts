/**
 * The lock servers that this process has dealt with: one lender for each, whatever happens to the configuration.
 *
 * Invariants:
 * - The same settings and the same node give the same lender. It keeps what it knows: a slot that is held, a server that
 *   wants to be left alone for a while.
 * - What was taken under an earlier configuration can be given back, also one of an earlier life.
 */
import { createFleetLock, type CreateFleetLockOptions } from './create-fleet-lock.ts';
import type { SlotPlace } from '../agent/slot-place.ts';
import type { Lender } from './lender.ts';
import { settingsOf } from './lock-place.ts';
import { MINUTE_MS } from '../text/units.ts';

type Common = Omit<CreateFleetLockOptions, 'settings' | 'node'>;

export class LockServers {
  readonly #common: Common;
  readonly #known = new Map<string, { readonly lender: Lender; readonly close: () => Promise<void> }>();

  constructor(common: Common) {
    this.#common = common;
  }

  /** The lender for a lock server as configured, and for the node as the server is to know it. */
  lender(settings: CreateFleetLockOptions['settings'], node: CreateFleetLockOptions['node']): Lender {
    const key = JSON.stringify([settings, node]);
    const known = this.#known.get(key) ?? createFleetLock({ ...this.#common, settings, node });
    this.#known.set(key, known);
    return known.lender;
  }

  /** The lock server where a slot may be held, though it is no longer configured. */
  formerAt(place: SlotPlace): Lender {
    const { settings, node } = settingsOf(place, MINUTE_MS);
    return this.lender(settings, node);
  }

  /** Ends all requests and connections. */
  async close(): Promise<void> {
    await Promise.all([...this.#known.values()].map(({ close }) => close()));
  }
}
