import { expect, it } from 'vitest';

import { describeAbsence } from '../../../src/cli/absent-agent.ts';
import { agentFacts } from '../../../src/cli/decode-agent.ts';
import type { HostFacts } from '../../../src/cli/host-facts.ts';
import { absentLines, statusLines } from '../../../src/cli/status-text.ts';
import type { Terms } from '../../../src/cli/terms.ts';
import { fixedZone } from '../../../src/calendar/zone-rules.ts';
import { HOUR_MS } from '../../../src/text/units.ts';
import {
  BOOTED,
  CLOSED_WINDOW,
  decodeSample,
  double,
  HOLD,
  NOW,
  STAGED,
} from '../../support/agent-samples.ts';
import { dictionary, micros, type Plain } from '../../support/fake-agent.ts';

const CET = fixedZone('Europe/Berlin', HOUR_MS, 'CET');
const TERMS: Terms = { now: NOW, zone: CET, width: undefined, colour: false, users: new Map() };
const HOST: HostFacts = {
  name: 'core-7',
  architecture: 'x86_64',
  bootedAt: Date.parse('2026-11-03T01:14:00Z'),
  version: '43.20260217.3.1',
};

const shown = (more: Readonly<Record<string, Plain>> = {}, terms: Partial<Terms> = {}): string[] => [
  ...statusLines(decodeSample(more), HOST, { ...TERMS, ...terms }),
];

it('shows a node that waits for its window', () => {
  expect(shown()).toEqual([
    'node      core-7 (1e0a...9c), group workers, stream stable, aws x86_64',
    'booted    43.20260217.3.1   since Tue 3 Nov 02:14 CET (22 d)',
    'staged    43.20260413.3.2   a plain `reboot` does not apply it, `zincati reboot` does',
    'health    OK',
    'waits     no maintenance window is open; the next opens Sat 28 Nov 02:00 CET (in 2 d 9 h)',
    'checks    last Wed 25 Nov 16:40 CET, next in 4 min',
  ]);
});

it('status-hop, status-since: says since when what is there, and how far the node is on its way', () => {
  const at = (time: string): bigint => micros(Date.parse(time));
  const lines = shown({
    Booted: new Map([...BOOTED, ['since', at('2026-10-03T00:14:00Z')]]),
    Staged: new Map([...STAGED, ['since', at('2026-11-25T14:02:00Z')]]),
    Target: dictionary({ version: '43.20260413.3.2', hop: 1, hops: 3 }),
  });
  expect(lines.slice(1, 4)).toEqual([
    'booted    43.20260217.3.1   since Sat 3 Oct 01:14 CET (53 d)',
    'staged    43.20260413.3.2   since Wed 25 Nov 15:02 CET; a plain `reboot` does not apply it, `zincati reboot` does',
    'hop       1 of 3 on the way to the newest release',
  ]);
});

it('knows a node without its servers’ names of it', () => {
  expect(shown({ Node: dictionary({}) })[0]).toBe('node      core-7, stream stable, x86_64');
  expect(shown({ Node: dictionary({ id: 'n-1' }) })[0]).toBe('node      core-7 (n-1), stream stable, x86_64');
});

it('has no line without something to say', () => {
  const nothing = { Staged: dictionary({}), Target: dictionary({}), Blocked: [], State: 'NoNewUpdate' };
  expect(shown(nothing).map((line) => line.split(' ')[0])).toEqual(['node', 'booted', 'health', 'checks']);
});

it('says that a plain reboot applies what is not locked: by saying nothing', () => {
  expect(shown({ Staged: dictionary({ version: '2', locked: false }) })).toContain('staged    2');
});

it('shows trouble with its cause, all that blocks, holds, and files that are not in use', () => {
  const lines = shown({
    Health: dictionary({
      level: 'STUCK',
      cause: 'reboot_failed',
      since: micros(NOW - HOUR_MS),
      text: 'two reboots did not lead into it',
    }),
    Blocked: [CLOSED_WINDOW, dictionary({ gate: 'people', verdict: 'unknown', reason: '1 logged in' })],
    Holds: [HOLD],
    Checks: dictionary({
      'last-attempt': micros(NOW - 60_000),
      'last-success': micros(NOW - HOUR_MS),
    }),
    Configuration: dictionary({ current: false, reason: '55-windows.toml: unknown key', since: micros(NOW) }),
  });
  expect(lines.slice(3)).toEqual([
    'health    STUCK (reboot_failed) since Wed 25 Nov 15:44 CET (1 h ago): two reboots did not lead into it',
    'waits     no maintenance window is open; the next opens Sat 28 Nov 02:00 CET (in 2 d 9 h)',
    '          1 logged in',
    'hold      h1: no reboot until Fri 27 Nov 18:00 CET (in 2 d 1 h), by root since Wed 25 Nov 10:00 CET: release week',
    'checks    last Wed 25 Nov 15:44 CET, none answered since (last asked 1 min ago)',
    'config    what is on disk is not in use since Wed 25 Nov 16:44 CET (now): 55-windows.toml: unknown key',
  ]);
});

