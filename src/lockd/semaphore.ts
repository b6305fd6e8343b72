/**
 * The slots of one group and who holds them, as airlock keeps them: `{"total_slots":1,"holders":["…"]}`. Pure.
 *
 * Invariants:
 * - Holders are sorted by their bytes, and none is there twice. airlock searches them by halves, and counts them.
 * - A number of slots that is no whole number is no semaphore. Nobody can count up to it.
 */
import { parseJsonText, SMALL_JSON, type JsonLimits } from '../text/bounded-json.ts';
import { MEBIBYTE } from '../text/units.ts';

export interface Semaphore {
  readonly totalSlots: number;
  readonly holders: readonly string[];
}

/** More than etcd keeps below one key. */
const LIMITS: JsonLimits = { ...SMALL_JSON, bytes: 2 * MEBIBYTE, values: 100_000 };

/** `full` means that no slot is left. A holder does not take a second slot. */
export function withHolder(semaphore: Semaphore, id: string): Semaphore | 'full' {
  const { totalSlots, holders } = semaphore;
  if (holders.includes(id)) {
    return semaphore;
  }
  return holders.length >= totalSlots ? 'full' : { totalSlots, holders: sorted([...holders, id]) };
}

export function withoutHolder({ totalSlots, holders }: Semaphore, id: string): Semaphore {
  return { totalSlots, holders: holders.filter((holder) => holder !== id) };
}

export function semaphoreText({ totalSlots, holders }: Semaphore): string {
  return JSON.stringify({ total_slots: totalSlots, holders });
}

/** Throws for any text that is not a semaphore. */
export function parseSemaphore(text: string): Semaphore {
  const json = parseJsonText(text, LIMITS);
  if (typeof json === 'object' && json !== null && 'total_slots' in json && 'holders' in json) {
    const { total_slots: totalSlots } = json;
    // A Go program writes an empty list as null.
    const holders: unknown = json.holders ?? [];
    if (isCount(totalSlots) && Array.isArray(holders)) {
      const names = holders.filter((holder) => typeof holder === 'string');
      if (names.length === holders.length) {
        return { totalSlots, holders: sorted(names) };
      }
    }
  }
  throw new Error(`a semaphore must have total_slots and holders, got ${text.slice(0, 100)}`);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

/** As Go compares texts, which is not how JavaScript does. */
function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
