/** What is wrong, how grave it is and since when: each complaint by itself, at the instant at which it changes. */
import { describe, expect, it } from 'vitest';
import { awaitingHealth, healthOf, HEALTHY, type Health } from '../../../src/agent/health.ts';
import { EMPTY_RECORD, type Denial } from '../../../src/agent/record.ts';
import type { AgentState, Holding, Memory, Streak } from '../../../src/agent/state.ts';
import {
  atStaged,
  available,
  FINALIZED,
  memoryOf,
  POLLING,
  REBOOT_PENDING,
  SWITCHED_OFF,
} from '../../support/agent-states.ts';
import { deployment, host, release, staged } from '../../support/samples.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Long after the boot; the wall clock was set meanwhile. */
const NOW = { at: 1_000 * DAY, mono: 50 * DAY };
const ago = (ms: number) => ({ at: 7, mono: NOW.mono - ms });
const streak = (ms: number, kind = 'x', count = 3): Streak => ({
  count,
  since: ago(ms),
  kind,
  kinds: [kind],
});

function health(memory: Partial<Memory>, state: AgentState = POLLING): Health {
  return healthOf({ state, memory: memoryOf(memory) }, NOW);
}

const told = ({ level, cause, text }: Health): string => `${level} ${cause}: ${text}`;

describe('what fails for long', () => {
  const { check, save, steady } = memoryOf();

  it.each<[string, (of: Streak) => Partial<Memory>]>([
    ['deployments_unreadable: the deployments cannot be read', (of) => ({ hostStreak: of })],
    ['checks_failing: update checks fail', (of) => ({ check: { ...check, streak: of } })],
    [
      'record_unwritable: the state file cannot be written, so no reboot is asked for',
      (of) => ({ save: { ...save, streak: of } }),
    ],
    [
      'slot_not_returned: the reboot slot cannot be given back',
      (of) => ({ steady: { ...steady, streak: of } }),
    ],
  ])(
    'is forgiven for an hour, degrades the node then, and a day later it is stuck: %s',
    (complaint, memory) => {
      expect(health(memory(streak(HOUR - 1)))).toEqual(HEALTHY);
      const degraded = health(memory(streak(HOUR)));
      expect(told(degraded)).toBe(`DEGRADED ${complaint} (x, 3 times)`);
      expect(degraded.sinceAt).toBe(NOW.at - HOUR);
      expect(told(health(memory(streak(DAY - 1))))).toMatch(/^DEGRADED/);
      expect(told(health(memory(streak(DAY))))).toBe(`STUCK ${complaint} (x, 3 times)`);
    },
  );

  it('is told at once where the stream is unknown', () => {
    const at = (ms: number) => health({ check: { ...check, streak: streak(ms, 'identity_stream') } });
    const complaint =
      'stream_unknown: the booted deployment names no update stream, and identity.stream is not set';
    expect(told(at(0))).toBe(`DEGRADED ${complaint}`);
    expect(told(at(DAY))).toBe(`STUCK ${complaint}`);
    expect(at(0).sinceAt).toBe(NOW.at);
  });
});

describe('a boot that is not complete', () => {
  it('is told after ten minutes, with its reason, and is never more than that', () => {
    const waiting = (ms: number) =>
      health({
        steady: { ...memoryOf().steady, bootWait: { since: ago(ms), looks: 2, reason: 'a unit failed' } },
      });
    expect(waiting(10 * MINUTE - 1)).toEqual(HEALTHY);
    const complaint = 'steady state is not reported, and a reboot slot is kept: a unit failed';
    expect(waiting(10 * MINUTE)).toEqual({
      ...{ level: 'DEGRADED', cause: 'boot_incomplete', text: complaint },
      sinceAt: NOW.at - 10 * MINUTE,
    });
    expect(waiting(9 * DAY).level).toBe('DEGRADED');
  });
});

