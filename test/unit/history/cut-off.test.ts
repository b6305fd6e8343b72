import { expect, it } from 'vitest';

import { cutOffRequests } from '../../../src/history/cut-off.ts';
import type { Entry } from '../../../src/history/entry.ts';

const AT = Date.UTC(2026, 10, 26);
const entry = (kind: string, text: string, fields: Entry['fields']): Entry => ({
  at: AT - 1000,
  kind,
  text,
  fields,
});
const taken = (request: string, uid = 0) =>
  entry('request', `request ${request} of uid ${uid}: stage`, { request, uid, wish: 'stage' });
const ended = (request: string) =>
  entry('request', `request ${request} is done: 2 is staged`, {
    request,
    uid: 0,
    wish: 'stage',
    outcome: 'done',
  });

it('cut-off: tells who asked for what and was never answered, in the order in which it was asked', () => {
  expect(cutOffRequests([taken('a-1'), taken('a-2', 1000), ended('a-1'), taken('a-3')], AT)).toEqual([
    {
      at: AT,
      kind: 'request',
      text: 'request a-2 of uid 1000: stage; cut off: the agent ended before it had answered, and what was begun may have been done',
      fields: { request: 'a-2', uid: 1000, wish: 'stage', outcome: 'CutOff' },
    },
    expect.objectContaining({ fields: { request: 'a-3', uid: 0, wish: 'stage', outcome: 'CutOff' } }),
  ]);
});

it('cut-off: tells it once, however often the agent starts', () => {
  const first = [taken('a-1')];
  const second = [...first, ...cutOffRequests(first, AT)];
  expect(second).toHaveLength(2);
  expect(cutOffRequests(second, AT)).toEqual([]);
});

it('has nothing to tell of answers whose requests were pruned, of other entries, and of what it cannot read', () => {
  const strange = [
    entry('request', 'x', {}),
    entry('request', 'x', { request: 7 }),
    entry('staged', 'x', { request: 'a-9' }),
  ];
  expect(cutOffRequests([ended('a-1'), ...strange], AT)).toEqual([]);
});
