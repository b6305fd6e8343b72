/** What an agent with a staged release and a closed window says of itself, for tests of its clients. */
import type { AgentFacts } from '../../src/cli/agent-facts.ts';
import { agentFacts } from '../../src/cli/decode-agent.ts';
import { dictionary, micros, type Plain } from './fake-agent.ts';
import { Variant } from '../../src/dbus/types.ts';

/** Wed 25 Nov 2026 16:44:30 in Berlin. */
export const NOW = Date.parse('2026-11-25T15:44:30Z');
export const WINDOW = Date.parse('2026-11-28T01:00:00Z');
export const FIRST_REBOOT = Date.parse('2026-11-28T01:07:00Z');

const at = (time: string): bigint => micros(Date.parse(time));

export const BOOTED = dictionary({
  id: 'fedora-coreos-6a12.0',
  version: '43.20260217.3.1',
  payload: `sha256:${'6a'.repeat(32)}`,
  scheme: 'oci',
  'base-checksum': '6a'.repeat(32),
  stream: 'stable',
  image: 'ostree-remote-image:fedora:docker://quay.io/fedora/fedora-coreos:stable',
  locked: false,
});

export const STAGED = dictionary({
  id: 'fedora-coreos-7b34.0',
  version: '43.20260413.3.2',
  payload: `sha256:${'7b'.repeat(32)}`,
  scheme: 'oci',
  'base-checksum': '7b'.repeat(32),
  stream: 'stable',
  locked: true,
});

export const CLOSED_WINDOW = dictionary({
  gate: 'periodic',
  class: 'timed',
  verdict: 'block',
  label: 'outside_window',
  reason: 'outside of maintenance windows; next one opens Sat 2026-11-28 02:00 CET (in 3 days)',
  evidence: dictionary({ timeZone: 'Europe/Berlin', opensAt: BigInt(WINDOW) }),
  earliest: micros(WINDOW),
});

/** The properties of Agent1. */
export const WAITING: Readonly<Record<string, Plain>> = {
  Version: '0.1.0',
  State: 'UpdateStaged',
  StatusText: 'update staged: 43.20260413.3.2; reboot pending due to update strategy',
  Health: dictionary({ level: 'OK', cause: 'none', text: '' }),
  Node: dictionary({ id: `1e0a${'00'.repeat(13)}9c`, group: 'workers', platform: 'aws', stream: 'stable' }),
  Booted: BOOTED,
  Staged: STAGED,
  Target: dictionary({ version: '43.20260413.3.2', payload: `sha256:${'7b'.repeat(32)}`, scheme: 'oci' }),
  Progress: dictionary({}),
  Checks: dictionary({
    'last-attempt': at('2026-11-25T15:40:00Z'),
    'last-success': at('2026-11-25T15:40:00Z'),
    next: at('2026-11-25T15:48:30Z'),
  }),
  Blocked: [CLOSED_WINDOW],
  Reboot: dictionary({
    lower: dictionary({ kind: 'at', at: micros(FIRST_REBOOT) }),
    upper: dictionary({ kind: 'open' }),
    assumptions: ['fleet_lock lends a slot when it is asked'],
    'as-of': at('2026-11-25T15:44:00Z'),
  }),
  Holds: [],
  Denied: [],
  Configuration: dictionary({ current: true, reason: '' }),
  Permissions: dictionary({ polkit: 'known', text: '' }),
};

export const HOLD = dictionary({
  id: 'h1',
  what: 'reboot',
  uid: 0,
  reason: 'release week',
  since: at('2026-11-25T09:00:00Z'),
  until: at('2026-11-27T17:00:00Z'),
});

export const DENIAL = dictionary({
  release: '43.20260301.3.0',
  reason: 'rolled-back',
  text: 'the node was rolled back from it',
  since: at('2026-11-20T02:14:00Z'),
});

const gate = (
  name: string,
  kind: string,
  verdict: string,
  reason: string,
  more: Readonly<Record<string, Plain>> = {},
) => dictionary({ gate: name, class: kind, verdict, label: name, reason, ...more });

/** The answer of Explain. */
export const EXPLANATION = dictionary({
  'as-of': micros(NOW),
  release: '43.20260413.3.2',
  stage: 'staged',
  lower: dictionary({ kind: 'at', at: micros(FIRST_REBOOT) }),
  upper: dictionary({ kind: 'open' }),
  assumptions: ['everybody has logged out by then', 'fleet_lock lends a slot when it is asked'],
  gates: [
    gate('enabled', 'timed', 'pass', 'updates are enabled'),
    gate('denied', 'timed', 'pass', '43.20260413.3.2 is not denied'),
    gate(
      'periodic',
      'timed',
      'block',
      'outside of maintenance windows; next one opens Sat 2026-11-28 02:00 CET',
      {
        label: 'outside_window',
        earliest: micros(FIRST_REBOOT),
        binds: true,
        evidence: dictionary({
          timeZone: 'Europe/Berlin',
          opensAt: BigInt(WINDOW),
          turnAt: BigInt(FIRST_REBOOT),
        }),
      },
    ),
    gate('hold', 'timed', 'pass', 'nobody holds reboots'),
    gate('boot_complete', 'observed', 'pass', 'this boot is complete', {
      evidence: dictionary({ systemState: 'running', bootCompleteTarget: 'active' }),
    }),
    gate('inhibitors', 'observed', 'pass', 'nobody inhibits a shutdown'),
    gate('people', 'bounded', 'block', '1 logged in: core on pts/0; waited for at most 10 min'),
    gate(
      'fleet_lock',
      'foreign',
      'unknown',
      'last answer: lent; asked only when all else allows the reboot',
      {
        evidence: dictionary({ lastAnswer: 'granted' }),
        'as-of': at('2026-11-03T01:12:00Z'),
      },
    ),
  ],
});

/** A fraction, for progress. */
export const double = (value: number): Variant => new Variant('d', value);

/** What a command makes of it, with these properties instead. */
export const decodeSample = (more: Readonly<Record<string, Plain>> = {}): AgentFacts =>
  agentFacts(dictionary({ ...WAITING, ...more }));
