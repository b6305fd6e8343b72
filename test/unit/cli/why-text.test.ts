import { expect, it } from 'vitest';

import { fixedZone } from '../../../src/calendar/zone-rules.ts';
import { explanationFacts } from '../../../src/cli/decode-agent.ts';
import type { Terms } from '../../../src/cli/terms.ts';
import { whyLines } from '../../../src/cli/why-text.ts';
import { DAY_MS, HOUR_MS } from '../../../src/text/units.ts';
import { EXPLANATION, FIRST_REBOOT, NOW } from '../../support/agent-samples.ts';
import { dictionary, micros, type Plain } from '../../support/fake-agent.ts';

const CET = fixedZone('Europe/Berlin', HOUR_MS, 'CET');
const TERMS: Terms = { now: NOW, zone: CET, width: undefined, colour: false };

const shown = (more: Readonly<Record<string, Plain>>, terms: Partial<Terms> = {}): readonly string[] =>
  whyLines(explanationFacts(new Map([...EXPLANATION, ...dictionary(more)])), { ...TERMS, ...terms });

it('shows every gate, and what the instant assumes', () => {
  expect(shown({}).join('\n')).toBe(`\
43.20260413.3.2 is staged. First possible reboot: Sat 28 Nov 02:07 CET (in 2 d 9 h).

  updates enabled  yes   10-auto-updates.toml
  not denied       yes
  no hold          yes
  window           NO    Sat, Sun 02:00 for 2 h, Europe/Berlin (55-windows.toml); not before Sat 28 Nov 02:07 CET (in 2 d 9 h)
  boot complete    yes   reached 22 d ago
  room on /boot    yes   112 MiB free, 41 MiB needed
  inhibitors       yes   none
  people           ?     1 logged in: core on pts/0 (idle 2 h); waited for at most 10 min
  fleet lock       ?     last answer: lent; asked only when all else allows; seen 22 d ago

This assumes:
  - the lock server lends a slot
  - boot-complete.target stays reached`);
});

const first = (more: Readonly<Record<string, Plain>>): string | undefined => shown(more)[0];
const bound = (kind: string, more: Readonly<Record<string, Plain>> = {}): Plain =>
  dictionary({ kind, ...more });

it.each<[string, Readonly<Record<string, Plain>>, string]>([
  [
    'now',
    { lower: bound('at', { at: micros(NOW) }) },
    '43.20260413.3.2 is staged. First possible reboot: now.',
  ],
  [
    'at the latest',
    { upper: bound('at', { at: micros(FIRST_REBOOT + DAY_MS) }) },
    '43.20260413.3.2 is staged. First possible reboot: Sat 28 Nov 02:07 CET (in 2 d 9 h), at the latest Sun 29 Nov 02:07 CET (in 3 d 9 h).',
  ],
  [
    'never',
    { lower: bound('never-within', { days: 400 }) },
    '43.20260413.3.2 is staged. No reboot is possible within 400 days.',
  ],
  ['open', { lower: bound('open') }, '43.20260413.3.2 is staged. When it can reboot cannot be told.'],
  [
    'a bound without its instant',
    { lower: bound('at') },
    '43.20260413.3.2 is staged. When it can reboot cannot be told.',
  ],
  ['finalized', { stage: 'finalized' }, '43.20260413.3.2 is finalized: the reboot is under way.'],
  [
    'available',
    { stage: 'available', lower: bound('open') },
    '43.20260413.3.2 is available, and not staged yet. When it can reboot cannot be told.',
  ],
  [
    'no update',
    { stage: 'none', release: '' },
    'No update is known. What follows is about one that the next check would find. First possible reboot: Sat 28 Nov 02:07 CET (in 2 d 9 h).',
  ],
])('%s', (_, more, expected) => {
  expect(first(more)?.trimEnd()).toBe(expected);
});

it('fits 40 columns', () => {
  const lines = shown({}, { width: 40 });
  expect(lines.filter((line) => line.length > 40)).toEqual([]);
  expect(lines).toContain('  window           NO');
});

it('colours what blocks', () => {
  expect(shown({}, { colour: true }).filter((line) => line.includes('\u001b[31mNO\u001b[0m'))).toHaveLength(
    1,
  );
});
