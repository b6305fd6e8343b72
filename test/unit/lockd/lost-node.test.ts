/** A group that pauses itself when a node does not come back, one by one, and over thousands of random stories. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decide, type Decision, type Wish } from '../../../src/lockd/decide.ts';
import { detailsText, NEW_GROUP, parseDetails, type Group } from '../../../src/lockd/group.ts';
import { lostNode } from '../../../src/lockd/lost-node.ts';

const AT = Date.UTC(2026, 10, 26);
const LIMIT_MS = 1_800_000;
const TERMS = { slots: 2, pauseIfHeldMs: LIMIT_MS };
const LATE = AT + LIMIT_MS + 1;

const by = (at: number) => ({ at, by: '192.0.2.1' });
const take = (id: string, at = AT): Wish => ({ kind: 'take', id, ...by(at) });
const giveBack = (id: string, at = AT): Wish => ({ kind: 'give-back', id, ...by(at) });
const watch = (at: number): Wish => ({ kind: 'watch', ...by(at) });
let nonces = 0;
/** A request that nobody has made before. */
const nonce = (): string => `n-${nonces++}`;
const pause = (at: number): Wish => ({
  kind: 'pause',
  reason: 'release week',
  nonce: nonce(),
  at,
  by: 'ann',
});
const resume = (at: number): Wish => ({ kind: 'resume', reason: '', nonce: nonce(), at, by: 'ann' });

/** As the next server or the next life reads it. */
function stored({ semaphore, details }: Group): Group {
  return { semaphore, details: parseDetails(detailsText(details)) };
}
function after(...wishes: readonly Wish[]): Group {
  return wishes.reduce((group, wish) => stored(decide(group, wish, TERMS).group), NEW_GROUP);
}
const told = (group: Group, wish: Wish): Decision => decide(group, wish, TERMS);
const reason = 'node a took a slot at 2026-11-26T00:00:00Z and has not come back within 1800 s';

describe('a node that does not come back', () => {
  it('pauses its group by itself, with the reason in the history', () => {
    const group = after(take('a'));
    expect(told(group, watch(AT + LIMIT_MS))).toMatchObject({
      outcome: { kind: 'done', isNew: false },
      isWritten: false,
    });
    const watched = told(group, watch(LATE));
    expect(watched).toMatchObject({
      outcome: { kind: 'done', isNew: true },
      entries: [{ kind: 'paused', id: 'a', by: 'lockd', text: reason }],
      isWritten: true,
    });
    expect(watched.group.details.pause).toEqual({ at: LATE, by: 'lockd', reason, lost: 'a' });
    expect(watched.group.semaphore).toEqual(group.semaphore);
  });

  it('has others refused from that instant on, although nobody has written the pause', () => {
    const group = after(take('a'));
    expect(told(group, take('b', LATE))).toEqual({
      outcome: { kind: 'paused', pause: { at: LATE, by: 'lockd', reason, lost: 'a' } },
      group,
      entries: [],
      isWritten: false,
    });
    expect(told(group, take('a', LATE)).outcome).toEqual({ kind: 'taken', isNew: false });
  });

  it('pauses once, whoever looks next, and not where a person has paused already', () => {
    expect(told(after(take('a'), watch(LATE)), watch(LATE + 1)).isWritten).toBe(false);
    expect(told(after(take('a'), pause(AT + 1)), watch(LATE)).isWritten).toBe(false);
  });

  it('pauses also where it comes back too late, before anybody has looked', () => {
    const back = told(after(take('a')), giveBack('a', LATE));
    expect(back.entries).toMatchObject([
      { kind: 'paused', id: 'a' },
      { kind: 'given-back', id: 'a' },
    ]);
    expect(back.group).toMatchObject({ semaphore: { holders: [] }, details: { pause: { lost: 'a' } } });
  });

  it('that comes back in time pauses nothing', () => {
    expect(told(after(take('a'), giveBack('a', AT + LIMIT_MS)), watch(LATE)).isWritten).toBe(false);
  });

  it('that another program wrote pauses nothing, and neither does one of a group without a limit', () => {
    const foreign: Group = { ...NEW_GROUP, semaphore: { totalSlots: 2, holders: ['x'] } };
    expect(told(foreign, watch(LATE)).isWritten).toBe(false);
    expect(decide(after(take('a')), watch(LATE), { slots: 2 }).isWritten).toBe(false);
  });
});

