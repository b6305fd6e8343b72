/**
 * What clients of a lock server saw, and whether any server that keeps its word could have said it. Pure.
 *
 * Invariants:
 * - Nothing but intervals is used: when a request was sent, and when its answer was there.
 * - A hold is certain from the answer that grants it until its client asks to give it back. It is possible from the
 *   request that may have taken it until the answer that says it is given back.
 * - What is certain is never too much, and what is refused has a reason among what is possible.
 */

/** Of `performance.now()`, milliseconds. */
interface Interval {
  readonly askedMono: number;
  readonly answeredMono: number;
}

/** `unknown`: no answer, or one that leaves open whether it happened, or still will. */
export type ClientRequest = Interval & { readonly client: string } & (
    | { readonly kind: 'lock'; readonly answer: 'granted' | 'full' | 'not-taken' | 'unknown' }
    | { readonly kind: 'unlock'; readonly answer: 'freed' | 'unknown' }
  );

/** Somebody read the store. */
export interface Look extends Interval {
  readonly holders: readonly string[];
}

export interface LockHistory {
  readonly slots: number;
  /** Those of one client follow one another. */
  readonly requests: readonly ClientRequest[];
  readonly looks: readonly Look[];
}

interface Hold {
  readonly fromMono: number;
  readonly untilMono: number;
}

interface Holds {
  readonly certain: Hold[];
  readonly possible: Hold[];
}

/** One sentence for each thing that cannot be; at most a few of a kind. */
export function violationsOf({ slots, requests, looks }: LockHistory): readonly string[] {
  const found: string[] = [];
  const holds = new Map<string, Holds>();
  for (const [client, own] of Map.groupBy(requests, (request) => request.client)) {
    holds.set(
      client,
      holdsOf(own, (text) => found.push(text)),
    );
  }
  const all = [...holds.values()];
  const most = Math.max(0, ...countsOf(all.flatMap(({ certain }) => certain)).map(({ count }) => count));
  if (most > slots) {
    found.push(`${most} clients are certain to hold one of ${slots} slots`);
  }
  found.push(...baselessRefusals(slots, requests, holds));
  found.push(...wrongLooks(slots, looks, holds));
  return found;
}

function holdsOf(own: readonly ClientRequest[], say: (text: string) => void): Holds {
  const holds: Holds = { certain: [], possible: [] };
  let certainMono: number | undefined;
  let possibleMono: number | undefined;
  for (const request of own.toSorted((a, b) => a.askedMono - b.askedMono)) {
    if (request.kind === 'lock') {
      if (certainMono !== undefined && request.answer === 'full') {
        say(`${request.client} has lost its slot without asking`);
      }
      if (request.answer === 'granted') {
        certainMono ??= request.answeredMono;
      }
      if (request.answer === 'granted' || request.answer === 'unknown') {
        possibleMono ??= request.askedMono;
      }
      continue;
    }
    if (certainMono !== undefined) {
      holds.certain.push({ fromMono: certainMono, untilMono: request.askedMono });
      certainMono = undefined;
    }
    if (request.answer === 'freed' && possibleMono !== undefined) {
      holds.possible.push({ fromMono: possibleMono, untilMono: request.answeredMono });
      possibleMono = undefined;
    }
  }
  if (certainMono !== undefined) {
    holds.certain.push({ fromMono: certainMono, untilMono: Infinity });
  }
  if (possibleMono !== undefined) {
    holds.possible.push({ fromMono: possibleMono, untilMono: Infinity });
  }
  return holds;
}

interface Count {
  readonly fromMono: number;
  readonly count: number;
}

/** How many hold from each instant on. A hold that begins as another one ends is not beside it. */
function countsOf(holds: readonly Hold[]): readonly Count[] {
  const changes = holds.flatMap(({ fromMono, untilMono }) => [
    { atMono: fromMono, by: 1 },
    { atMono: untilMono, by: -1 },
  ]);
  let count = 0;
  return changes
    .toSorted((a, b) => a.atMono - b.atMono || a.by - b.by)
    .map(({ atMono, by }) => ({ fromMono: atMono, count: (count += by) }));
}

/** "Full" needs an instant within the request at which others may have held every slot. */
function baselessRefusals(
  slots: number,
  requests: readonly ClientRequest[],
  holds: ReadonlyMap<string, Holds>,
): readonly string[] {
  const counts = countsOf([...holds.values()].flatMap(({ possible }) => possible));
  return requests
    .filter((request) => request.kind === 'lock' && request.answer === 'full')
    .filter((request) => {
      const own = holds.get(request.client)?.possible.some((hold) => meets(hold, request)) === true ? 1 : 0;
      return mostWithin(counts, request) - own < slots;
    })
    .map(
      ({ client, askedMono }) =>
        `${client} is told "full" at ${askedMono.toFixed(1)} ms, when a slot is certain to be free`,
    );
}

function mostWithin(counts: readonly Count[], { askedMono, answeredMono }: Interval): number {
  let [low, high] = [0, counts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    [low, high] = (counts[middle]?.fromMono ?? Infinity) < askedMono ? [middle + 1, high] : [low, middle];
  }
  let most = counts[low - 1]?.count ?? 0;
  for (let index = low; (counts[index]?.fromMono ?? Infinity) <= answeredMono; index++) {
    most = Math.max(most, counts[index]?.count ?? 0);
  }
  return most;
}

function wrongLooks(
  slots: number,
  looks: readonly Look[],
  holds: ReadonlyMap<string, Holds>,
): readonly string[] {
  return looks.flatMap((look) => {
    const listed = new Set(look.holders);
    const tooMany =
      look.holders.length > slots ? [`the store lends ${look.holders.length} of ${slots} slots`] : [];
    const strangers = look.holders
      .filter((id) => holds.get(id)?.possible.some((hold) => meets(hold, look)) !== true)
      .map((id) => `the store has ${id}, which has given its slot back`);
    const missing = [...holds]
      .filter(([id, { certain }]) => !listed.has(id) && certain.some((hold) => covers(hold, look)))
      .map(([id]) => `the store has lost ${id}, which is certain to hold a slot`);
    return [...tooMany, ...strangers, ...missing];
  });
}

function meets({ fromMono, untilMono }: Hold, { askedMono, answeredMono }: Interval): boolean {
  return fromMono <= answeredMono && untilMono >= askedMono;
}

function covers({ fromMono, untilMono }: Hold, { askedMono, answeredMono }: Interval): boolean {
  return fromMono <= askedMono && untilMono >= answeredMono;
}
