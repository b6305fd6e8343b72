/**
 * Lock servers differ in what they say, and in what they do before they say yes. Each flavour here answers as one family
 * of real servers does; docs/strategies/fleet_lock.md names them. Pure.
 *
 * Invariant: a flavour changes statuses, words and delays, never who holds a slot.
 */
import type { LockApi } from './lock-fault.ts';

export const LOCK_FLAVOURS = [
  /** As the text of the protocol has it. */
  'plain',
  'airlock',
  'poseidon',
  'heathcliff26',
  'ceph',
  'zincati-consul',
  'knubbis',
  'fleetlock-consul',
] as const;
export type LockFlavour = (typeof LOCK_FLAVOURS)[number];

export interface LockReply {
  readonly status: number;
  /** "" for a body that is no error document. */
  readonly kind: string;
  readonly value: string;
}

/** How the store decided, beyond a yes. `not-held`: somebody else holds what this node gives back. */
export type Decision = 'full' | 'contended' | 'store-failed' | 'not-held' | 'draining';

const FULL: Readonly<Record<LockFlavour, LockReply>> = {
  plain: reply(409, 'failed_lock_semaphore_full', 'semaphore currently full, all slots are locked already'),
  airlock: reply(500, 'failed_lock', 'all 1 semaphore slots currently locked'),
  poseidon: reply(423, 'lock_held', 'reboot lease lock unavailable, held by another node'),
  heathcliff26: reply(
    423,
    'all_slots_full',
    'Could not reserve a slot as all slots in the group are currently locked already',
  ),
  ceph: reply(400, 'failed_lock_semaphore_full', 'semaphore currently full, all slots are locked already'),
  'zincati-consul': reply(503, '', 'too many nodes down, cannot lock yet'),
  knubbis: reply(409, 'failed_lock', 'all slots are taken'),
  'fleetlock-consul': reply(409, 'failed_lock', 'group is already locked by another node'),
};

/** Airlock's answers to trouble; most others say less. */
const CONTENDED = reply(500, 'failed_lock', 'conflict on semaphore detected, aborting');
const STORE_FAILED = reply(500, 'failed_lock', 'context deadline exceeded');
const DRAINING = reply(
  202,
  'waiting_for_node_drain',
  'The Slot has been reserved, but the node is not yet drained',
);

/** To giving back what another node holds; undefined: the server does not mind. */
const NOT_HELD: Readonly<Partial<Record<LockFlavour, LockReply>>> = {
  poseidon: reply(423, 'lock_held', 'reboot lease unlock unavailable, held by another-node'),
  ceph: reply(400, 'failed_relase_lock_not_held', "Can't relase a lock thats owned by another-node"),
  'fleetlock-consul': reply(500, 'failed_unlock', 'the group was locked by another-node'),
};

/** Undefined: a yes, with status 200. */
export function replyTo(flavour: LockFlavour, api: LockApi, decision: Decision): LockReply | undefined {
  switch (decision) {
    case 'full':
      return FULL[flavour];
    case 'contended':
      return flavour === 'plain' ? reply(503, 'failed_lock', CONTENDED.value) : CONTENDED;
    case 'store-failed':
      return STORE_FAILED;
    case 'not-held':
      return api === 'steady-state' ? NOT_HELD[flavour] : undefined;
    case 'draining':
      return flavour === 'heathcliff26' ? DRAINING : undefined;
  }
}

/** What the server thinks of the request's content type; undefined: nothing. */
export function contentTypeReply(flavour: LockFlavour, contentType: string): LockReply | undefined {
  return flavour === 'ceph' && contentType !== '' && contentType !== 'application/x-www-form-urlencoded'
    ? reply(500, '', 'Internal Server Error')
    : undefined;
}

function reply(status: number, kind: string, value: string): LockReply {
  return { status, kind, value };
}
