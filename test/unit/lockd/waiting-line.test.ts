/** The order of nodes that wait, one by one, and over thousands of random stories with several servers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decide, type Decision, type Outcome, type Wish } from '../../../src/lockd/decide.ts';
import { NEW_GROUP, type Group } from '../../../src/lockd/group.ts';
import { keptMsFor, MOST_PLACES, PLACE_MS, WaitingLine } from '../../../src/lockd/waiting-line.ts';

const AT = Date.UTC(2026, 10, 26);
const RETRY_MS = 60_000;
const KEPT_MS = keptMsFor(RETRY_MS);

/** One lock server: its line, in front of a group that it may share. */
class Server {
  readonly line = new WaitingLine();
  readonly #shared: { group: Group };
  readonly #slots: number;

  constructor(shared: { group: Group }, slots: number) {
    this.#shared = shared;
    this.#slots = slots;
  }

  ask(kind: 'take' | 'give-back', id: string, mono: number, closed = false): Outcome {
    const wish: Wish = { kind, id, at: AT + mono, by: '192.0.2.1' };
    const decision: Decision = decide(this.#shared.group, wish, {
      slots: this.#slots,
      closed: closed ? { opensAt: undefined, frozen: undefined } : undefined,
      keptMs: (node, free, holders) => this.line.keptMs(node, free, holders, mono, RETRY_MS),
    });
    this.#shared.group = decision.group;
    this.line.settled(wish, decision.outcome, { at: AT + mono, mono }, RETRY_MS);
    if ((decision.group.semaphore?.holders.length ?? 0) >= this.#slots) {
      this.line.noneFree();
    }
    return decision.outcome;
  }

  take(id: string, mono: number): string {
    return this.ask('take', id, mono).kind;
  }
}

const alone = (slots = 1): Server => new Server({ group: NEW_GROUP }, slots);
const namesOf = ({ line }: Server, mono: number): string[] => line.waiters(mono).map(({ id }) => id);

describe('a slot that becomes free', () => {
  it('is given to the longest waiting that still asks, whoever asks first', () => {
    const server = alone();
    expect([server.take('a', 0), server.take('b', 1), server.take('c', 2), server.take('b', 3)]).toEqual([
      'taken',
      'full',
      'full',
      'full',
    ]);
    expect(server.line.waiters(3)).toEqual([
      { id: 'b', sinceAt: AT + 1 },
      { id: 'c', sinceAt: AT + 2 },
    ]);
    server.ask('give-back', 'a', 4);
    expect([server.take('c', 5), server.take('new', 6), server.take('b', 7)]).toEqual([
      'others-first',
      'others-first',
      'taken',
    ]);
    server.ask('give-back', 'b', 8);
    expect([server.take('new', 9), server.take('c', 10)]).toEqual(['others-first', 'taken']);
  });

  it('among several is kept for as many as come first, and no more', () => {
    const server = alone(2);
    ['a', 'b', 'first', 'second', 'third'].forEach((id, mono) => server.take(id, mono));
    server.ask('give-back', 'a', 10);
    server.ask('give-back', 'b', 11);
    expect([server.take('third', 12), server.take('second', 13)]).toEqual(['others-first', 'taken']);
    expect([server.take('third', 14), server.take('first', 15)]).toEqual(['others-first', 'taken']);
  });

  it('is kept for an absent node for a bounded time, of which others are told; then it is passed over', () => {
    const server = alone();
    ['a', 'gone', 'b'].forEach((id, mono) => server.take(id, mono));
    server.ask('give-back', 'a', 100);
    expect(server.ask('take', 'b', 200)).toEqual({ kind: 'others-first', free: 1, keptMs: KEPT_MS });
    expect(server.ask('take', 'new', 1200)).toMatchObject({ keptMs: KEPT_MS - 1000 });
    expect(server.take('b', 200 + KEPT_MS - 1)).toBe('others-first');
    expect(server.take('new', 200 + KEPT_MS)).toBe('taken');
    // Who asked meanwhile has kept its place; who did not has lost it.
    expect(namesOf(server, 200 + KEPT_MS)).toEqual(['b']);
  });

  it('is kept for nobody who gave up, gave a slot back, or has not asked for too long', () => {
    const server = alone();
    ['a', 'b', 'c', 'd'].forEach((id) => server.take(id, 0));
    server.ask('give-back', 'b', 1);
    server.take('d', PLACE_MS);
    server.ask('give-back', 'a', PLACE_MS);
    expect(namesOf(server, PLACE_MS + 1)).toEqual(['d']);
    expect(server.take('d', PLACE_MS + 1)).toBe('taken');
  });

  it('has no order before anybody was refused', () => {
    const server = alone(2);
    expect([server.take('a', 0), server.take('b', 0)]).toEqual(['taken', 'taken']);
  });
});

describe('a place', () => {
  it('that was lost is a new one at the end', () => {
    const server = alone();
    server.take('a', 0);
    server.take('late', 1);
    server.take('b', PLACE_MS);
    server.take('late', PLACE_MS + 2);
    expect(server.line.waiters(PLACE_MS + 2)).toEqual([
      { id: 'b', sinceAt: AT + PLACE_MS },
      { id: 'late', sinceAt: AT + PLACE_MS + 2 },
    ]);
  });

  it('of a node that a closed group refuses lasts longer, since it is told to come back late', () => {
    const server = alone();
    server.ask('take', 'a', 0, true);
    expect(namesOf(server, 2 * 3_600_000)).toEqual(['a']);
    expect(namesOf(server, 2 * 3_600_000 + 1)).toEqual([]);
  });

  it('is for so many nodes at most, and the absent make room', () => {
    const server = alone();
    server.take('holder', 0);
    for (let index = 0; index < MOST_PLACES + 5; index++) {
      server.take(`node-${index}`, 1);
    }
    expect(namesOf(server, 1)).toHaveLength(MOST_PLACES);
    expect(namesOf(server, 1).at(-1)).toBe(`node-${MOST_PLACES - 1}`);
    server.take('late', PLACE_MS + 2);
    expect(namesOf(server, PLACE_MS + 2)).toEqual(['late']);
  });
});

