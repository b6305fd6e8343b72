/** The page for people: every state in words, every outside text escaped, its size bounded. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { GroupView } from '../../../../fleet/lockd/lock-service.ts';
import { PAGE_HEADERS, pageHtml, type PageGroup } from '../../../../fleet/lockd/page.ts';

const AT = Date.UTC(2026, 10, 26, 12);
const HOUR_MS = 3_600_000;

const IDLE: GroupView = {
  name: 'workers',
  slots: 2,
  storedSlots: 2,
  maxHoldMs: HOUR_MS,
  holders: [],
  pause: undefined,
  closed: undefined,
  waiters: [],
  waiting: 0,
};
const page = (view: Partial<GroupView>, history: PageGroup['history'] = [], isCurrent = true): string =>
  pageHtml({ groups: [{ name: 'workers', view: { ...IDLE, ...view }, history }], nowAt: AT, isCurrent });
/** As somebody reads it, without tags. */
const words = (text: string): string =>
  text
    .replace(/<style>[\s\S]*<\/style>/, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ');

describe('in words, the page says', () => {
  it('who holds a slot, since when, for how long, and what is an alarm', () => {
    const text = words(
      page({
        holders: [
          { id: 'node-1', sinceAt: AT - 2 * HOUR_MS, isGuessed: false, isTooLong: true },
          { id: 'node-2', sinceAt: AT - 60_000, isGuessed: true, isTooLong: false },
        ],
      }),
    );
    expect(text).toContain('2 of 2 slots lent.');
    expect(text).toMatch(/node-1 2026-11-26 10:00:00 UTC 2 h Alarm: longer than 1 h/);
    expect(text).toMatch(/node-2 2026-11-26 11:59:00 UTC at least 1 min none/);
  });

  it('who waits, why nothing is lent, and what happened last', () => {
    const text = words(
      page(
        {
          waiters: [{ id: 'node-3', sinceAt: AT - 60_000 }],
          waiting: 31,
          pause: { at: AT - HOUR_MS, by: 'ann', reason: 'release week' },
          closed: { opensAt: AT + HOUR_MS, frozen: 'holidays' },
        },
        [{ number: 1, at: AT, kind: 'released', id: 'node-9', by: 'ann', text: 'it burnt' }],
      ),
    );
    expect(text).toMatch(/Who waits at this server, in this order node-3, for 1 min And 30 more\./);
    expect(text).toContain(
      'Paused. The group is paused by ann: release week. Since 2026-11-26 11:00:00 UTC , for 1 h.',
    );
    expect(text).toContain('Closed. The group is closed until 2026-11-26T13:00:00Z; it is frozen: holidays.');
    expect(text).toContain('2026-11-26 12:00:00 UTC released node-9 ann it burnt');
  });

  it("that a group's own pause is an alarm, and that the store does not answer", () => {
    const lost = { at: AT, by: 'lockd', reason: 'node a has not come back', lost: 'a' };
    expect(words(page({ pause: lost }))).toContain(
      'Alarm: paused itself. The group is paused by lockd: node a',
    );
    expect(words(page({}, undefined, false))).toContain(
      'The store does not answer. Groups are as this server saw',
    );
    const unknown = pageHtml({
      groups: [{ name: 'workers', view: undefined, history: undefined }],
      nowAt: AT,
      isCurrent: false,
    });
    expect(words(unknown)).toContain('workers Nothing is known of it yet.');
  });
});

it('has no text from outside that is more than text', () => {
  const OUTSIDE = fc.constantFrom(
    '<script>alert(1)</script>',
    '"><img src=x>',
    "' onload='x",
    '&lt;',
    '\u0007\u202e<b>',
  );
  fc.assert(
    fc.property(OUTSIDE, OUTSIDE, (id, text) => {
      const shown = page(
        {
          name: id,
          holders: [{ id, sinceAt: AT, isGuessed: false, isTooLong: false }],
          waiters: [{ id, sinceAt: AT }],
          pause: { at: AT, by: id, reason: text },
          closed: { opensAt: undefined, frozen: text },
        },
        [{ number: 1, at: AT, kind: 'paused', id, by: id, text }],
      );
      const plain = page(
        {
          name: 'x',
          holders: [{ id: 'x', sinceAt: AT, isGuessed: false, isTooLong: false }],
          waiters: [{ id: 'x', sinceAt: AT }],
          pause: { at: AT, by: 'x', reason: 'x' },
          closed: { opensAt: undefined, frozen: 'x' },
        },
        [{ number: 1, at: AT, kind: 'paused', id: 'x', by: 'x', text: 'x' }],
      );
      // The same tags with the same attributes, whatever the texts are.
      const tags = (of: string): string[] => [...of.matchAll(/<[^>]*>/g)].map(([tag]) => tag);
      expect(tags(shown)).toEqual(tags(plain));
      expect(shown).not.toMatch(/[\u0007\u202e]/);
    }),
  );
});

it('stays small, however many nodes there are', () => {
  const holders = Array.from({ length: 5000 }, (_, index) => ({
    id: `node-${index}`,
    sinceAt: AT,
    isGuessed: false,
    isTooLong: false,
  }));
  const text = page({ holders });
  expect(text.length).toBeLessThan(100_000);
  expect(words(text)).toContain('And 4800 more.');
});

it('allows nothing but its own style', () => {
  const policy = PAGE_HEADERS['content-security-policy']!;
  expect(policy).toMatch(
    /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
  );
  expect(page({})).not.toMatch(/<script|style="| on\w+=|src=/);
});
