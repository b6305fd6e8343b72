/** The rules of slots, one by one, and over thousands of random stories. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decide, type Wish } from '../../../src/lockd/decide.ts';
import { NEW_GROUP, type Group } from '../../../src/lockd/group.ts';

const AT = Date.UTC(2026, 10, 26);
const BY = { at: AT, by: '192.0.2.1' };
const take = (id: string): Wish => ({ kind: 'take', id, ...BY });
const giveBack = (id: string): Wish => ({ kind: 'give-back', id, ...BY });
let nonces = 0;
/** A request that nobody has made before. */
const nonce = (): { nonce: string } => ({ nonce: `n-${nonces++}` });
const pause: Wish = { kind: 'pause', reason: 'release week', nonce: 'pause', ...BY };

function after(wishes: readonly Wish[], slots = 1): Group {
  return wishes.reduce((group, wish) => decide(group, wish, { slots }).group, NEW_GROUP);
}
const holdersOf = ({ semaphore }: Group): readonly string[] => semaphore?.holders ?? [];

describe('taking a slot', () => {
  it('is written with who and since when', () => {
    const taken = decide(NEW_GROUP, take('a'), { slots: 2 });
    expect(taken).toMatchObject({
      outcome: { kind: 'taken', isNew: true },
      entries: [{ kind: 'taken', id: 'a', ...BY, text: '' }],
      isWritten: true,
    });
    expect(taken.group.semaphore).toEqual({ totalSlots: 2, holders: ['a'] });
    expect([...taken.group.details.since]).toEqual([['a', AT]]);
  });

  it('again changes nothing, also while the group is paused', () => {
    const group = after([take('a'), pause]);
    const again = decide(group, { ...take('a'), at: AT + 1 }, { slots: 1 });
    expect(again).toEqual({ outcome: { kind: 'taken', isNew: false }, group, entries: [], isWritten: false });
  });

  it.each<[string, readonly Wish[], object]>([
    ['all are taken', [take('b')], { kind: 'full', holders: 1, slots: 1 }],
    [
      'the group is paused',
      [pause],
      { kind: 'paused', pause: { at: AT, by: BY.by, reason: 'release week' } },
    ],
  ])('is refused where %s, and that writes nothing', (_, before, outcome) => {
    const group = after(before);
    expect(decide(group, take('a'), { slots: 1 })).toEqual({ outcome, group, entries: [], isWritten: false });
  });

  it('goes by the smaller one of two numbers of slots, and leaves the stored one', () => {
    const stored = (totalSlots: number): Group => ({
      ...NEW_GROUP,
      semaphore: { totalSlots, holders: ['b'] },
    });
    expect(decide(stored(5), take('a'), { slots: 1 }).outcome).toEqual({
      kind: 'full',
      holders: 1,
      slots: 1,
    });
    expect(decide(stored(1), take('a'), { slots: 5 }).outcome).toEqual({
      kind: 'full',
      holders: 1,
      slots: 1,
    });
    expect(decide(stored(2), take('a'), { slots: 5 }).group.semaphore).toEqual({
      totalSlots: 2,
      holders: ['a', 'b'],
    });
  });
});

describe('a closed group', () => {
  const opensAt = AT + 3_600_000;
  const closed = { slots: 2, closed: { opensAt, frozen: 'release week' } };

  it('lends no new slot, says when it opens, and that writes nothing', () => {
    const group = after([take('b')], 2);
    expect(decide(group, take('a'), closed)).toEqual({
      outcome: { kind: 'closed', closed: { opensAt, frozen: 'release week' } },
      group,
      entries: [],
      isWritten: false,
    });
  });

  it('lets holders ask again, and takes slots back', () => {
    const group = after([take('a')], 2);
    expect(decide(group, take('a'), closed).outcome).toEqual({ kind: 'taken', isNew: false });
    const back = decide(group, giveBack('a'), closed);
    expect(back).toMatchObject({ outcome: { kind: 'freed', wasHeld: true }, isWritten: true });
    expect(holdersOf(back.group)).toEqual([]);
  });

  it('that is paused says so first: a person knows more than the calendar', () => {
    expect(decide(after([pause], 2), take('a'), closed).outcome).toMatchObject({ kind: 'paused' });
  });
});

describe('giving a slot back', () => {
  it('is written also where nothing was held, so that a request on its way finds another revision', () => {
    expect(decide(after([take('b')]), giveBack('a'), { slots: 1 })).toMatchObject({
      outcome: { kind: 'freed', wasHeld: false },
      group: { semaphore: { holders: ['b'] } },
      entries: [],
      isWritten: true,
    });
  });

  it('frees the slot of that node alone, and forgets since when', () => {
    const { group, entries, outcome } = decide(after([take('a'), take('b')], 2), giveBack('a'), { slots: 2 });
    expect(outcome).toEqual({ kind: 'freed', wasHeld: true });
    expect(holdersOf(group)).toEqual(['b']);
    expect([...group.details.since.keys()]).toEqual(['b']);
    expect(entries).toMatchObject([{ kind: 'given-back', id: 'a' }]);
  });

  it('by a person has the reason in the history', () => {
    const released = decide(
      after([take('a')]),
      { kind: 'release', id: 'a', reason: 'it burnt', ...nonce(), ...BY },
      { slots: 1 },
    );
    expect(released.entries).toMatchObject([{ kind: 'released', id: 'a', text: 'it burnt' }]);
  });

  it('forgets the instants of holders that another program has dropped', () => {
    const group = after([take('a'), take('b')], 2);
    const rewritten: Group = { ...group, semaphore: { totalSlots: 2, holders: ['b'] } };
    expect([...decide(rewritten, giveBack('c'), { slots: 2 }).group.details.since.keys()]).toEqual(['b']);
  });
});

