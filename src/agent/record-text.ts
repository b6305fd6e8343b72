/**
 * The record as text and back. Pure: src/system/record-store.ts reads and writes the file.
 *
 * Invariants: whatever text is given, reading ends in a record or in undefined, never in an exception; entries that are
 * not what they should be are left out one by one; `fromText(toText(record))` is the record.
 */
import {
  DENIAL_REASONS,
  EMPTY_RECORD,
  MOST_EVENTS,
  type AgentRecord,
  type Asked,
  type Attempts,
  type Denial,
  type HistoryEvent,
  type Target,
} from './record.ts';
import { SCHEMES } from './release.ts';

/** A later format says so here; this one then starts anew rather than misread it. */
const FORMAT = 1;
const LONGEST_TEXT = 2000;
const LONGEST_LIST = 1000;

export function toText(record: AgentRecord): string {
  return `${JSON.stringify({ format: FORMAT, ...record }, undefined, 1)}\n`;
}

/** Undefined: this is no record of ours. */
export function fromText(text: string): AgentRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isTable(value) || value['format'] !== FORMAT) return undefined;
  return {
    ...EMPTY_RECORD,
    denials: list(value['denials'], denial),
    boots: list(value['boots'], target),
    attempts: list(value['attempts'], attempts),
    asked: asked(value['asked']),
    staged: isTable(value['staged']) ? target(value['staged']) : undefined,
    events: list(value['events'], event).slice(-MOST_EVENTS),
  };
}

type Table = Readonly<Record<string, unknown>>;

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list<T>(value: unknown, read: (entry: Table) => T | undefined): T[] {
  if (!Array.isArray(value)) return [];
  const entries: readonly unknown[] = value;
  return entries.slice(-LONGEST_LIST).flatMap((entry) => {
    const good = isTable(entry) ? read(entry) : undefined;
    return good === undefined ? [] : [good];
  });
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= LONGEST_TEXT ? value : undefined;
}

/** Instants and counts: whole and not negative. */
function whole(value: unknown): number | undefined {
  // Adding 0 makes a plain zero of a negative one.
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value + 0 : undefined;
}

function target(value: Table): Target | undefined {
  const payload = value['payload'];
  if (!isTable(payload)) return undefined;
  const scheme = SCHEMES.find((known) => known === payload['scheme']);
  const id = text(payload['value']);
  const version = text(value['version']);
  return scheme === undefined || id === undefined || version === undefined
    ? undefined
    : { payload: { scheme, value: id }, version };
}

function denial(value: Table): Denial | undefined {
  const of = target(value);
  const reason = DENIAL_REASONS.find((known) => known === value['reason']);
  const sinceAt = whole(value['sinceAt']);
  const strikes = whole(value['strikes']);
  const untilAt = whole(value['untilAt']);
  if (of === undefined || reason === undefined || sinceAt === undefined || strikes === undefined)
    return undefined;
  if (value['untilAt'] !== undefined && untilAt === undefined) return undefined;
  return { ...of, reason, sinceAt, ...(untilAt === undefined ? {} : { untilAt }), strikes };
}

function attempts(value: Table): Attempts | undefined {
  const of = target(value);
  const stages = whole(value['stages']);
  const reboots = whole(value['reboots']);
  const sinceAt = whole(value['sinceAt']);
  if (of === undefined || stages === undefined || reboots === undefined || sinceAt === undefined)
    return undefined;
  return { ...of, stages, reboots, sinceAt };
}

function asked(value: unknown): Asked | undefined {
  if (!isTable(value)) return undefined;
  const of = target(value);
  const at = whole(value['at']);
  const bootId = text(value['bootId']);
  return of === undefined || at === undefined || bootId === undefined ? undefined : { ...of, at, bootId };
}

function event(value: Table): HistoryEvent | undefined {
  const at = whole(value['at']);
  const said = text(value['text']);
  return at === undefined || said === undefined ? undefined : { at, text: said };
}
