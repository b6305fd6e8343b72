/**
 * What nodes are answered: status, kind and a sentence. Pure.
 *
 * Invariants:
 * - "No slot for now" is 423. "Something is broken, and nobody knows" is 503. Neither is ever said for the other.
 * - A kind is one word, fit for a metric label.
 */
import type { Pause } from '../../src/lockd/group.ts';
import type { Closed } from '../../src/lockd/terms.ts';
import { HOUR_MS, SECOND_MS } from '../../src/text/units.ts';
import type { Answer } from './desk.ts';

export interface Reply {
  readonly status: number;
  /** Empty: 200. */
  readonly kind: string;
  readonly value: string;
  /** Seconds; undefined: the header is left out. */
  readonly retryAfter?: number;
}

/** Every kind, with what it means; the documentation has the same table. */
export const REPLY_KINDS = {
  all_slots_full: { status: 423, doc: 'other nodes hold all slots; ask again' },
  others_first: {
    status: 423,
    doc: 'a slot is free and kept for nodes that wait for longer; ask again',
  },
  reboots_paused: { status: 423, doc: 'a person has paused the group, or it has paused itself; ask again' },
  group_closed: {
    status: 423,
    doc: 'the group is outside of its windows, or frozen; the value says until when',
  },
  failed_lock: {
    status: 503,
    doc: 'other servers changed the group at the same time; nothing was taken, ask again',
  },
  store_unavailable: { status: 503, doc: 'the store does not answer; a slot may be taken' },
  too_many_requests: { status: 503, doc: 'too many requests wait; nothing was taken' },
  shutting_down: { status: 503, doc: 'this server is about to end; nothing was taken' },
  invalid_client_identity: { status: 400, doc: 'the header or the body is not that of the protocol' },
  unknown_group: { status: 400, doc: 'the configuration of the server has no such group' },
  unauthorized: { status: 401, doc: 'the group wants a token' },
  forbidden: { status: 403, doc: 'the token or the certificate is not of this group' },
  not_found: { status: 404, doc: 'there is no such address' },
  too_slow: { status: 408, doc: 'the request did not arrive in time' },
  headers_too_large: { status: 431, doc: 'the headers of the request are too large' },
  too_large: { status: 413, doc: 'the request is too large' },
  internal: { status: 500, doc: 'a fault of the server; a slot may be taken' },
} as const;
export type ReplyKind = keyof typeof REPLY_KINDS;

const OK: Reply = { status: 200, kind: '', value: '' };
/** A window may be days away, and the configuration may change before. */
const LONGEST_RETRY_MS = HOUR_MS;
/** Others were faster, or there was too much at once. */
const SOON_SECS = 5;

export function refusal(kind: ReplyKind, value: string, retryAfter?: number): Reply {
  return { status: REPLY_KINDS[kind].status, kind, value, ...(retryAfter !== undefined && { retryAfter }) };
}

/** `nowAt`: wall clock. */
export function replyTo(group: string, answer: Answer, retryAfterMs: number, nowAt: number): Reply {
  const later = Math.ceil(retryAfterMs / SECOND_MS);
  switch (answer.kind) {
    case 'taken':
    case 'freed':
    case 'done':
      return OK;
    case 'full':
      return refusal(
        'all_slots_full',
        `all slots of group ${group} are taken: ${answer.holders} of ${answer.slots}`,
        later,
      );
    case 'others-first':
      return refusal(
        'others_first',
        `other nodes wait for longer for a slot of group ${group}: ${answer.free} free`,
        Math.min(later, Math.ceil(answer.keptMs / SECOND_MS)),
      );
    case 'paused':
      return refusal('reboots_paused', `group ${group} ${pauseText(answer.pause)}`, later);
    case 'closed': {
      const leftMs = (answer.closed.opensAt ?? Infinity) - nowAt;
      const waitMs = Math.min(Math.max(leftMs, SECOND_MS), LONGEST_RETRY_MS);
      return refusal(
        'group_closed',
        `group ${group} ${closedText(answer.closed)}`,
        Math.ceil(waitMs / SECOND_MS),
      );
    }
    case 'contended':
      return refusal(
        'failed_lock',
        `conflict: other servers changed group ${group} at the same time`,
        SOON_SECS,
      );
    case 'busy':
      return refusal('too_many_requests', `too many requests for group ${group} wait`, SOON_SECS);
  }
}

export function closedText({ opensAt, frozen }: Closed): string {
  const until = opensAt === undefined ? ', and no window is in sight' : ` until ${shownInstant(opensAt)}`;
  return `is closed${until}${frozen === undefined ? '' : `; it is frozen: ${frozen}`}`;
}

/** `2026-11-28T02:00:00Z`. */
export function shownInstant(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}

export function pauseText({ by, reason }: Pause): string {
  return `is paused by ${by}${reason === '' ? '' : `: ${reason}`}`;
}
