/**
 * A lender: something outside of this node that lends one slot for one reboot. Types only.
 *
 * Invariants:
 * - A lender is asked for a slot only to use it, never to find out whether it would lend one.
 * - Both calls are safe to repeat.
 */
import type { SlotAnswer, SlotRequest } from '../agent/ports.ts';

export interface Lender {
  /** As in the configuration: `fleet_lock`. */
  readonly name: string;
  /** Takes a slot, or keeps the one that is held. Rejects with an AgentError: then nothing was lent. */
  acquire(request: SlotRequest, signal: AbortSignal): Promise<SlotAnswer>;
  /** Gives back whatever may be held. Rejects with an AgentError: it is then to be tried again. */
  release(request: SlotRequest, signal: AbortSignal): Promise<void>;
}
