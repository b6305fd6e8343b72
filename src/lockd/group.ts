/**
 * All that is kept of one group: airlock's semaphore, and beside it what airlock does not know. Pure.
 *
 * Invariants:
 * - What is beside the semaphore never decides who holds a slot.
 * - A holder that another program wrote has no instant. One that another program dropped leaves none behind.
 * - Keys that a later version wrote are kept.
 * - The answers to people's latest requests are kept, so that one that comes twice is done once.
 */
import { parseJsonText, SMALL_JSON, type JsonLimits } from '../text/bounded-json.ts';
import { MEBIBYTE } from '../text/units.ts';
import type { Semaphore } from './semaphore.ts';

/** Why a group lends nothing for now. */
export interface Pause {
  /** Wall clock of the server, milliseconds. */
  readonly at: number;
  readonly by: string;
  /** Empty: none was given. */
  readonly reason: string;
  /** The node that did not come back, where the group has paused itself. A person's later words leave it. */
  readonly lost?: string;
}

/** What a person's request came to. */
export interface Answered {
  /** A word that no other request has. */
  readonly nonce: string;
  /** Whether it changed anything. */
  readonly isNew: boolean;
}

/** Answers that are kept. A request is repeated within seconds, and people are few. */
export const MOST_ANSWERED = 16;

export interface Details {
  /** Number of the next entry of the history. */
  readonly nextEntry: number;
  /** When each holder took its slot: wall clock of the server, milliseconds. */
  readonly since: ReadonlyMap<string, number>;
  readonly pause: Pause | undefined;
  /** Holds that pause the group no more: who holds, and since when. */
  readonly excused: ReadonlyMap<string, number>;
  /** The latest last. */
  readonly answered: readonly Answered[];
  /** Of another version. */
  readonly others: Readonly<Record<string, unknown>>;
}

export interface Group {
  /** Undefined: the group was never written. */
  readonly semaphore: Semaphore | undefined;
  readonly details: Details;
}

export const NO_DETAILS: Details = {
  nextEntry: 0,
  since: new Map(),
  pause: undefined,
  excused: new Map(),
  answered: [],
  others: {},
};
export const NEW_GROUP: Group = { semaphore: undefined, details: NO_DETAILS };

const LIMITS: JsonLimits = { ...SMALL_JSON, bytes: 2 * MEBIBYTE, values: 200_000, keys: 100_000 };

export function detailsText({ nextEntry, since, pause, excused, answered, others }: Details): string {
  return JSON.stringify({
    ...others,
    next_entry: nextEntry,
    since: Object.fromEntries(since),
    ...(pause !== undefined && { pause }),
    ...(excused.size > 0 && { excused: Object.fromEntries(excused) }),
    ...(answered.length > 0 && { answered: answered.map(({ nonce, isNew }) => [nonce, isNew]) }),
  });
}

/** Throws for any text that is none of {@link detailsText}. */
export function parseDetails(text: string): Details {
  const json = parseJsonText(text, LIMITS);
  if (isObject(json)) {
    const { next_entry: nextEntry, since, pause, excused, answered, ...others } = json;
    const instants = isObject(since) ? Object.entries(since) : undefined;
    if (isInstant(nextEntry) && instants?.every(isDated) === true) {
      return {
        nextEntry,
        since: new Map(instants),
        pause: pauseOf(pause),
        excused: excusedOf(excused),
        answered: answeredOf(answered),
        others,
      };
    }
  }
  throw new Error(`details of a group must have next_entry and since, got ${text.slice(0, 100)}`);
}

/** A pause that cannot be read is one. Its words are lost, and nothing is lent. */
function pauseOf(json: unknown): Pause | undefined {
  if (json === undefined) {
    return undefined;
  }
  const { at, by, reason, lost } = isObject(json) ? json : {};
  return {
    at: isInstant(at) ? at : 0,
    by: typeof by === 'string' ? by : 'somebody',
    reason: typeof reason === 'string' ? reason : '',
    ...(typeof lost === 'string' && { lost }),
  };
}

/** What cannot be read excuses nobody. */
function excusedOf(json: unknown): ReadonlyMap<string, number> {
  return new Map(isObject(json) ? Object.entries(json).filter(isDated) : []);
}

/** Without those that cannot be read: they would only spare a repetition. */
function answeredOf(json: unknown): readonly Answered[] {
  return (Array.isArray(json) ? json : []).flatMap((pair: unknown) => {
    const parts: readonly unknown[] = Array.isArray(pair) ? pair : [];
    const [nonce, isNew] = parts;
    return typeof nonce === 'string' && typeof isNew === 'boolean' ? [{ nonce, isNew }] : [];
  });
}

function isDated(entry: [string, unknown]): entry is [string, number] {
  return isInstant(entry[1]);
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
