/**
 * What must never happen. Pure.
 *
 * Invariant: it goes by the account of a node, its disk and the lock's book. It asks the agent for nothing.
 */
import { ANSWERS_THAT_WITHDRAW } from '../../agent/checking.ts';
import type { AgentRecord } from '../../agent/record.ts';
import { samePayload, type Release } from '../../agent/release.ts';
import type { Bounds } from './bounds.ts';
import { isDown, type Account, type StateAt } from './world-state.ts';

/** Reboots for one target that do not lead there; a third one is not asked for. */
const MOST_REBOOTS = 2;

export const PROPERTIES = [
  'more nodes down than slots',
  'a reboot without a slot',
  'a reboot outside of the window',
  'a reboot that a person holds',
  'a reboot into a denied release',
  'a reboot into a release that was rolled back',
  'a reboot into a withdrawn release',
  'a third reboot for one target',
  'a reboot that the record on disk does not know',
  'a slot never given back',
  'neither updated nor a reason',
  'a fault of the program',
] as const;
export type Property = (typeof PROPERTIES)[number];

/** A property that does not hold. */
export class Violation extends Error {
  readonly property: Property;

  constructor(property: Property, message: string = property) {
    super(message);
    this.name = 'Violation';
    this.property = property;
  }
}

/** A node is about to ask for the reboot into `release`. */
export function checkFinalize(
  release: Release,
  account: Account,
  onDisk: AgentRecord,
  isLent: boolean,
): void {
  const violated = violatedByFinalize(release, account, onDisk, isLent);
  if (violated !== undefined) {
    throw new Violation(violated);
  }
}

function violatedByFinalize(
  { payload }: Release,
  account: Account,
  { asked }: AgentRecord,
  isLent: boolean,
): Property | undefined {
  if (!isLent) {
    return 'a reboot without a slot';
  }
  if (account.window !== 'open' && !account.isWindowPassed) {
    return 'a reboot outside of the window';
  }
  if (account.isHeld) {
    return 'a reboot that a person holds';
  }
  if (account.isDenied) {
    return 'a reboot into a denied release';
  }
  if (account.isRolledBack) {
    return 'a reboot into a release that was rolled back';
  }
  if (account.unoffered >= ANSWERS_THAT_WITHDRAW) {
    return 'a reboot into a withdrawn release';
  }
  if (account.missed >= MOST_REBOOTS) {
    return 'a third reboot for one target';
  }
  return asked === undefined || !samePayload(asked.payload, payload)
    ? 'a reboot that the record on disk does not know'
    : undefined;
}

export function checkDown({ nodes }: StateAt, { slots }: Bounds): void {
  const down = nodes.filter(isDown).length;
  if (down > slots) {
    throw new Violation(
      'more nodes down than slots',
      `${down} nodes are down, and there is a slot for ${slots}`,
    );
  }
}
