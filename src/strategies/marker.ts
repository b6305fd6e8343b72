/**
 * Strategy `marker`: a reboot is allowed while a permission file exists. Whoever can write the file decides when this
 * node reboots, so it counts only where nobody but its owner can have written it. The judgement is pure.
 *
 * Invariants:
 * - The file allows only if it is empty, or TOML with `not_after` alone, and in its owner's hand alone.
 * - Everything else blocks and says why, also a file that cannot be read. So the verdict `unknown` comes only of a disk that hangs. It holds the reboot until the file can be looked at again,
 *   however long that takes.
 */
import type { GateQuestion, GateReport } from '../agent/ports.ts';
import { longDate } from '../text/long-date.ts';
import { TomlDate, parseToml } from '../config/toml.ts';
import { messageOf, printable } from '../errors.ts';
import { gate, type Gate } from '../gates/gate.ts';
import { OBSERVED, openUntil, type Timing } from '../gates/timing.ts';
import { block, pass } from '../gates/verdict.ts';
import { modeText } from '../text/mode-text.ts';

const NAME = 'marker';

/** A date needs far less; a longer file is in the wrong place. */
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

export interface MarkerRules {
  /** As the host sees it, for people. */
  readonly path: string;
  /** Whose file it must be. */
  readonly ownerUid: number;
}

export interface MarkerOptions {
  readonly path: string;
  /** Whose file it must be; root unless a test says otherwise. */
  readonly ownerUid?: number;
  /** Looks at `path`. Whatever is wrong with it is a reading, never a rejection. */
  readonly read: () => Promise<MarkerReading>;
}

export function markerGate({ path, read, ownerUid = 0 }: MarkerOptions): Gate {
  return gate({
    name: NAME,
    observe: read,
    judge: (reading, question) => judgeMarker(reading, question, { path, ownerUid }),
    timing: (reading, question) => timeMarker(judgeMarker(reading, question, { path, ownerUid })),
  });
}

const WRITABLE_BY_OTHERS = 0o022;

export function judgeMarker(
  reading: MarkerReading,
  { at }: GateQuestion,
  { path, ownerUid }: MarkerRules,
): GateReport {
  const shown = printable(path);
  const evidence = { path: shown, found: reading.kind };
  const refuse = (what: string): GateReport =>
    block(NAME, 'marker_refused', `no permission to reboot: ${shown} must ${what}`, { evidence });
  switch (reading.kind) {
    case 'missing':
      return block(NAME, 'marker_missing', `no permission to reboot: ${shown} must exist`, { evidence });
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
        return refuse(`not be writable by group or others, got mode ${modeText(reading.mode)}`);
      }
      // The second name can be in somebody else's hand: a link to any other file of root.
      if (reading.links > 1) {
        return refuse(`have no other name, got ${reading.links} hard links`);
      }
      if (reading.bytes.length > MAX_MARKER_BYTES) {
        return refuse(`be at most ${MAX_MARKER_BYTES} bytes long`);
      }
      return judgeContents(reading.bytes, shown, at);
  }
}

function judgeContents(bytes: Uint8Array, shown: string, at: number): GateReport {
  const found = { path: shown, found: 'file' };
  let notAfterAt: number | undefined;
  try {
    notAfterAt = parseMarker(bytes, shown);
  } catch (error) {
    const reason = `no permission to reboot: ${messageOf(error)}`;
    return block(NAME, 'marker_refused', reason, { evidence: found });
  }
  if (notAfterAt === undefined) {
    return pass(NAME, 'marker', `${shown} allows it`, { evidence: found });
  }
  const evidence = { ...found, notAfterAt };
  if (at > notAfterAt) {
    const reason = `no permission to reboot: ${shown} expired on ${longDate(notAfterAt)}`;
    return block(NAME, 'marker_expired', reason, { evidence });
  }
  // The instant itself still allows.
  const passEndsAt = notAfterAt + 1;
  return pass(NAME, 'marker', `${shown} allows it until ${longDate(notAfterAt)}`, { evidence, passEndsAt });
}

/**
 * A file that allows until an instant, or has done so, is taken to stay as it is. Anything else may change at any time.
 */
export function timeMarker({ evidence }: GateReport): Timing {
  const notAfterAt = evidence?.['notAfterAt'];
  return typeof notAfterAt === 'number' ? openUntil(notAfterAt + 1) : OBSERVED;
}

/** The last instant at which the file allows, milliseconds since 1970 UTC; undefined: it always does. Throws what is wrong with the file. */
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

const WITH_OFFSET = /T.*(?:Z|[+-]\d\d:\d\d)/i;

/** Undefined for a local date or time: its instant depends on a time zone. */
function instantOf({ text }: TomlDate): number | undefined {
  const instant = WITH_OFFSET.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(instant) ? undefined : instant;
}
