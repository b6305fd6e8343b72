/**
 * Strategy `marker`: a reboot is allowed while a permission file exists. Whoever can write it decides when this node
 * reboots, so it counts only where nobody but its owner can have written it. Pure.
 *
 * Invariant: whatever is not exactly an empty file, or TOML with `not_after`, in the owner's hand alone, denies and
 * says why.
 */
import { longDate } from '../report/status-text.ts';
import { TomlDate, parseToml } from '../config/toml.ts';
import { messageOf, printable } from '../errors.ts';
import type { Strategy, Verdict } from '../gates/strategy.ts';
import { allow, deny } from '../gates/verdict.ts';

/** One date fits many times; more is a file in the wrong place. */
export const MAX_MARKER_BYTES = 4096;

/** What stands at the path. */
export type MarkerReading =
  | { readonly kind: 'missing' }
  | { readonly kind: 'symbolic-link' }
  | { readonly kind: 'unreadable'; readonly message: string }
  /** Some other thing than a regular file. */
  | { readonly kind: 'special' }
  | {
      readonly kind: 'file';
      readonly uid: number;
      /** Permission bits. */
      readonly mode: number;
      /** Hard links. */
      readonly links: number;
      /** At most MAX_MARKER_BYTES and one. */
      readonly bytes: Uint8Array;
    };

export interface MarkerOptions {
  /** As the host sees it, for people. */
  readonly path: string;
  readonly read: () => Promise<MarkerReading>;
  /** Whose file it must be; root unless a test says otherwise. */
  readonly ownerUid?: number;
}

export function markerStrategy({ path, read, ownerUid = 0 }: MarkerOptions): Strategy {
  return {
    name: 'marker',
    remote: false,
    canFinalize: async (nowMs) => judgeMarker(await read(), path, ownerUid, nowMs),
    reportSteady: () => Promise.resolve(),
  };
}

const WRITABLE_BY_OTHERS = 0o022;

export function judgeMarker(reading: MarkerReading, path: string, ownerUid: number, nowMs: number): Verdict {
  const shown = printable(path);
  const refuse = (what: string): Verdict =>
    deny('marker_refused', `no permission to reboot: ${shown} must ${what}`);
  switch (reading.kind) {
    case 'missing':
      return deny('marker_missing', `no permission to reboot: ${shown} must exist`);
    case 'symbolic-link':
      return refuse('be a regular file, got a symbolic link');
    case 'special':
      return refuse('be a regular file, got something else');
    case 'unreadable':
      return refuse(`be readable: ${reading.message}`);
    case 'file':
      if (reading.uid !== ownerUid) {
        return refuse(`be owned by ${ownerUid === 0 ? 'root' : `uid ${ownerUid}`}, got uid ${reading.uid}`);
      }
      if ((reading.mode & WRITABLE_BY_OTHERS) !== 0) {
        const mode = (reading.mode & 0o7777).toString(8).padStart(4, '0');
        return refuse(`not be writable by group or others, got mode ${mode}`);
      }
      // A second name can be somebody else's: a link to any other file of root.
      if (reading.links > 1) {
        return refuse(`have no other name, got ${reading.links} hard links`);
      }
      if (reading.bytes.length > MAX_MARKER_BYTES) {
        return refuse(`be at most ${MAX_MARKER_BYTES} bytes long`);
      }
      return judgeContents(reading.bytes, shown, nowMs);
  }
}

function judgeContents(bytes: Uint8Array, shown: string, nowMs: number): Verdict {
  let notAfter: number | undefined;
  try {
    notAfter = parseMarker(bytes, shown);
  } catch (error) {
    return deny('marker_refused', `no permission to reboot: ${messageOf(error)}`);
  }
  if (notAfter === undefined) {
    return allow('marker', `${shown} allows it`);
  }
  return nowMs <= notAfter
    ? allow('marker', `${shown} allows it until ${longDate(notAfter)}`)
    : deny('marker_expired', `no permission to reboot: ${shown} expired on ${longDate(notAfter)}`);
}

/** The last instant at which the file allows; undefined: there is none. Throws what is wrong with the file. */
function parseMarker(bytes: Uint8Array, shown: string): number | undefined {
  const table = parseToml(bytes, shown);
  for (const key of table.keys()) {
    if (key !== 'not_after') {
      throw new Error(`${shown}: ${printable(key)} must not be there; the one key is not_after`);
    }
  }
  const notAfter = table.get('not_after');
  if (notAfter === undefined) {
    return undefined;
  }
  const instant = notAfter instanceof TomlDate ? instantOf(notAfter) : undefined;
  if (instant === undefined) {
    throw new Error(`${shown}: not_after must be a date and time with offset, such as 2026-01-31T18:00:00Z`);
  }
  return instant;
}

const WITH_OFFSET = /T.*(?:Z|[+-]\d\d:\d\d)$/i;

/** Undefined for a date or time whose instant depends on where one is. */
function instantOf({ text }: TomlDate): number | undefined {
  const instant = WITH_OFFSET.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(instant) ? undefined : instant;
}
