/**
 * Parses time zone files (TZif, RFC 8536) as the system's tzdata package installs them. Pure: bytes in, rules out.
 *
 * Invariants:
 * - A malformed file is refused with a sentence that says where the fault is.
 * - Nothing outside the given bytes is read.
 * - Instants after the last transition follow the rule in the footer.
 */
import { SECOND_MS } from '../text/units.ts';
import { countUpTo } from './count-up-to.ts';
import { parsePosixRule } from './posix-rule.ts';
import { LARGEST_OFFSET_MS, rememberingZone, type OffsetPeriod, type ZoneRules } from './zone-rules.ts';

const HEADER_BYTES = 44;
const TYPE_BYTES = 6;
const MAGIC = 0x54_5a_69_66;
/** The largest file of tzdata has fewer than 300. A file with more than this is not a time zone. */
const MOST_TRANSITIONS = 10_000;

interface Header {
  readonly hasSecondPart: boolean;
  readonly isutCount: number;
  readonly isstdCount: number;
  readonly leapCount: number;
  readonly timeCount: number;
  readonly typeCount: number;
  readonly charCount: number;
}

interface LocalTimeType {
  readonly offsetMs: number;
  readonly abbreviation: string;
}

export class TzifError extends Error {
  override readonly name = 'TzifError';
}

/** `name`: of the zone, for people. Throws TzifError, or SyntaxError for a malformed footer. */
export function parseTzif(name: string, bytes: Uint8Array): ZoneRules {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = readHeader(view, 0);
  // Version 1 has only 32-bit times. All files made in this century have a second part with 64-bit times.
  if (!first.hasSecondPart) {
    return zoneOf(name, readBody(view, HEADER_BYTES, first, 4), '');
  }
  const secondAt = HEADER_BYTES + bodyLength(first, 4);
  const second = readHeader(view, secondAt);
  const body = readBody(view, secondAt + HEADER_BYTES, second, 8);
  return zoneOf(name, body, readFooter(bytes, secondAt + HEADER_BYTES + bodyLength(second, 8)));
}

function readHeader(view: DataView, at: number): Header {
  if (at + HEADER_BYTES > view.byteLength) {
    throw new TzifError(`a header must stand at byte ${at}, got the end of the file`);
  }
  if (view.getUint32(at) !== MAGIC) {
    throw new TzifError(`"TZif" must stand at byte ${at}`);
  }
  const version = view.getUint8(at + 4);
  if (version !== 0 && version < 0x32) {
    throw new TzifError(`the version must be 0 or a digit from 2 on`);
  }
  const count = (index: number): number => view.getUint32(at + 20 + 4 * index);
  const header: Header = {
    hasSecondPart: version !== 0,
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
    typeCount * TYPE_BYTES +
    charCount +
    leapCount * (timeBytes + 4) +
    isstdCount +
    isutCount
  );
}

function readFooter(bytes: Uint8Array, at: number): string {
  const end = bytes.indexOf(0x0a, at + 1);
  if (bytes[at] !== 0x0a || end < 0) {
    throw new TzifError(`a footer between two line feeds must stand at byte ${at}`);
  }
  return new TextDecoder('latin1').decode(bytes.subarray(at + 1, end));
}

interface Body {
  /** Applies before the first transition. */
  readonly initial: LocalTimeType;
  readonly transitions: readonly { readonly at: number; readonly to: LocalTimeType }[];
}

function readBody(view: DataView, at: number, header: Header, timeBytes: 4 | 8): Body {
  if (at + bodyLength(header, timeBytes) > view.byteLength) {
    throw new TzifError('the data must be as long as the header says, got the end of the file');
  }
  if (header.leapCount > 0) {
    throw new TzifError('the times must be without leap seconds (no "right/" zone)');
  }
  const indexAt = at + header.timeCount * timeBytes;
  const types = readTypes(view, indexAt + header.timeCount, header);
  const transitions: { at: number; to: LocalTimeType }[] = [];
  for (let index = 0; index < header.timeCount; index++) {
    const place = at + index * timeBytes;
    const instant = (timeBytes === 8 ? Number(view.getBigInt64(place)) : view.getInt32(place)) * SECOND_MS;
    const to = types[view.getUint8(indexAt + index)];
    if (to === undefined) {
      throw new TzifError(`transition ${index} must name a type that exists`);
    }
    if (instant <= (transitions.at(-1)?.at ?? Number.NEGATIVE_INFINITY)) {
      throw new TzifError(`transition ${index} must come after the one before`);
    }
    transitions.push({ at: instant, to });
  }
  const [initial] = types;
  if (initial === undefined) {
    throw new TzifError('there must be a type');
  }
  return { initial, transitions };
}

function readTypes(view: DataView, at: number, { typeCount, charCount }: Header): LocalTimeType[] {
  const textAt = at + typeCount * TYPE_BYTES;
  const text = new TextDecoder('latin1').decode(
    new Uint8Array(view.buffer, view.byteOffset + textAt, charCount),
  );
  return Array.from({ length: typeCount }, (_, type) => {
    const place = at + type * TYPE_BYTES;
    const offsetMs = view.getInt32(place) * SECOND_MS;
    if (Math.abs(offsetMs) >= LARGEST_OFFSET_MS) {
      throw new TzifError(`type ${type} must have an offset below 26 hours, got ${offsetMs} ms`);
    }
    const name = /^[A-Za-z0-9+-]{1,16}(?=\0)/.exec(text.slice(view.getUint8(place + 5)));
    if (name === null) {
      throw new TzifError(`type ${type} must have an abbreviation`);
    }
    return { offsetMs, abbreviation: name[0] };
  });
}

function zoneOf(name: string, { initial, transitions }: Body, footer: string): ZoneRules {
  const rule = footer === '' ? undefined : parsePosixRule(footer);
  const instants = transitions.map(({ at }) => at);
  const lastAt = instants.at(-1) ?? Number.NEGATIVE_INFINITY;
  return rememberingZone(name, (instant) => {
    if (rule !== undefined && instant >= lastAt) {
      return cutAt(rule(instant), lastAt);
    }
    const next = countUpTo(instants, instant);
    const since = transitions[next - 1];
    return {
      fromAt: since?.at ?? Number.NEGATIVE_INFINITY,
      untilAt: transitions[next]?.at ?? Number.POSITIVE_INFINITY,
      ...(since?.to ?? initial),
    };
  });
}

function cutAt(period: OffsetPeriod, fromAt: number): OffsetPeriod {
  return period.fromAt >= fromAt ? period : { ...period, fromAt };
}
