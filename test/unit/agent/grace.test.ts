/** People who are logged in, over minutes, windows and days, on a simulated node. */
import { describe, expect, it } from 'vitest';
import { spentGrace, type GracePolicy } from '../../../src/agent/grace.ts';
import type { GateQuestion, GateReport, Session } from '../../../src/agent/ports.ts';
import { statusText } from '../../../src/report/status-text.ts';
import { blocking, checkResult, deployment, PASSING, POLICY, release } from '../../support/samples.ts';
import { KindError, SimulatedNode, type World } from '../../support/simulated-node.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const V2 = release('2.0', 2);
const CORE: Session = { user: 'core', tty: 'pts/0' };

const OUTSIDE = blocking('outside of maintenance windows', 'outside_window');

/** A node with a staged update, whose agent is about to ask the strategies. */
function stagedNode(sessions: Partial<GracePolicy>, world: Partial<World>): SimulatedNode {
  const simulated = new SimulatedNode(
    {
      policy: { ...POLICY, jitter: false, sessions: { ...POLICY.sessions, ...sessions } },
      check: () => checkResult({ kind: 'update', release: V2 }),
      sessions: () => [CORE],
      ...world,
    },
    [deployment('1.0', { booted: true })],
  );
  simulated.runUntil((n) => n.effect.kind === 'survey');
  return simulated;
}

/** The first five minutes of every day. */
function dailyWindow(startAt: number): (question: GateQuestion) => readonly GateReport[] {
  return ({ at }) => {
    const intoDay = (at - startAt) % DAY;
    return intoDay < 5 * MINUTE
      ? PASSING
      : blocking('outside of maintenance windows', 'outside_window', at - intoDay + DAY);
  };
}

function notices(simulated: SimulatedNode): (number | undefined)[] {
  return simulated.effects.flatMap((effect) => (effect.kind === 'warn-sessions' ? [effect.minutesLeft] : []));
}

function minutesUntilFinalized(simulated: SimulatedNode): number {
  const begin = simulated.mono;
  simulated.runUntil((n) => n.effect.kind === 'finalize');
  return (simulated.mono - begin) / MINUTE;
}

