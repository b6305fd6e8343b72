/**
 * Whether a fleet gets where it should as soon as everything works. Pure.
 *
 * Invariants:
 * - The way on is the only one: every choice is the first one. So a state that is on a way that was walked is known.
 * - What happened before counts: a node that a person holds, or that was rolled back, has a reason to stay.
 */
import { MAX_REBOOTS_PER_TARGET } from '../../agent/record.ts';
import type { Bounds } from './bounds.ts';
import { HashTable } from './hash-table.ts';
import type { Player } from './player.ts';
import { NEW } from './releases.ts';
import { Violation } from './safety.ts';
import { stateHash } from './state-hash.ts';
import { hasSlot, type NodeAt, type StateAt } from './world-state.ts';

export class Liveness {
  readonly #player: Player;
  readonly #mostSteps: number;
  /** Rounds until the fleet is where it should be, by state. */
  readonly #rounds = new HashTable();
  #most = 0;

  constructor(player: Player, { mostStepsToGood }: Bounds) {
    this.#player = player;
    this.#mostSteps = mostStepsToGood;
  }

  /** The longest way so far, in rounds: every node takes one step in each. */
  get most(): number {
    return this.#most;
  }

  /** Throws Violation. */
  check(from: StateAt): void {
    const way: { readonly low: number; readonly high: number }[] = [];
    let left = 0;
    for (let state: StateAt | undefined = from; ; state = this.#round(state)) {
      if (state === undefined) {
        return;
      }
      const { low, high } = stateHash(state, false);
      const known = this.#rounds.get(low, high);
      if (known !== undefined) {
        left = known;
        break;
      }
      way.push({ low, high });
      if (isWell(state)) {
        break;
      }
      if (way.length > this.#mostSteps) {
        throw this.#violation(state);
      }
    }
    for (const [index, { low, high }] of way.toReversed().entries()) {
      this.#rounds.add(low, high, left + index + (left > 0 ? 1 : 0));
    }
    this.#most = Math.max(this.#most, left + way.length - 1);
  }

  /** Undefined: something happens that must not, and that the search comes to by itself. */
  #round(state: StateAt): StateAt | undefined {
    try {
      return state.nodes.reduce((next, _, place) => this.#player.moveWell(next, place), state);
    } catch (error) {
      if (error instanceof Violation) {
        return undefined;
      }
      throw error;
    }
  }

  #violation({ nodes, lent }: StateAt): Violation {
    const within = `within ${this.#mostSteps} steps in which everything works`;
    return lent !== 0 && nodes.every((node, place) => !hasSlot(lent, place) || isThere(node))
      ? new Violation('a slot never given back', `a slot is not given back ${within}`)
      : new Violation(
          'neither updated nor a reason',
          `a node is neither updated, nor has it a reason ${within}`,
        );
  }
}

/** Every slot is given back, and every node is updated or has a reason not to be. */
function isWell({ nodes, lent }: StateAt): boolean {
  return lent === 0 && nodes.every(isThere);
}

function isThere(node: NodeAt): boolean {
  const { account, record, deployments } = node;
  if (deployments.some(({ booted, version }) => booted && version === NEW.version)) {
    return true;
  }
  return (
    account.isRolledBack ||
    account.seeminglyMissed >= MAX_REBOOTS_PER_TARGET ||
    (account.isRefusedByPeople && record.holds.length + record.adminDenials.length > 0)
  );
}