const STORY = fc.record({
  slots: fc.integer({ min: 1, max: 3 }),
  servers: fc.integer({ min: 1, max: 3 }),
  steps: fc.array(
    fc.record({
      node: fc.integer({ min: 0, max: 7 }),
      server: fc.integer({ min: 0, max: 2 }),
      passedMs: fc.constantFrom(0, 10, 1000, 1000, 20_000, 20_000, 60_000, 300_000),
      /** A server that begins again has forgotten its line. */
      event: fc.constantFrom(...Array<'ask'>(12).fill('ask'), 'give-up', 'back', 'back', 'restart'),
    }),
    { minLength: 20, maxLength: 80, size: 'max' },
  ),
});

it('never lends too much, never keeps a free slot for long, and serves whoever is first', () => {
  const met = { kept: 0, passed: 0, first: 0 };
  fc.assert(
    fc.property(STORY, ({ slots, servers: count, steps }) => {
      const shared = { group: NEW_GROUP };
      const servers = Array.from({ length: count }, () => new Server(shared, slots));
      /** For each server, since when it refuses a free slot. */
      const keptSince = new Map<number, number>();
      let mono = 0;
      for (const { node, server: chosen, passedMs, event } of steps) {
        mono += passedMs;
        const index = chosen % count;
        if (event === 'restart') {
          servers[index] = new Server(shared, slots);
          keptSince.delete(index);
          continue;
        }
        const server = servers[index]!;
        const before = shared.group;
        const held = before.semaphore?.holders ?? [];
        const id = event === 'back' ? (held[node % slots] ?? `node-${node}`) : `node-${node}`;
        const line = namesOf(server, mono);
        const outcome = server.ask(event === 'ask' ? 'take' : 'give-back', id, mono);
        const now = shared.group.semaphore?.holders ?? [];
        expect(now.length).toBeLessThanOrEqual(slots);
        if (now.length >= slots) {
          // It has seen all slots lent: the next one that is free is another story.
          keptSince.delete(index);
        }
        if (event !== 'ask') {
          expect(now).toEqual(held.filter((holder) => holder !== id));
          continue;
        }
        if (held.includes(id)) {
          expect(outcome).toEqual({ kind: 'taken', isNew: false });
        } else if (held.length >= slots) {
          expect(outcome.kind).toBe('full');
        } else if (outcome.kind === 'others-first') {
          met.kept++;
          const since = keptSince.get(index) ?? mono;
          keptSince.set(index, since);
          // A free slot is refused for a bounded time, for the sake of somebody who stands in front, to nobody who is first.
          expect(mono - since).toBeLessThan(KEPT_MS);
          const ahead = line.includes(id) ? line.slice(0, line.indexOf(id)) : line;
          const free = slots - held.length;
          expect(ahead.filter((other) => !held.includes(other)).length).toBeGreaterThanOrEqual(free);
          expect(shared.group).toBe(before);
          // Who asks keeps its place.
          expect(namesOf(server, mono).slice(0, ahead.length + 1)).toEqual([...ahead, id]);
        } else {
          expect(outcome).toEqual({ kind: 'taken', isNew: true });
          met.first += line[0] === id ? 1 : 0;
          met.passed += line.length > 0 && line[0] !== id ? 1 : 0;
        }
      }
    }),
    { numRuns: 1500 },
  );
  // Each of them came about, often.
  expect(Math.min(met.kept, met.passed, met.first)).toBeGreaterThan(500);
});

it('nodes that ask as they are told are served in their order, and each of them is', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: RETRY_MS - 1 }), { minLength: 2, maxLength: 12 }),
      fc.integer({ min: 1, max: 3 }),
      (phases, slots) => {
        const server = alone(slots);
        const first = Array.from({ length: slots }, (_, index) => `holder-${index}`);
        first.forEach((id) => server.take(id, 0));
        // Each asks once a round, at its phase; a holder is down for a round and gives back at its phase.
        const nodes = phases
          .map((phase, index) => ({ id: `node-${index}`, phase }))
          .toSorted((a, b) => a.phase - b.phase);
        const expected = nodes.map(({ id }) => id);
        const served: string[] = [];
        let down = first.map((id) => ({ id, backMono: 2 * RETRY_MS }));
        for (let round = 1; round < 60 && served.length < nodes.length; round++) {
          for (const { id, phase } of nodes.filter((node) => !served.includes(node.id))) {
            const mono = round * RETRY_MS + phase;
            for (const holder of down.filter(({ backMono }) => backMono <= mono)) {
              server.ask('give-back', holder.id, mono);
            }
            down = down.filter(({ backMono }) => backMono > mono);
            if (server.take(id, mono) === 'taken') {
              served.push(id);
              down.push({ id, backMono: mono + RETRY_MS });
            }
          }
        }
        expect(served.toSorted()).toEqual(expected.toSorted());
        // Several slots may be taken by their owners in any order.
        served.forEach((id, index) => expect(Math.abs(expected.indexOf(id) - index)).toBeLessThan(slots));
      },
    ),
    { numRuns: 1000 },
  );
});
