/** People who are logged in: what is said of them, and when a node reboots at the latest while somebody always is. */
import { describe, expect, it } from 'vitest';

import type { Grace, GracePolicy } from '../../../src/agent/grace.ts';
import type { PassAfter, Session } from '../../../src/agent/ports.ts';
import type { AgentState } from '../../../src/agent/state.ts';
import { HORIZON_DAYS } from '../../../src/gates/first-pass.ts';
import { OPEN, openFrom, SHUT } from '../../../src/gates/timing.ts';
import { DAY_MS, MINUTE_MS } from '../../../src/text/units.ts';
import {
  interrupted,
  latestReboot,
  minutesUntil,
  peopleGate,
  type Company,
} from '../../../src/why/people.ts';
import { atStaged, memoryOf, POLLING } from '../../support/agent-states.ts';
import { POLICY as OF_AGENT } from '../../support/samples.ts';

const LOOK_AT = 1_700_000_000_000;
const POLICY: GracePolicy = { graceMinutes: 10, maxDelayMinutes: 25, neverWhileLoggedIn: false };
const NEVER = { kind: 'never-within', days: HORIZON_DAYS };

function latest(
  passes: readonly PassAfter[],
  grace: Partial<Grace> = {},
  policy: Partial<GracePolicy> = {},
): ReturnType<typeof latestReboot> {
  const whole = { postponementsLeft: 10, delayLeft: 25, warned: true, ...grace };
  return latestReboot({ passes, grace: whole, policy: { ...POLICY, ...policy }, lookAt: LOOK_AT });
}

/** Minutes after the look. */
const minutes = (bound: ReturnType<typeof latestReboot>): number | string =>
  bound.kind === 'at' ? (bound.at - LOOK_AT) / MINUTE_MS : bound.kind;

/** Open for so many minutes at the beginning of each hour. */
const hourly =
  (length: number): PassAfter =>
  (at) => {
    const hour = 60 * MINUTE_MS;
    const begun = LOOK_AT + Math.floor((at - LOOK_AT) / hour) * hour;
    const end = begun + length * MINUTE_MS;
    return at < end ? { fromAt: at, untilAt: end } : { fromAt: begun + hour, untilAt: end + hour };
  };

describe('the gate of people', () => {
  const CORE: Session = { user: 'core', tty: 'pts/0' };
  const shownOf = (
    state: AgentState,
    { company, ...policy }: Partial<GracePolicy> & { readonly company?: Company } = {},
  ) => {
    const model = { state, memory: memoryOf({ look: { at: 77, reports: [] } }) };
    const scene = { model, policy: { ...OF_AGENT, sessions: { ...POLICY, ...policy } } };
    const now = { at: LOOK_AT, mono: 0 };
    return peopleGate({ ...scene, now, overrides: [], holds: [] }, company).shown;
  };
  const company = { sessions: [CORE] };

  it('passes once the grace is over, and says that nobody is waited for', () => {
    const spent = atStaged({ visitors: [CORE], postponementsLeft: 0 });
    expect(shownOf(spent)).toMatchObject({
      verdict: 'pass',
      label: 'grace_over',
      reason: '1 logged in: core on pts/0; no longer waited for',
    });
    const patient = shownOf(spent, { neverWhileLoggedIn: true });
    expect(patient).toMatchObject({ verdict: 'block', label: 'active_usersessions' });
  });

  it('of a node with nothing staged speaks of the whole grace, which the ceiling cuts', () => {
    const whole = shownOf(POLLING, { company });
    expect(whole).toMatchObject({ verdict: 'block', label: 'active_usersessions' });
    expect(whole.reason).toBe('1 logged in: core on pts/0; waited for at most 10 min');
    expect(shownOf(POLLING, { company, maxDelayMinutes: 4 }).reason).toContain('at most 4 min');
    expect(shownOf(POLLING, { company, neverWhileLoggedIn: true }).reason).toContain('without end');
    expect(shownOf(POLLING)).toMatchObject({ verdict: 'pass', label: 'nobody' });
  });

  it('says when it was looked at only where nobody has looked since', () => {
    expect(shownOf(atStaged({ visitors: [CORE] }))).toMatchObject({ asOfAt: 77 });
    expect(shownOf(atStaged(), { company })).not.toHaveProperty('asOfAt');
  });
});

describe('the latest reboot', () => {
  it('comes when the grace is spent', () => {
    expect(minutes(latest([OPEN.passAfter]))).toBe(10);
    expect(minutes(latest([OPEN.passAfter], { postponementsLeft: 3 }))).toBe(3);
    expect(minutes(latest([OPEN.passAfter], { postponementsLeft: 0 }))).toBe(0);
  });

  it('waits for a gate first, whose opening gives a new grace under the same ceiling', () => {
    const later = openFrom(LOOK_AT + 30 * MINUTE_MS).passAfter;
    expect(minutes(latest([later], { postponementsLeft: 3 }))).toBe(40);
    expect(minutes(latest([later], { postponementsLeft: 3, delayLeft: 4 }))).toBe(34);
    expect(minutes(latest([later], { postponementsLeft: 3, delayLeft: 0 }))).toBe(30);
  });

  it('is put off by a gate that closes within a grace, until the ceiling is spent', () => {
    // Six of 25 minutes in each of four hours, and the last one in the fifth.
    expect(minutes(latest([hourly(6)]))).toBe(4 * 60 + 1);
    // A postponement that begins before the gate closes is spent whole.
    expect(minutes(latest([hourly(5.5)]))).toBe(4 * 60 + 1);
    // A gate that closes as the grace ends has interrupted it: ten, ten and five of 25.
    expect(minutes(latest([hourly(10)]))).toBe(2 * 60 + 5);
    expect(minutes(latest([hourly(11)]))).toBe(10);
  });

  it('has no bound where nobody is ever rebooted under, and never comes where a gate is shut', () => {
    expect(latest([OPEN.passAfter], {}, { neverWhileLoggedIn: true })).toEqual({ kind: 'open' });
    expect(latest([SHUT.passAfter])).toEqual(NEVER);
  });

  it('beyond the horizon is none', () => {
    const lastAt = LOOK_AT + HORIZON_DAYS * DAY_MS;
    expect(latest([openFrom(lastAt).passAfter], { delayLeft: 0 })).toEqual({ kind: 'at', at: lastAt });
    expect(latest([openFrom(lastAt + 1).passAfter], { delayLeft: 0 })).toEqual(NEVER);
    const closing: PassAfter = (at) =>
      at < LOOK_AT + MINUTE_MS
        ? { fromAt: at, untilAt: LOOK_AT + MINUTE_MS }
        : { fromAt: Math.max(at, lastAt + 1) };
    expect(latest([closing])).toEqual(NEVER);
  });
});

it('a grace that was interrupted is as long as the ceiling allows', () => {
  const grace = { postponementsLeft: 2, delayLeft: 7, warned: true };
  expect(interrupted(grace, POLICY)).toEqual({ postponementsLeft: 7, delayLeft: 7, warned: false });
});

it.each([
  [undefined, Number.POSITIVE_INFINITY],
  [LOOK_AT, 0],
  [LOOK_AT + 1, 1],
  [LOOK_AT + MINUTE_MS, 1],
  [LOOK_AT + MINUTE_MS + 1, 2],
])('postponements until %s: %d', (untilAt, expected) => {
  expect(minutesUntil(untilAt, LOOK_AT)).toBe(expected);
});
