/**
 * Time zone files (TZif, RFC 8536) as the system's tzdata package installs them. Pure: bytes in, rules out.
 *
 * Invariants: a file that is not well-formed is refused with a sentence that says where; nothing outside the given bytes
 * is read; instants after the last transition follow the footer's rule.
 */
import { parsePosixRule } from './posix-rule.ts';
import type { ZoneRules } from './zone-rules.ts';

const HEADER_BYTES = 44;
const SECOND_MS = 1000;
/** tzdata's largest file has fewer than 300; a file with more than this is not a time zone. */
const MOST_TRANSITIONS = 100_000;

interface Header {
  readonly version: number;
  readonly isutCount: number;
  readonly isstdCount: number;
  readonly leapCount: number;
  readonly timeCount: number;
  readonly typeCount: number;
  readonly charCount: number;
}

export class TzifError extends Error {}

export function parseTzif(name: string, bytes: Uint8Array): ZoneRules {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = readHeader(view, 0);
  // Version 1 data has 32-bit times; everything made in this century carries a second, 64-bit part.
  if (first.version < 2) return readBody(name, view, HEADER_BYTES, first, 4, undefined);
  const secondAt = HEADER_BYTES + bodyLength(first, 4);
  const second = readHeader(view, secondAt);
  const footerAt = secondAt + HEADER_BYTES + bodyLength(second, 8);
  return readBody(name, view, secondAt + HEADER_BYTES, second, 8, readFooter(bytes, footerAt));
}

function readHeader(view: DataView, at: number): Header {
  if (at + HEADER_BYTES > view.byteLength)
    throw new TzifError(`a header must stand at byte ${at}, got the end of the file`);
  if (view.getUint32(at) !== 0x54_5a_69_66) throw new TzifError(`"TZif" must stand at byte ${at}`);
  const version = view.getUint8(at + 4);
  const count = (index: number): number => view.getUint32(at + 20 + 4 * index);
  const header: Header = {
    version: version === 0 ? 1 : version - 0x30,
    isutCount: count(0),
    isstdCount: count(1),
    leapCount: count(2),
    timeCount: count(3),
    typeCount: count(4),
    charCount: count(5),
  };
  if (header.timeCount > MOST_TRANSITIONS || header.typeCount === 0 || header.typeCount > 256) {
    throw new TzifError(
      `counts must be those of a time zone, got ${header.timeCount} transitions, ${header.typeCount} types`,
    );
  }
  return header;
}

function bodyLength(header: Header, timeBytes: number): number {
  const { timeCount, typeCount, charCount, leapCount, isstdCount, isutCount } = header;
  return (
    timeCount * (timeBytes + 1) +
    typeCount * 6 +
    charCount +
    leapCount * (timeBytes + 4) +
    isstdCount +
    isutCount
  );
}

function readFooter(bytes: Uint8Array, at: number): string {
  const end = bytes.indexOf(0x0a, at + 1);
  if (bytes[at] !== 0x0a || end < 0)
    throw new TzifError(`a footer between two line feeds must stand at byte ${at}`);
  return new TextDecoder('latin1').decode(bytes.subarray(at + 1, end));
}

function readBody(
  name: string,
  view: DataView,
  at: number,
  header: Header,
  timeBytes: 4 | 8,
  footer: string | undefined,
): ZoneRules {
  if (at + bodyLength(header, timeBytes) > view.byteLength)
    throw new TzifError('the file ends before its data');
  const times: number[] = [];
  for (let index = 0; index < header.timeCount; index++) {
    const place = at + index * timeBytes;
    times.push((timeBytes === 8 ? Number(view.getBigInt64(place)) : view.getInt32(place)) * SECOND_MS);
  }
  const indexAt = at + header.timeCount * timeBytes;
  const typesAt = indexAt + header.timeCount;
  const offsets: number[] = [];
  let standard: number | undefined;
  for (let type = 0; type < header.typeCount; type++) {
    const offset = view.getInt32(typesAt + type * 6) * SECOND_MS;
    offsets.push(offset);
    if (standard === undefined && view.getUint8(typesAt + type * 6 + 4) === 0) standard = offset;
  }
  const inForce = times.map((_, index) => {
    const offset = offsets[view.getUint8(indexAt + index)];
    if (offset === undefined) throw new TzifError(`transition ${index} must name a type that exists`);
    return offset;
  });
  const rule = footer === undefined || footer === '' ? undefined : parsePosixRule(footer);
  const beforeAll = offsets[0] ?? standard ?? 0;
  return { name, offsetAt: (instant) => lookUp(instant, times, inForce, beforeAll, rule) };
}

function lookUp(
  instant: number,
  times: readonly number[],
  inForce: readonly number[],
  beforeAll: number,
  rule: ((instantMs: number) => number) | undefined,
): number {
  const last = times.at(-1);
  if (rule !== undefined && (last === undefined || instant >= last)) return rule(instant);
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? Number.POSITIVE_INFINITY) <= instant) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? beforeAll : (inForce[low - 1] ?? beforeAll);
}
