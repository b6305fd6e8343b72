/**
 * The slots of one group and who holds them. Its text has airlock's form:
 * `{"total_slots":1,"holders":["…"]}`, with sorted holders. Pure.
 */

export interface Semaphore {
  readonly totalSlots: number;
  readonly holders: readonly string[];
}

/** `full` means that no slot is left. A holder does not take a second slot. */
export function withHolder(semaphore: Semaphore, id: string): Semaphore | 'full' {
  const { totalSlots, holders } = semaphore;
  if (holders.includes(id)) {
    return semaphore;
  }
  return holders.length >= totalSlots ? 'full' : { totalSlots, holders: [...holders, id].toSorted() };
}

export function withoutHolder({ totalSlots, holders }: Semaphore, id: string): Semaphore {
  return { totalSlots, holders: holders.filter((holder) => holder !== id) };
}

export function semaphoreText({ totalSlots, holders }: Semaphore): string {
  return JSON.stringify({ total_slots: totalSlots, holders });
}

/** Throws for any text that is not a semaphore. */
export function parseSemaphore(text: string): Semaphore {
  const json: unknown = JSON.parse(text);
  if (typeof json === 'object' && json !== null && 'total_slots' in json && 'holders' in json) {
    const { total_slots: totalSlots } = json;
    // A Go program writes an empty list as null.
    const holders: unknown = json.holders ?? [];
    if (typeof totalSlots === 'number' && Array.isArray(holders)) {
      const names = holders.filter((holder) => typeof holder === 'string');
      if (names.length === holders.length) {
        return { totalSlots, holders: names };
      }
    }
  }
  throw new Error(`a semaphore must have total_slots and holders, got ${text.slice(0, 100)}`);
}
