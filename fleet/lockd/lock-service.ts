/**
 * The groups of this server: a desk for each, what was seen of them last, and who waits.
 *
 * Invariants:
 * - A group that the configuration drops is answered no more. What it lent stays in the store.
 * - A holder without an instant counts from when this server first saw it.
 * - Each hold that lasts too long is told once. Time frees no slot.
 * - Who waits is known in memory alone. The order of those who wait refuses, and never lends.
 * - Each time that a group has paused itself is told once by each server, whichever of them wrote it.
 */
import type { Outcome, Wish } from '../../src/lockd/decide.ts';
import type { Group, Pause } from '../../src/lockd/group.ts';
import { ITSELF, lostNode } from '../../src/lockd/lost-node.ts';
import type { Closed, Terms } from '../../src/lockd/terms.ts';
import { messageOf } from '../../src/errors.ts';
import type { LockdGroup } from './config-groups.ts';
import { WaitingLine, type Waiter } from '../../src/lockd/waiting-line.ts';
import { Desk, type Answer, type SettledBatch } from './desk.ts';
import type { LockStore } from './lock-store.ts';

/** Of a group, to people. */
const MOST_WAITERS_SHOWN = 20;

export interface Holder {
  readonly id: string;
  /** Wall clock, milliseconds. */
  readonly sinceAt: number;
  /** Another program lent it, or an earlier version: it may be held for longer. */
  readonly isGuessed: boolean;
  readonly isTooLong: boolean;
}

export interface GroupView {
  readonly name: string;
  /** As configured, and as in the store; undefined: never written. */
  readonly slots: number;
  readonly storedSlots: number | undefined;
  readonly maxHoldMs: number;
  readonly holders: readonly Holder[];
  readonly pause: Pause | undefined;
  /** By the clock of this server; undefined: open. */
  readonly closed: Closed | undefined;
  /** At this server, in their order; the first of them alone. */
  readonly waiters: readonly Waiter[];
  /** How many there are at this server. */
  readonly waiting: number;
}

interface Known {
  config: LockdGroup;
  readonly desk: Desk;
  readonly line: WaitingLine;
  group: Group | undefined;
  readonly firstSeen: Map<string, number>;
  readonly told: Set<string>;
  /** The instant of the group's own pause that was told last. */
  toldPauseAt: number | undefined;
  isAdopted: boolean;
}

export interface LockServiceOptions {
  readonly store: LockStore;
  readonly now: () => number;
  /** Monotonic, milliseconds. */
  readonly mono: () => number;
  /** After how long nodes are told to ask again. */
  readonly retryAfterMs: () => number;
  /** A hold lasts longer than the group allows. */
  readonly tooLong: (group: string, holder: Holder) => void;
  /** A group has paused itself, here or at another server. */
  readonly pausedItself: (group: string, pause: Pause) => void;
}

export class LockService {
  readonly #options: LockServiceOptions;
  readonly #groups = new Map<string, Known>();

  constructor(options: LockServiceOptions) {
    this.#options = options;
  }

  configure(groups: readonly LockdGroup[]): void {
    for (const name of this.#groups.keys()) {
      if (!groups.some((group) => group.name === name)) {
        this.#groups.delete(name);
      }
    }
    for (const config of groups) {
      const known = this.#groups.get(config.name) ?? this.#newGroup(config);
      known.config = config;
      known.isAdopted = false;
      this.#groups.set(config.name, known);
    }
  }

  config(name: string): LockdGroup | undefined {
    return this.#groups.get(name)?.config;
  }

