/**
 * What the answer of a lock server means. The protocol has one yes, 200, and leaves the rest to the servers; these are
 * told apart by what those in use say. Pure.
 *
 * Invariants:
 * - Any 2xx is a yes, as for Zincati, but 202: the place is kept, and the work before the yes goes on.
 * - A clear refusal is one that a server can only give when it has lent nothing.
 * - A server error that is no clear refusal leaves open whether a slot is taken.
 * - That there is nothing to give back is as good as having given it back.
 *
 * Sources, read in October 2026: coreos/airlock a3585ed, poseidon/fleetlock c42d494, heathcliff26/fleetlock 3e0ee61,
 * m4us1ne/ceph-fleetlock 3f310d6, nivekuil/zincati-consul 5fd6900, SUNET/knubbis-fleetlock b5dd890,
 * axxapy/fleetlock-consul 3e84302, zyno-io/fleetlock 0adf5be, modzilla99/fleetlock cf7d2f5.
 */

/** An answer, as far as its meaning goes. */
export interface Said {
  readonly status: number;
  /** The error document's fields, where they are texts. Plain text counts as the value. */
  readonly kind: string;
  readonly value: string;
}

export type Meaning =
  | 'yes'
  /** Nothing was lent. `contended`: another node was faster, and it is worth asking again at once. */
  | 'no'
  | 'contended'
  /** A place is kept for this node, and the server does what comes before the yes. */
  | 'under way'
  /** Something went wrong, and a slot may be taken. */
  | 'uncertain'
  /** Something is wrong that has nothing to do with slots: nothing was lent. */
  | 'failed';

/** Statuses with which a server that knows slots says that others have them: Conflict, Locked. */
const LOCKED: readonly number[] = [409, 423];
/** Kinds of a clear refusal, whatever the status. `failed_lock` alone is also said of a store that failed. */
const REFUSING_KIND =
  /^(?:failed_lock_\w+|locked|lock_(?:held|denied|refused)|all_slots_full|semaphore_full|\w*slots?_(?:full|taken|locked)|outside_\w*window|\w*_cooldown)$/;
/** airlock and the like, when their store did not answer in time: the write may have got through. */
const STORE_TOO_SLOW =
  /deadline exceeded|timed?[ -]?out|context cancell?ed|leader changed|unavailable desc|request is too large/i;
const CONTENDED = /\bconflict\b/i;
/** Words of a sentence about slots, in a refusal without a kind or with an ambiguous one. */
const ABOUT_SLOTS =
  /\b(?:slots?|semaphore|lock(?:s|ed|ing)?|lease|held by|holders?|nodes? (?:are |is )?down|window|cooldown|reboot(?:s|ing)?|drain(?:s|ed|ing)?)\b/i;
const ABOUT_FAILURE = /\b(?:fail(?:s|ed|ure)?|errors?|exception|panic|crash\w*|internal|upstream|backend)\b/i;
/** A server that does not know the method, the version or the network behind a login never came to lending. */
const NOT_REACHED: readonly number[] = [501, 505, 511];

export function meaningOfTaking(said: Said): Meaning {
  const { status, kind, value } = said;
  if (status === 202) {
    return 'under way';
  }
  if (isSuccess(status)) {
    return 'yes';
  }
  if (status < 400 || status === 401 || status === 407) {
    return 'failed';
  }
  const isRefusingKind = REFUSING_KIND.test(kind);
  if (!isRefusingKind && !LOCKED.includes(status) && STORE_TOO_SLOW.test(`${kind} ${value}`)) {
    return status >= 500 ? 'uncertain' : 'failed';
  }
  if (kind === 'failed_lock' && CONTENDED.test(value)) {
    return 'contended';
  }
  if (isRefusingKind || LOCKED.includes(status)) {
    return 'no';
  }
  const isSentence = ABOUT_SLOTS.test(value) && !ABOUT_FAILURE.test(value);
  if (kind === 'failed_lock' ? status < 500 || isSentence : kind === '' && status === 503 && isSentence) {
    return 'no';
  }
  return status >= 500 && !NOT_REACHED.includes(status) ? 'uncertain' : 'failed';
}

/** Kinds that say: you hold none. The second is one server's own spelling. */
const NOT_HELD = /^(?:lock_held|lock_not_held|failed_(?:release|relase|unlock)_(?:lock_)?not_held|not_held)$/;
/** Not Found, Conflict, Gone, Locked: there is no slot of this node. */
const NOTHING_THERE: readonly number[] = [404, 409, 410, 423];

const HELD_BY = /\b(?:locked|held|owned|taken) by "?([\w.-]+)/i;

/** Whether the slot of the node `id` is given back, or was never there. */
export function isGivenBack({ status, kind, value }: Said, id: string): boolean {
  if (isSuccess(status) || NOT_HELD.test(kind)) {
    return true;
  }
  const holder = HELD_BY.exec(value)?.[1];
  if (holder !== undefined && holder !== id) {
    return true;
  }
  return NOTHING_THERE.includes(status) && !CONTENDED.test(`${kind} ${value}`);
}

/** Whether the server did not take the body because it had no content type. */
export function asksForContentType({ status, kind, value }: Said): boolean {
  if (status === 415) {
    return true;
  }
  return [400, 422, 500].includes(status) && /(?:content|media|mime)[ _-]?type/i.test(`${kind} ${value}`);
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
