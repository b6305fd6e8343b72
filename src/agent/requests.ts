/**
 * What people ask of the agent, and what becomes of it. Data, and how its numbers are read.
 *
 * Invariants:
 * - A request enters the machine between two effects, as a new configuration does.
 * - Each request ends in exactly one {@link Outcome}, which is a happening and part of the history.
 * - A hold or a denial is on disk before its request has ended well, and the last look before the finalization reads it.
 * - After the finalization went out every request that would stop it ends as `TooLate`.
 */
import type { Override } from './overrides.ts';

/** Who asks. The bus says it, never the caller. */
export interface Asker {
  readonly uid: number;
}

export const HOLDABLE = ['reboot', 'stage'] as const;
export type Holdable = (typeof HOLDABLE)[number];

export type Wish =
  /** Ask the update server now. The node's own pauses do not count; a Retry-After of the server does. */
  | { readonly kind: 'check' }
  /** Check, and stage what is found. `to`: this version alone, which the graph must allow. */
  | { readonly kind: 'stage'; readonly ignoreRollout: boolean; readonly to?: string }
  /** Reboot into what is staged, with everything in `overrides` counted as passed. */
  | { readonly kind: 'reboot'; readonly overrides: readonly Override[] }
  /**
   * Ends what requests have begun: staging that runs, and overrides that wait. `request`: the id of the one that ends, and
   * nothing else then does.
   */
  | { readonly kind: 'cancel'; readonly request?: string }
  /** Drop what is staged, and deny it. */
  | { readonly kind: 'discard' }
  /** `untilAt`: wall clock, milliseconds; left out: until it is released. */
  | { readonly kind: 'hold'; readonly what: Holdable; readonly untilAt?: number; readonly reason: string }
  /** `hold`: the id of a hold. */
  | { readonly kind: 'release'; readonly hold: string }
  /** `release`: a version, a checksum, or a digest such as `sha256:HEX`. */
  | { readonly kind: 'deny'; readonly release: string; readonly reason: string }
  | { readonly kind: 'allow'; readonly release: string };

export const WISHES = [
  'check',
  'stage',
  'reboot',
  'cancel',
  'discard',
  'hold',
  'release',
  'deny',
  'allow',
] as const satisfies readonly Wish['kind'][];

export interface Request {
  /** Unique over restarts: `BOOTID8-N`. */
  readonly id: string;
  readonly by: Asker;
  readonly wish: Wish;
}

/** A hold in force. Kept in the record: it survives reboots. */
export interface Hold {
  /** Short, for people to type: `h1`. Never used twice in one installation while the other is in force. */
  readonly id: string;
  readonly what: Holdable;
  readonly by: Asker;
  /** At most {@link LONGEST_REASON} characters, printable; "" for none. */
  readonly reason: string;
  readonly sinceAt: number;
  /** Over at this instant; left out: until it is released. */
  readonly untilAt?: number;
}

/** A release that a person denied, by whatever name they gave. Kept in the record. */
export interface AdminDenial {
  readonly release: string;
  readonly by: Asker;
  readonly reason: string;
  readonly sinceAt: number;
}

/** At the instant at which it ends it no longer counts. */
export function isHoldInForce({ untilAt }: Pick<Hold, 'untilAt'>, at: number): boolean {
  return untilAt === undefined || at < untilAt;
}

/** Whether a date can be shown for it: a whole instant, as far as calendars go. */
export function isInstant(at: number): boolean {
  return Number.isSafeInteger(at) && Math.abs(at) <= 8.64e15;
}

/** How the id of a hold looks. */
export const HOLD_ID = /^h[1-9]\d{0,8}$/;
export const LONGEST_REASON = 200;
/** Of a version, a checksum or a digest, in characters. */
export const LONGEST_RELEASE = 256;
/** More are refused with `LimitsExceeded`. */
export const MOST_HOLDS = 32;
export const MOST_ADMIN_DENIALS = 64;
/** Requests that wait or run; more are refused with `Busy`. */
export const MOST_REQUESTS = 16;

/** Last part of the D-Bus error name `org.coreos.zincati.Error.*`; docs/errors.md lists them. */
export const REQUEST_ERRORS = [
  /** A gate, a hold or a lender does not allow it. `gates` says which. */
  'Blocked',
  'NoUpdate',
  'Busy',
  'NotStaged',
  'Disabled',
  'TooLate',
  'NotFound',
  'Invalid',
  'LimitsExceeded',
  /** By a later request. */
  'Cancelled',
  /** What was tried failed; the text says why. */
  'Failed',
  /** The agent ends. */
  'ShuttingDown',
] as const;
export type RequestError = (typeof REQUEST_ERRORS)[number];

export type Outcome =
  | {
      readonly kind: 'done';
      /** One sentence for people: `43.20260413.3.2 is staged`. */
      readonly text: string;
      /** False: there was nothing to do, and the text says why. */
      readonly changed: boolean;
      /** Of a hold that was made. */
      readonly hold?: string;
      /** The version that it was about. */
      readonly release?: string;
      /** Of a cancel: the requests that it has ended. */
      readonly cancelled?: readonly Request[];
    }
  | {
      readonly kind: 'refused';
      readonly error: RequestError;
      /** One sentence for people, then what to do. */
      readonly text: string;
      /** Of the gates that block, for `Blocked`. */
      readonly gates?: readonly string[];
    };
