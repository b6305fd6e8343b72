/**
 * The lock servers that this process has dealt with: one strategy for each, whatever happens to the configuration.
 *
 * Invariants: the same settings give the same strategy, with what it knows (a slot that is held, a server that wants to
 * be left alone for a while); one that is no longer configured can still give back what it has.
 */
import { createFleetLockStrategy, type CreateFleetLockOptions } from './create-fleet-lock-strategy.ts';
import type { Strategy } from '../gates/strategy.ts';

type Common = Omit<CreateFleetLockOptions, 'settings' | 'node'>;
type Settings = CreateFleetLockOptions['settings'];

export class LockServers {
  readonly #common: Common;
  readonly #known = new Map<string, { readonly strategy: Strategy; readonly close: () => Promise<void> }>();

  constructor(common: Common) {
    this.#common = common;
  }

  /** `who`: everything that `node` depends on but the booted deployment, as plain data. */
  strategy(settings: Settings, who: unknown, node: CreateFleetLockOptions['node']): Strategy {
    const key = JSON.stringify([settings, who]);
    const known = this.#known.get(key) ?? createFleetLockStrategy({ ...this.#common, settings, node });
    this.#known.set(key, known);
    return known.strategy;
  }

  /** Ends all requests and connections. */
  async close(): Promise<void> {
    await Promise.all([...this.#known.values()].map(({ close }) => close()));
  }
}