it('unknown-actions: says who may act where polkit cannot be asked, to root only what a package can mend', () => {
  const access = (polkit: string, isRoot: boolean) =>
    statusLines(decodeSample({ Permissions: dictionary({ polkit, text: 'T' }) }), HOST, TERMS, isRoot).slice(
      -1,
    );
  expect(access('unknown', true)).toEqual(['access    T']);
  expect(access('unknown', false)).toEqual(['access    T']);
  expect(access('absent', false)).toEqual(['access    T']);
  expect(access('absent', true)).toEqual([expect.stringMatching(/^checks/)]);
});

it('does not say of an instant that is not ahead that nothing comes before it', () => {
  const people = { gate: 'people', verdict: 'block', reason: '1 logged in', earliest: micros(NOW) };
  expect(shown({ Blocked: [dictionary(people)] })).toContain('waits     1 logged in');
});

it('shows a release on its way, with how far it is', () => {
  const lines = shown({
    Staged: dictionary({}),
    Blocked: [],
    State: 'UpdateAvailable',
    Progress: dictionary({
      text: 'receiving objects',
      fraction: double(0.434),
      'bytes-done': micros(120_000),
      rate: micros(3200),
    }),
  });
  expect(lines).toContain('target    43.20260413.3.2');
  expect(lines).toContain('staging   43 %, 114 MiB, 3.1 MiB/s, receiving objects');
});

it('fits 40 columns, and no text of outside moves the cursor', () => {
  const evil = dictionary({
    id: 'h1',
    what: 'reboot',
    uid: 1000,
    reason: `\u001b]0;owned\u0007 ${'long '.repeat(30)}\nnode      elsewhere`,
  });
  const lines = shown({ Holds: [evil], Booted: BOOTED }, { width: 40 });
  expect(lines.filter((line) => line.length > 40)).toEqual([]);

  expect(lines.join('').match(/[\u0000-\u001f\u007f]/)).toBeNull();
  expect(lines.filter((line) => line.startsWith('node'))).toHaveLength(1);
});

it('names the command that applies what is staged, also where this node reboots only by hand', () => {
  const staged = dictionary({ version: '2', locked: true });
  const line = (blocked: readonly string[]): string | undefined =>
    shown({ Staged: staged, Blocked: blocked.map((gate) => dictionary({ gate, reason: gate })) }).find(
      (row) => row.startsWith('staged'),
    );
  expect(line([])).toMatch(/a plain `reboot` does not apply it, `zincati reboot` does$/);
  expect(line(['manual'])).toMatch(/, `zincati reboot --override manual` does$/);
});

it('says once when the update server was last asked while it never answered', () => {
  const asked = { Checks: dictionary({ 'last-attempt': micros(NOW - 60_000) }) };
  expect(shown(asked).join('\n')).toMatch(/^checks +none was answered yet \(last asked 1 min ago\)$/m);
});

it('colours the level on a terminal alone', () => {
  const level = (text: string): string =>
    shown({ Health: dictionary({ level: text }) }, { colour: true }).join('\n');
  expect(level('OK')).toContain('\u001b[32mOK\u001b[0m');
  expect(level('DEGRADED')).toContain('\u001b[33mDEGRADED\u001b[0m');
  expect(level('STUCK')).toContain('\u001b[31mSTUCK\u001b[0m');
  expect(shown().join('')).not.toContain('\u001b');
});

it('reads what an agent of another version leaves out or sends otherwise as not known', () => {
  const lines = statusLines(
    agentFacts(new Map([['Booted', 'nonsense']])),
    { ...HOST, version: undefined },
    TERMS,
  );
  expect(lines).toEqual([
    'node      core-7, x86_64',
    'booted    not known yet   since Tue 3 Nov 02:14 CET (22 d)',
    'health    OK',
    'checks    none was answered yet',
  ]);
});

it('says first that the agent does not run, and then what is known without it', () => {
  const absence = describeAbsence({
    activeState: 'failed',
    subState: 'failed',
    result: 'exit-code',
    execMainStatus: 78,
    statusText: undefined,
    fileState: 'enabled',
    trouble: undefined,
  });
  expect(absentLines(absence, HOST, TERMS)).toEqual([
    'the agent does not run: zincati.service failed (exit-code, status 78)',
    'correct the configuration as `journalctl -u zincati.service -b -p err` says, then `sudo systemctl restart zincati.service`',
    '',
    'node      core-7, x86_64',
    'booted    43.20260217.3.1   since Tue 3 Nov 02:14 CET (22 d)',
  ]);
});