describe('a release that was given up', () => {
  const denial = (changes: Partial<Denial>): Partial<Memory> => ({
    record: {
      ...EMPTY_RECORD,
      denials: [{ ...release('2.0'), reason: 'abandoned', sinceAt: NOW.at - 5, strikes: 1, ...changes }],
    },
  });

  it('is told while it is denied', () => {
    expect(health(denial({}))).toEqual({
      level: 'STUCK',
      cause: 'target_abandoned',
      sinceAt: NOW.at - 5,
      text: 'staging 2.0 was given up once',
    });
    expect(health(denial({ strikes: 2 })).text).toBe('staging 2.0 was given up 2 times');
    expect(health(denial({ untilAt: NOW.at }))).toEqual(HEALTHY);
  });

  it('after its reboots is grave once no other is tried', () => {
    const failed = { reason: 'boot-failed', strikes: 2 } as const;
    const text = 'the node was rebooted for 2.0 2 times and did not come up in it';
    expect(told(health(denial(failed)))).toBe(`STUCK reboot_failed: ${text}`);
    expect(told(health(denial({ ...failed, untilAt: NOW.at + 1 })))).toBe(`DEGRADED reboot_failed: ${text}`);
    expect(health(denial({ ...failed, strikes: 1 })).text).toContain('rebooted for 2.0 once and');
  });

  it.each(['wrong-stream', 'rolled-back'] as const)('for another reason is no complaint: %s', (reason) => {
    expect(health(denial({ reason }))).toEqual(HEALTHY);
  });
});

describe('a node off the graph', () => {
  const off = (ms: number, memory: Partial<Memory> = {}) =>
    health(memory, { name: 'OffGraph', step: 'rest', since: ago(ms) });

  it('is forgiven for an hour, and then told what it is in', () => {
    expect(off(HOUR - 1)).toEqual(HEALTHY);
    expect(told(off(HOUR))).toBe('DEGRADED off_graph: the booted release 1.0 is not in the update graph');
    expect(off(DAY).level).toBe('STUCK');
    expect(told(off(HOUR, { host: undefined }))).toContain('the booted release  is not in the update graph');
  });
});

describe('staging', () => {
  it('is told from the third failure on, since the first', () => {
    const attempt = { ...release('2.0'), stages: 3, reboots: 0, sinceAt: 77 };
    const failing = (failedAttempts: number) =>
      health({ record: { ...EMPTY_RECORD, attempts: [attempt] } }, available({ failedAttempts }));
    expect(failing(2)).toEqual(HEALTHY);
    expect(failing(3)).toEqual({
      level: 'DEGRADED',
      cause: 'staging_failing',
      sinceAt: 77,
      text: 'staging 2.0 failed 3 times',
    });
  });
});

describe('the way to the reboot', () => {
  const heldBy = (holding: Holding) => health({}, atStaged({ holding }));
  const failure = (ms: number, asking?: true): Holding => ({
    ...{ by: 'failure', kind: 'x', message: 'it failed', since: ago(ms) },
    ...(asking && { asking }),
  });
  const lender = (ms: number, errorKind?: string): Holding => ({
    ...{ by: 'lender', reason: 'the node is being drained', since: ago(ms) },
    ...(errorKind !== undefined && { errorKind }),
  });

  it('fails at once, but a question that fails is forgiven for a quarter of an hour', () => {
    const complaint = 'DEGRADED finalization_failing: the reboot into 2.0 fails: it failed';
    expect(told(heldBy(failure(0)))).toBe(complaint);
    expect(heldBy(failure(15 * MINUTE - 1, true))).toEqual(HEALTHY);
    expect(told(heldBy(failure(15 * MINUTE, true)))).toBe(complaint);
    expect(heldBy(failure(DAY)).level).toBe('STUCK');
  });

  it('waits for a lender that drains for an hour, for one that fails a quarter of it', () => {
    expect(heldBy(lender(HOUR - 1))).toEqual(HEALTHY);
    expect(told(heldBy(lender(HOUR)))).toBe(
      'DEGRADED slot_uncertain: the reboot into 2.0 waits for a slot that may be held already: the node is being drained',
    );
    expect(heldBy(lender(15 * MINUTE - 1, 'fleet_lock_unreachable'))).toEqual(HEALTHY);
    expect(told(heldBy(lender(15 * MINUTE, 'fleet_lock_unreachable')))).toBe(
      'DEGRADED finalization_failing: the reboot into 2.0 fails: the node is being drained',
    );
  });

  it.each<Holding>([
    { by: 'nothing' },
    { by: 'strategy', reason: 'outside' },
    { by: 'sessions', count: 1, endless: true },
  ])('that a gate or a person holds is no complaint: $by', (holding) => {
    expect(heldBy(holding)).toEqual(HEALTHY);
  });
});

describe('what somebody else staged', () => {
  it('is told at once', () => {
    const complaint = health({ foreign: { id: 'x.0', version: '9', since: ago(0) } });
    expect(told(complaint)).toBe(
      'DEGRADED foreign_staged: somebody staged 9 and has not booted it: no release is staged until it is booted or dropped',
    );
  });
});