describe('people who are logged in', () => {
  it("get Zincati's ten minutes, and a notice at the first and at the last", () => {
    const simulated = stagedNode({}, {});
    expect(minutesUntilFinalized(simulated)).toBe(10);
    expect(notices(simulated)).toEqual([10, 1]);
  });

  it('get what is configured', () => {
    const simulated = stagedNode({ graceMinutes: 3, maxDelayMinutes: 3 }, {});
    expect(minutesUntilFinalized(simulated)).toBe(3);
    expect(notices(simulated)).toEqual([3, 1]);
  });

  it('read of a reboot that waits for nobody before it comes', () => {
    const simulated = stagedNode({ graceMinutes: 0, maxDelayMinutes: 0 }, {});
    expect(minutesUntilFinalized(simulated)).toBe(0);
    expect(notices(simulated)).toEqual([0]);
  });

  it('let the reboot come within a minute after the last one has left', () => {
    let sessions = [CORE];
    const simulated = stagedNode({}, { sessions: () => sessions });
    simulated.runFor(4 * MINUTE);
    sessions = [];
    expect(minutesUntilFinalized(simulated)).toBeLessThanOrEqual(1);
  });

  it('B12: a window shorter than the grace, and a session for ever: the grace goes on where it was', () => {
    const startAt = Date.UTC(2026, 0, 1);
    const simulated = stagedNode({}, { survey: dailyWindow(startAt) });
    expect(minutesUntilFinalized(simulated)).toBe((2 * DAY) / MINUTE);
    // People who are logged in in the next window read how much time is left, and before the end that it is
    // the end.
    expect(notices(simulated)).toEqual([10, 5, 1, 0]);
  });

  it('B12: with a longer ceiling each window begins a grace, until the ceiling is reached', () => {
    const startAt = Date.UTC(2026, 0, 1);
    const simulated = stagedNode({ maxDelayMinutes: 30 }, { survey: dailyWindow(startAt) });
    expect(minutesUntilFinalized(simulated)).toBe((6 * DAY) / MINUTE);
    expect(notices(simulated)).toEqual([10, 10, 10, 10, 10, 5, 1, 0]);
  });

  it('B12: strategies that change their mind every minute cannot stretch the wait', () => {
    const simulated = stagedNode(
      { maxDelayMinutes: 20 },
      { survey: ({ at }) => (Math.floor(at / MINUTE) % 2 === 0 ? PASSING : OUTSIDE) },
    );
    simulated.runUntil((n) => n.effect.kind === 'finalize');
    const postponed = simulated.effects.filter((effect) => effect.kind === 'wait' && effect.forMs === MINUTE);
    expect(postponed).toHaveLength(20);
  });

  it('hold it up without end where the configuration says so, which is said once', () => {
    let sessions = [CORE];
    const simulated = stagedNode({ neverWhileLoggedIn: true }, { sessions: () => sessions });
    simulated.runFor(30 * DAY);
    expect(simulated.reboots).toBe(0);
    expect(notices(simulated)).toEqual([undefined]);
    expect(statusText(simulated.model, simulated.world.policy)).toBe(
      'update staged: 2.0; reboot delayed due to active user sessions, until nobody is logged in',
    );
    expect(simulated.log.filter((line) => line.includes('active user sessions'))).toHaveLength(1);
    sessions = [];
    expect(minutesUntilFinalized(simulated)).toBeLessThanOrEqual(1);
  });

  it('are named in the log when they come and when they change, not every minute', () => {
    let sessions = [CORE];
    const simulated = stagedNode({}, { sessions: () => sessions });
    simulated.runFor(3 * MINUTE);
    sessions = [CORE, { user: 'eve\n', tty: 'tty1' }];
    simulated.runFor(3 * MINUTE);
    expect(simulated.log.filter((line) => line.startsWith('INFO  reboot delayed'))).toEqual([
      'INFO  reboot delayed due to active user sessions: core on pts/0',
      'INFO  reboot delayed due to active user sessions: core on pts/0, eve  on tty1',
    ]);
  });
});

describe('B11: a login manager that cannot be asked', () => {
  const broken = (): Error => new KindError('bus_malformed_message', 'nonsense');

  it('counts as somebody, for as long as somebody would be waited for', () => {
    const simulated = stagedNode({}, { sessions: broken });
    expect(minutesUntilFinalized(simulated)).toBe(10);
    expect(simulated.log.filter((line) => line.includes('failed to list user sessions'))).toHaveLength(1);
  });

  it('counts as somebody without end where nobody may be rebooted under', () => {
    const simulated = stagedNode({ neverWhileLoggedIn: true }, { sessions: broken });
    simulated.runFor(DAY);
    expect(simulated.reboots).toBe(0);
  });

  it('delays the notice to the first moment in which there is somebody to read it', () => {
    let answer: readonly Session[] | Error = broken();
    const simulated = stagedNode({}, { sessions: () => answer });
    simulated.runFor(4 * MINUTE);
    answer = [CORE];
    simulated.runUntil((n) => n.effect.kind === 'finalize');
    expect(notices(simulated)).toEqual([6, 1]);
  });
});

describe('a postponement', () => {
  const grace = { postponementsLeft: 3, delayLeft: 7, warned: true };
  const policy = { graceMinutes: 10, maxDelayMinutes: 10, neverWhileLoggedIn: false };

  it('is taken from the grace and from the ceiling', () => {
    expect(spentGrace(grace, policy)).toEqual({ postponementsLeft: 2, delayLeft: 6, warned: true });
  });

  it('costs nothing where the wait has no end: what is left counts once that is over', () => {
    expect(spentGrace(grace, { ...policy, neverWhileLoggedIn: true })).toEqual(grace);
  });
});