describe('resume', () => {
  it('lends again, and who was lost by then pauses nothing again while it holds its slot', () => {
    const resumed = after(take('a'), watch(LATE), resume(LATE + 5));
    expect(resumed.details.pause).toBeUndefined();
    expect(told(resumed, watch(LATE + 10 * LIMIT_MS)).isWritten).toBe(false);
    expect(told(resumed, take('b', LATE + 6)).outcome).toEqual({ kind: 'taken', isNew: true });
  });

  it('does not excuse the next one that is lost, nor the same node the next time', () => {
    const later = after(take('a'), watch(LATE), resume(LATE + 5), take('b', LATE + 6));
    expect(told(later, watch(LATE + 7 + LIMIT_MS)).group.details.pause).toMatchObject({ lost: 'b' });
    const again = after(
      take('a'),
      watch(LATE),
      resume(LATE + 5),
      giveBack('a', LATE + 6),
      take('a', LATE + 7),
    );
    expect(told(again, watch(LATE + 8 + LIMIT_MS)).group.details.pause).toMatchObject({ lost: 'a' });
  });

  it("of a person's own pause excuses nobody: they may not know", () => {
    const resumed = after(take('a'), pause(AT + 1), resume(LATE));
    expect(told(resumed, watch(LATE + 1)).group.details.pause).toMatchObject({ lost: 'a' });
  });

  it("of a group's own pause counts as such under a person's later words", () => {
    const paused = after(take('a'), watch(LATE), pause(LATE + 1));
    expect(paused.details.pause).toEqual({ at: LATE + 1, by: 'ann', reason: 'release week', lost: 'a' });
    const resumed = stored(told(paused, resume(LATE + 2)).group);
    expect(told(resumed, watch(LATE + 3)).isWritten).toBe(false);
  });
});

/** People's requests have a nonce, those of nodes have none. */
function wishOf(kind: string, id: string, at: number): Wish {
  const wishes: Readonly<Record<string, Wish>> = {
    take: take(id, at),
    'give-back': giveBack(id, at),
    pause: pause(at),
    resume: resume(at),
  };
  return wishes[kind] ?? watch(at);
}

const STORY = fc.array(
  fc.record({
    kind: fc.constantFrom('take', 'take', 'give-back', 'pause', 'resume', 'watch'),
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    /** Clocks of servers differ. */
    skewMs: fc.constantFrom(-60_000, 0, 60_000),
    passedMs: fc.constantFrom(0, 1, 600_000, 1_799_000, 3_600_000),
  }),
  { maxLength: 40 },
);

it('no slot is lent while a node is lost, and a pause of its own stays until it is lifted', () => {
  let pauses = 0;
  fc.assert(
    fc.property(STORY, (story) => {
      let group = NEW_GROUP;
      let nowAt = AT;
      for (const { kind, id, skewMs, passedMs } of story) {
        nowAt += passedMs;
        const at = nowAt + skewMs;
        const { outcome, group: next, entries, isWritten } = told(group, wishOf(kind, id, at));
        if (outcome.kind === 'taken' && outcome.isNew) {
          expect([group.details.pause, lostNode(group, at, LIMIT_MS)]).toEqual([undefined, undefined]);
        }
        const own = entries.filter(({ by: who }) => who === 'lockd');
        if (own.length > 0) {
          pauses++;
          expect(group.details.pause).toBeUndefined();
          expect(next.details.pause).toMatchObject({ by: 'lockd', lost: own[0]!.id });
        }
        if (group.details.pause !== undefined && kind !== 'resume') {
          expect(next.details.pause?.lost).toBe(group.details.pause.lost);
          expect(next.details.pause).toBeDefined();
        }
        // Nobody is excused who does not hold the slot any more.
        const held = next.details.since;
        expect([...next.details.excused].filter(([who, since]) => held.get(who) !== since)).toEqual([]);
        group = isWritten ? stored(next) : group;
      }
    }),
    { numRuns: 3000 },
  );
  expect(pauses).toBeGreaterThan(500);
});