describe('a node that does not get on', () => {
  const { check } = memoryOf();
  const pursued = (state: AgentState, memory: Partial<Memory> = {}, ms = DAY) =>
    health({ pursuit: { release: release('2.0'), since: ago(ms) }, ...memory }, state);

  it('is told after a day, and stuck after three', () => {
    expect(pursued(POLLING, {}, DAY - 1)).toEqual(HEALTHY);
    const { level, cause, sinceAt } = pursued(POLLING);
    expect([level, cause, sinceAt]).toEqual(['DEGRADED', 'not_getting_on', NOW.at - DAY]);
    expect(pursued(POLLING, {}, 3 * DAY - 1).level).toBe('DEGRADED');
    expect(pursued(POLLING, {}, 3 * DAY).level).toBe('STUCK');
  });

  it.each<[string, AgentState, Partial<Memory>]>([
    ['it is not staged yet', available(), {}],
    ['it cannot be staged: no space', available({ lastFailure: 'no space' }), {}],
    ['it is staged', atStaged(), {}],
    ['outside of the window', atStaged({ holding: { by: 'strategy', reason: 'outside of the window' } }), {}],
    ['drained', atStaged({ holding: { by: 'lender', reason: 'drained', since: ago(0) } }), {}],
    ['2 sessions are active', atStaged({ holding: { by: 'sessions', count: 2, endless: true } }), {}],
    [
      'no answer',
      atStaged({ holding: { by: 'failure', kind: 'x', message: 'no answer', since: ago(0), asking: true } }),
      {},
    ],
    ['the reboot has not come', FINALIZED, {}],
    ['the reboot has not come', REBOOT_PENDING, {}],
    ['the booted release is not in the update graph', { name: 'OffGraph', step: 'rest', since: ago(0) }, {}],
    ['somebody staged 9', POLLING, { host: host([staged('9'), deployment('1.0', { booted: true })]) }],
    ['it is not staged', POLLING, {}],
    ['it is not staged', { name: 'Initialized' }, { host: undefined }],
    ['update checks fail', POLLING, { check: { ...check, streak: streak(0) } }],
  ])('says what keeps it: %s', (why, state, memory) => {
    expect(pursued(state, memory).text).toBe(`release 2.0 is known, and the node does not get on: ${why}`);
  });
});

describe('the configuration', () => {
  it('that cannot be used is told while the one before it is in use', () => {
    const model = { state: POLLING, memory: memoryOf() };
    expect(healthOf(model, NOW, ago(3 * DAY))).toEqual({
      level: 'DEGRADED',
      cause: 'configuration_refused',
      sinceAt: NOW.at - 3 * DAY,
      text: 'the configuration on disk cannot be used: the one before it is in use, until the agent ends',
    });
  });

  it('that is waited for is told with its reason', () => {
    const waiting = awaitingHealth(ago(HOUR), NOW, 'the file is empty');
    expect(waiting).toEqual({
      level: 'DEGRADED',
      cause: 'configuration_awaited',
      sinceAt: NOW.at - HOUR,
      text: 'the file is empty',
    });
    expect(awaitingHealth(ago(DAY), NOW, '').level).toBe('STUCK');
  });
});

describe('of several complaints', () => {
  const { check, save } = memoryOf();
  const both = (checks: number, saves: number) =>
    health({ check: { ...check, streak: streak(checks) }, save: { ...save, streak: streak(saves) } });

  it('the gravest is told, whichever began first', () => {
    expect(both(2 * DAY, 2 * HOUR).cause).toBe('checks_failing');
    expect(both(2 * HOUR, 2 * DAY).cause).toBe('record_unwritable');
    const refused = { state: POLLING, memory: memoryOf({ check: { ...check, streak: streak(DAY) } }) };
    expect(healthOf(refused, NOW, ago(9 * DAY)).cause).toBe('checks_failing');
  });

  it('the oldest of the gravest is told', () => {
    expect(both(3 * HOUR, 2 * HOUR).cause).toBe('checks_failing');
    expect(both(2 * HOUR, 3 * HOUR).cause).toBe('record_unwritable');
  });

  it('there are none of a node that is switched off and does nothing', () => {
    expect(health({}, SWITCHED_OFF)).toEqual(HEALTHY);
  });
});
