/** A request that was taken and has not ended. Data only. */
import type { AgentRecord } from './record.ts';
import type { Outcome, Request } from './requests.ts';

/** What requests change in the record. */
export type Kept = Pick<AgentRecord, 'holds' | 'adminDenials' | 'denials'>;

export interface Pending {
  readonly request: Request;
  /** The machine has gone about it: it ends when the machine rests again, if not before. */
  readonly begun: boolean;
  /** It has changed the record, and waits for the disk. `before`: what the disk has until then. */
  readonly written?: { readonly before: Kept; readonly outcome: Outcome };
}
