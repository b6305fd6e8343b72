/**
 * A slot that this node may hold: where it was asked for, as whom, and since when. Pure.
 *
 * Invariant: it says all that is needed to give the slot back, whatever is configured by then.
 */

/** A lender as it is asked: where, for which group, and as which node. */
export interface SlotPlace {
  /** As in the configuration: `fleet_lock`. */
  readonly lender: string;
  /** Filled in but for `${stream}`; in the record filled in altogether. May hold a password: never to be shown. */
  readonly address: string;
  readonly group: string;
  readonly id: string;
  /** Paths of the files that vouch for either side. */
  readonly files?: SlotFiles;
}

export interface SlotFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly bearer?: string;
}

export interface MayHold extends SlotPlace {
  /** When it was first asked for. Wall clock, milliseconds, as below. */
  readonly sinceAt: number;
  /** When it was granted; undefined: nobody knows whether it was. */
  readonly grantedAt?: number;
}

/** More than one comes of lenders that change while they cannot be reached. */
export const MOST_SLOTS = 8;

/** A name in an address that only the deployments can fill in. */
export const STREAM_TEMPLATE = '${stream}';

export function isSamePlace(a: SlotPlace, b: SlotPlace): boolean {
  return a.lender === b.lender && a.address === b.address && a.group === b.group && a.id === b.id;
}
