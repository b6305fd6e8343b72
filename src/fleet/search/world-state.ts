/** One state of a search: what the nodes know, and what is true of them. Data only. */
import type { Machine } from '../../agent/advance.ts';
import type { Deployment } from '../../agent/ports.ts';
import type { AgentRecord } from '../../agent/record.ts';
import type { Left } from './bounds.ts';
import type { Hash } from './canonical.ts';

/** What is true of a node, whatever its agent makes of it. */
export interface Account {
  /** Of the maintenance window. `unknown`: it may have changed since anybody looked. */
  readonly window: 'open' | 'closed' | 'unknown';
  /** The reboot into the update is on its way. */
  readonly isGoingDown: boolean;
  /** It went down for the update, and its boot is not complete. */
  readonly isComingUp: boolean;
  /** When this boot is complete, monotonic clock. */
  readonly completeMono: number;
  /** It was in the update, and came up in the release before. */
  readonly isRolledBack: boolean;
  /** A person holds reboots, and was told so. */
  readonly isHeld: boolean;
  /** A person has denied the update, and was told so. */
  readonly isDenied: boolean;
  /** Reboots into the update that did not lead there. */
  readonly missed: number;
  /** As it looks from the disk: "asked for", and another release booted. */
  readonly seeminglyMissed: number;
  /** Answers in a row without the update, which the present life of the agent has heard. */
  readonly unoffered: number;
  /** A request for a reboot past the window waits. */
  readonly isWindowPassed: boolean;
  /** A person has asked for a hold or a denial, whether or not he was told what came of it. */
  readonly isRefusedByPeople: boolean;
}

export const UNTOUCHED: Account = {
  window: 'unknown',
  isGoingDown: false,
  isComingUp: false,
  completeMono: 0,
  isRolledBack: false,
  isHeld: false,
  isDenied: false,
  missed: 0,
  seeminglyMissed: 0,
  unoffered: 0,
  isWindowPassed: false,
  isRefusedByPeople: false,
};

export interface NodeAt {
  readonly machine: Machine;
  /** On disk. */
  readonly record: AgentRecord;
  readonly deployments: readonly Deployment[];
  /** Clocks, milliseconds. */
  readonly at: number;
  readonly mono: number;
  /** Boots so far. */
  readonly reboots: number;
  readonly account: Account;
  /** Of all that can make a difference, but for the lock. */
  readonly hash: Hash;
}

export interface StateAt {
  readonly nodes: readonly NodeAt[];
  /** One bit for each node that holds a slot. */
  readonly lent: number;
  readonly left: Left;
}

/** From the finalization until its boot is complete. */
export function isDown({ mono, account }: NodeAt): boolean {
  return account.isGoingDown || (account.isComingUp && mono < account.completeMono);
}

export function hasSlot(lent: number, node: number): boolean {
  return (lent & (1 << node)) !== 0;
}

export function holders(lent: number): number {
  let count = 0;
  for (let bits = lent; bits !== 0; bits &= bits - 1) {
    count += 1;
  }
  return count;
}

/** Whether it waits while time passes. */
export function isResting({ machine: { effect } }: NodeAt): boolean {
  return effect.kind === 'wait' && effect.forMs > 0;
}

export function accountNumbers({ account, mono }: Pick<NodeAt, 'account' | 'mono'>): readonly number[] {
  const { window, missed, seeminglyMissed, unoffered, completeMono } = account;
  const flags = [
    account.isGoingDown,
    account.isComingUp,
    account.isRolledBack,
    account.isHeld,
    account.isDenied,
    account.isWindowPassed,
    account.isRefusedByPeople,
  ];
  return [
    window === 'open' ? 1 : window === 'closed' ? 2 : 3,
    flags.reduce((bits, flag, place) => bits | (flag ? 1 << place : 0), 0),
    Math.max(completeMono - mono, 0),
    missed,
    seeminglyMissed,
    unoffered,
  ];
}