describe('pause, resume and another number of slots', () => {
  it('say whether they changed anything', () => {
    const isNew = (wishes: readonly Wish[], wish: Wish, slots = 1): unknown =>
      decide(after(wishes), wish, { slots }).outcome;
    const resume: Wish = { kind: 'resume', reason: '', ...nonce(), ...BY };
    expect(isNew([], pause)).toEqual({ kind: 'done', isNew: true });
    expect(isNew([pause], { ...pause, ...nonce() })).toEqual({ kind: 'done', isNew: false });
    expect(isNew([pause], resume)).toEqual({ kind: 'done', isNew: true });
    expect(isNew([], resume)).toEqual({ kind: 'done', isNew: false });
    const set: Wish = { kind: 'set-slots', ...BY };
    expect(isNew([set], set)).toEqual({ kind: 'done', isNew: false });
    expect(decide(after([set]), set, { slots: 3 }).entries).toMatchObject([
      { kind: 'slots', text: '1 -> 3' },
    ]);
    expect(decide(NEW_GROUP, set, { slots: 3 }).entries).toMatchObject([{ text: 'none -> 3' }]);
  });

  it('fewer slots than holders free none', () => {
    const group = decide(after([take('a'), take('b')], 2), { kind: 'set-slots', ...BY }, { slots: 1 }).group;
    expect(group.semaphore).toEqual({ totalSlots: 1, holders: ['a', 'b'] });
  });
});

const isPersons = (kind: string): boolean => ['release', 'pause', 'resume'].includes(kind);

describe('lockd-own-write: a request of a person that comes again, since its answer was lost', () => {
  const release: Wish = { kind: 'release', id: 'a', reason: 'it burnt', ...nonce(), ...BY };
  const resume: Wish = { kind: 'resume', reason: 'mended', ...nonce(), ...BY };

  it.each<[string, readonly Wish[], Wish, object]>([
    ['a slot that it has freed', [take('a')], release, { kind: 'freed', wasHeld: true }],
    ['a slot that nobody held', [], release, { kind: 'freed', wasHeld: false }],
    ['a pause', [], pause, { kind: 'done', isNew: true }],
    ['a resumption', [pause], resume, { kind: 'done', isNew: true }],
  ])('is answered as before, and writes nothing: %s', (_, before, wish, outcome) => {
    const once = decide(after(before), wish, { slots: 1 });
    expect(once.outcome).toEqual(outcome);
    expect(decide(once.group, wish, { slots: 1 })).toEqual({
      outcome,
      group: once.group,
      entries: [],
      isWritten: false,
    });
  });

  it('takes no slot from a node that has got one since, and ends no pause that began since', () => {
    const freed = [take('a'), release, take('a')];
    expect(holdersOf(after([...freed, release]))).toEqual(['a']);
    const resumed = [pause, resume, { ...pause, ...nonce() }];
    expect(after([...resumed, resume]).details.pause).toBeDefined();
  });

  it('is known for a while, and a group keeps no more of them than it must', () => {
    const others = Array.from({ length: 40 }, (): Wish => ({ ...pause, ...nonce() }));
    const { details } = after([...others, release, ...others.slice(0, 5)]);
    expect(details.answered).toHaveLength(16);
    expect(details.answered.map((answered) => answered.nonce)).toContain(
      (release as { nonce: string }).nonce,
    );
  });
});

const WISHES = fc.array(
  fc.record({
    kind: fc.constantFrom('take', 'give-back', 'release', 'pause', 'resume', 'set-slots'),
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    slots: fc.integer({ min: 0, max: 4 }),
  }),
  { maxLength: 40 },
);

it('lends no slot twice, changes nothing by a refusal, and takes a slot from nobody who did not ask', () => {
  fc.assert(
    fc.property(WISHES, (story) => {
      let group = NEW_GROUP;
      for (const { kind, id, slots } of story) {
        const before = holdersOf(group);
        const wish = { kind, id, reason: 'x', ...BY, ...(isPersons(kind) && nonce()) } as Wish;
        const { outcome, group: next, entries, isWritten } = decide(group, wish, { slots });
        const now = holdersOf(next);
        // More holders only by one that asked, and never beyond either number of slots.
        expect(now.filter((holder) => !before.includes(holder))).toEqual(
          outcome.kind === 'taken' && outcome.isNew ? [id] : [],
        );
        if (now.length > before.length) {
          expect(now.length).toBeLessThanOrEqual(Math.min(slots, next.semaphore?.totalSlots ?? 0));
        }
        const lost = before.filter((holder) => !now.includes(holder));
        expect(lost).toEqual(outcome.kind === 'freed' && outcome.wasHeld ? [id] : []);
        if (!isWritten) {
          expect([next, entries]).toEqual([group, []]);
        }
        expect([...next.details.since.keys()].every((holder) => now.includes(holder))).toBe(true);
        group = isWritten ? next : group;
      }
    }),
    { numRuns: 3000 },
  );
});
