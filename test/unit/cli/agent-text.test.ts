import { expect, it } from 'vitest';

import { parseTzif } from '../../../src/calendar/tzif.ts';
import { inLocalTerms } from '../../../src/cli/agent-text.ts';
import { tzifOfRule } from '../../support/tzif-bytes.ts';

const TERMS = {
  now: Date.parse('2026-11-25T15:44:30Z'),
  zone: parseTzif('Europe/Berlin', tzifOfRule('CET-1CEST,M3.5.0,M10.5.0/3', 3600, 'CET')),
  width: undefined,
  colour: false,
  users: new Map([[1000, 'core']]),
};

it.each([
  [
    'held until Sat 2026-11-28 18:00:00 UTC (release week)',
    'held until Sat 28 Nov 19:00 CET (in 3 d 2 h) (release week)',
  ],
  ['last checked Wed 2026-11-25 15:40:00 UTC', 'last checked Wed 25 Nov 16:40 CET'],
  ['opens Sat 2026-11-28 03:00 CET (in 2 days)', 'opens Sat 28 Nov 03:00 CET (in 2 d 10 h)'],
  ['opens Sat 2026-11-28 03:00 CET (tomorrow); then', 'opens Sat 28 Nov 03:00 CET (in 2 d 10 h); then'],
  [
    'the hour that comes twice: Sun 2026-10-25 02:30 CEST',
    'the hour that comes twice: Sun 25 Oct 02:30 CEST',
  ],
  ['the hour that comes twice: Sun 2026-10-25 02:30 CET', 'the hour that comes twice: Sun 25 Oct 02:30 CET'],
  ['opens Sat 2026-11-28 03:00 JST (in 3 days)', 'opens Sat 28 Nov 03:00 JST'],
  ['opens Sat 2027-01-02 03:00 +0330', 'opens Sat 2 Jan 2027 03:00 +0330'],
  ['h1 by uid 0, h2 by uid 1000, h3 by uid 4711', 'h1 by root, h2 by core, h3 by uid 4711'],
  ['request 1-1 of uid 1000: check', 'request 1-1 of core: check'],
  [
    'Sat 2026-13-77 03:00:00 UTC, 2026-11-28, uid 0, 44.20260707.3.1',
    'Sat 2026-13-77 03:00:00 UTC, 2026-11-28, uid 0, 44.20260707.3.1',
  ],
])('%s', (said, expected) => {
  expect(inLocalTerms(said, TERMS, { far: true })).toBe(expected);
});

it('tells no distance of what is past by the time it is read', () => {
  expect(inLocalTerms('opens Sat 2026-11-28 03:00 CET (in 2 days)', TERMS, { far: false })).toBe(
    'opens Sat 28 Nov 03:00 CET',
  );
});
