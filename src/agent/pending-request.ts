/** A request that was taken and has not ended. Data only. */
import type { AgentRecord } from './record.ts';
import type { Outcome, Request } from './requests.ts';

/** What requests change in the record. */
export type Kept = Pick<AgentRecord, 'holds' | 'adminDenials' | 'denials' | 'attempts'>;

export interface Pending {
  readonly request: Request;
  /** The machine has gone about it: it ends when the machine rests again, if not before. */
  readonly begun: boolean;
  /** A reboot: what is staged was taken up for it, which is done once. */
  readonly takenUp?: true;
  /** It has changed the record, and waits for the disk. `before`: what the disk has until then. */
  readonly written?: { readonly before: Kept; readonly outcome: Outcome };
}