  get names(): readonly string[] {
    return [...this.#groups.keys()];
  }

  /** `isGivenUp`: nobody waits for the answer any more. Rejects with StoreError. The group must be configured. */
  ask(name: string, wish: Wish, isGivenUp?: () => boolean): Promise<Answer> {
    return this.#known(name).desk.ask(wish, isGivenUp);
  }

  /** Reads the group. Rejects with StoreError. */
  async view(name: string): Promise<GroupView> {
    const known = this.#known(name);
    this.#saw(known, (await this.#options.store.read(name)).group);
    return this.#viewOf(known);
  }

  /** As seen last; undefined: not yet. */
  lastView(name: string): GroupView | undefined {
    const known = this.#known(name);
    return known.group === undefined ? undefined : this.#viewOf(known);
  }

  history(name: string, most: number): ReturnType<LockStore['history']> {
    return this.#options.store.history(name, most);
  }

  /**
   * Looks at each group: its number of slots once, its time zones, holds that last too long, nodes that are lost.
   * Resolves with what failed.
   */
  async look(): Promise<readonly string[]> {
    const failures: string[] = [];
    for (const [name, known] of this.#groups) {
      try {
        await known.config.hours?.refresh();
        if (!known.isAdopted) {
          const answer = await known.desk.ask({
            kind: 'set-slots',
            at: this.#options.now(),
            by: 'configuration',
          });
          known.isAdopted = isOutcome(answer);
        }
        const { holders } = await this.view(name);
        await this.#watch(known);
        for (const holder of holders.filter(({ isTooLong }) => isTooLong)) {
          const key = `${holder.id} ${holder.sinceAt}`;
          if (!known.told.has(key)) {
            known.told.add(key);
            this.#options.tooLong(name, holder);
          }
        }
      } catch (error) {
        failures.push(messageOf(error));
      }
    }
    return failures;
  }

  /** A group that must pause itself does so. */
  async #watch({ config, desk, group }: Known): Promise<void> {
    const at = this.#options.now();
    if (group?.details.pause === undefined && group !== undefined) {
      if (lostNode(group, at, config.pauseIfHeldMs) !== undefined) {
        await desk.ask({ kind: 'watch', at, by: ITSELF });
      }
    }
  }

  #newGroup(config: LockdGroup): Known {
    const known: Known = {
      config,
      desk: new Desk(
        config.name,
        this.#options.store,
        () => this.#termsOf(known),
        (batch) => this.#settled(known, batch),
      ),
      line: new WaitingLine(),
      group: undefined,
      firstSeen: new Map(),
      told: new Set(),
      toldPauseAt: undefined,
      isAdopted: false,
    };
    return known;
  }

  #settled(known: Known, { group, settled }: SettledBatch): void {
    const now = { at: this.#options.now(), mono: this.#options.mono() };
    for (const { wish, outcome } of settled) {
      known.line.settled(wish, outcome, now, this.#options.retryAfterMs());
    }
    const { totalSlots, holders } = group.semaphore;
    if (holders.length >= Math.min(totalSlots, known.config.slots)) {
      known.line.noneFree();
    }
    this.#saw(known, group);
  }

  #saw(known: Known, group: Group): void {
    known.group = group;
    const { pause } = group.details;
    if (pause?.by === ITSELF && pause.lost !== undefined && pause.at !== known.toldPauseAt) {
      known.toldPauseAt = pause.at;
      this.#options.pausedItself(known.config.name, pause);
    }
    const holders = group.semaphore?.holders ?? [];
    for (const id of known.firstSeen.keys()) {
      if (!holders.includes(id)) {
        known.firstSeen.delete(id);
      }
    }
    for (const id of holders.filter((holder) => !known.firstSeen.has(holder))) {
      known.firstSeen.set(id, this.#options.now());
    }
    const keys = new Set(this.#holdersOf(known).map(({ id, sinceAt }) => `${id} ${sinceAt}`));
    for (const key of known.told) {
      if (!keys.has(key)) {
        known.told.delete(key);
      }
    }
  }

  #holdersOf({ config, group, firstSeen }: Known): readonly Holder[] {
    const now = this.#options.now();
    return (group?.semaphore?.holders ?? []).map((id): Holder => {
      const dated = group?.details.since.get(id);
      const sinceAt = dated ?? firstSeen.get(id) ?? now;
      return { id, sinceAt, isGuessed: dated === undefined, isTooLong: now - sinceAt > config.maxHoldMs };
    });
  }

  #viewOf(known: Known): GroupView {
    const { config, group, line } = known;
    const waiters = line.waiters(this.#options.mono());
    return {
      name: config.name,
      slots: config.slots,
      storedSlots: group?.semaphore?.totalSlots,
      maxHoldMs: config.maxHoldMs,
      holders: this.#holdersOf(known),
      pause: group?.details.pause,
      closed: config.hours?.closedAt(this.#options.now()),
      waiters: waiters.slice(0, MOST_WAITERS_SHOWN),
      waiting: waiters.length,
    };
  }

  #termsOf({ config: { slots, hours, pauseIfHeldMs }, line }: Known): Terms {
    const { now, mono, retryAfterMs } = this.#options;
    return {
      slots,
      pauseIfHeldMs,
      closed: hours?.closedAt(now()),
      keptMs: (id, free, holders) => line.keptMs(id, free, holders, mono(), retryAfterMs()),
    };
  }

  #known(name: string): Known {
    const known = this.#groups.get(name);
    if (known === undefined) {
      throw new Error(`there is no group ${name}`);
    }
    return known;
  }
}

function isOutcome(answer: Answer): answer is Outcome {
  return answer.kind !== 'contended' && answer.kind !== 'busy';
}
