/** StartState: what the first reading of the deployments leads to. */
import { describe, expect, it } from 'vitest';
import type { HostStatus } from '../../../../src/agent/ports.ts';
import { EMPTY_RECORD, plain, type AgentRecord } from '../../../../src/agent/record.ts';
import type { AgentState, Memory, Policy } from '../../../../src/agent/state.ts';
import { askedInThisBoot, bootedBefore, othersOnDisk } from '../../../../src/agent/states/start-state.ts';
import { answered, asked, FAILURE, NOW, told } from '../../../support/answered.ts';
import { bootedOn, deployment, host, POLICY, release, staged } from '../../../support/samples.ts';

const V2 = plain(release('2.0'));
const BOOTED = deployment('1.0', { booted: true });
const at = (step: 'register' | 'read' | 'follow' | 'rest', dueMono = 0): AgentState => ({
  name: 'StartState',
  step,
  dueMono,
});
const read = (
  status: HostStatus,
  record: AgentRecord = EMPTY_RECORD,
  more: { readonly policy?: Partial<Policy>; readonly memory?: Partial<Memory> } = {},
) => answered(at('read'), { kind: 'status-read', status }, { ...more, memory: { record, ...more.memory } });

describe('the start', () => {
  it('registers, unless updates are switched off, and reads then, whatever came of it', () => {
    expect(asked(at('register'))).toEqual({ kind: 'register-driver' });
    const off = { policy: { enabled: false } };
    expect(asked(at('register'), off)).toEqual({ kind: 'wait', forMs: 0 });
    expect(answered(at('register'), { kind: 'driver-registered' }).model.state).toEqual(at('read'));
    expect(answered(at('register'), { kind: 'driver-failed', failure: FAILURE }).model.state).toEqual(
      at('read'),
    );
    expect(answered(at('register'), { kind: 'woke' }, off).model.state).toEqual(at('read'));
    expect(answered(at('rest', NOW.mono), { kind: 'woke' }).model.state).toMatchObject({ step: 'read' });
  });

  it('tries a reading again later each time', () => {
    const failed = (hostStreak?: Memory['hostStreak']) =>
      answered(
        at('read'),
        { kind: 'status-failed', failure: FAILURE },
        { ...(hostStreak && { memory: { hostStreak } }) },
      ).model.state;
    expect(failed()).toEqual(at('rest', NOW.mono + 5000));
    expect(failed({ count: 2, since: NOW, kind: 'x', kinds: ['x'] })).toEqual(at('rest', NOW.mono + 20_000));
  });

  it("follows a transaction that an agent before it left running, and nobody else's", () => {
    const running = (ours: boolean) => ({ method: 'Deploy', title: 'x', ours });
    const during = (ours: boolean, enabled = true) =>
      read({ ...bootedOn('1.0'), activeTransaction: running(ours) }, EMPTY_RECORD, { policy: { enabled } })
        .model.state;
    expect(during(true)).toEqual(at('follow'));
    expect(during(false)).toEqual({ name: 'Initialized' });
    expect(during(true, false)).toMatchObject({ name: 'EndState', cause: 'disabled' });
    const over = answered(at('follow'), { kind: 'transaction-over' });
    expect(over.model.state).toEqual(at('rest', NOW.mono + 10_000));
    expect(told(over)).toEqual([{ kind: 'transaction-over' }]);
    const running10 = answered(at('follow'), { kind: 'transaction-running' });
    expect(told(running10)).toEqual([{ kind: 'transaction-running' }]);
    const lost = answered(at('follow'), { kind: 'follow-failed', failure: FAILURE });
    expect(told(lost)).toEqual([{ kind: 'transaction-lost', failure: FAILURE }]);
  });

  it('tells that it is over, unless updates are switched off', () => {
    expect(told(read(bootedOn('1.0')))).toEqual([{ kind: 'initialized' }]);
    const off = read(bootedOn('1.0'), EMPTY_RECORD, { policy: { enabled: false } });
    expect(told(off)).toEqual([{ kind: 'updates-disabled' }]);
  });

  it('tells what else is on disk, if anything is', () => {
    const status = host([BOOTED, deployment('0.9')]);
    expect(told(read(status))).toEqual([
      { kind: 'others-excluded', others: [plain(release('0.9'))] },
      { kind: 'initialized' },
    ]);
  });
});

describe('what else is on disk', () => {
  it('is each release once, but for the booted one, a staged one and what cannot be compared', () => {
    const status = host([
      staged('2.0'),
      BOOTED,
      deployment('1.0', { id: 'again.1' }),
      deployment('0.9'),
      deployment('0.9', { id: 'again.1' }),
      deployment('built', { payload: undefined }),
      deployment('0.8'),
    ]);
    expect(othersOnDisk(status)).toEqual([plain(release('0.9')), plain(release('0.8'))]);
  });

  it('is told also where the booted one cannot be compared', () => {
    const status = host([deployment('1.0', { booted: true, payload: undefined }), deployment('0.9')]);
    expect(othersOnDisk(status)).toEqual([plain(release('0.9'))]);
  });

  it('can be gone back to where it lies behind the booted one in boot order, oldest first', () => {
    const status = host([
      staged('2.0'),
      deployment('3.0'),
      BOOTED,
      deployment('0.9'),
      deployment('built', { payload: undefined }),
      deployment('0.8'),
    ]);
    expect(bootedBefore(status)).toEqual([plain(release('0.8')), plain(release('0.9'))]);
  });
});

describe('a reboot that an agent before this one asked for', () => {
  const ASKED = { ...V2, at: NOW.at - 60_000, bootId: POLICY.bootId };
  const UNLOCKED = host([staged('2.0', { finalizationLocked: false }), BOOTED]);

  it('is under way while this is the same boot, and what is staged has been unlocked for it', () => {
    const under = (status: HostStatus, asked = ASKED) =>
      askedInThisBoot({ ...EMPTY_RECORD, asked }, status, POLICY);
    expect(under(UNLOCKED)).toEqual(ASKED);
    expect(under(UNLOCKED, { ...ASKED, bootId: 'another' })).toBeUndefined();
    expect(under(host([staged('2.0'), BOOTED]))).toBeUndefined();
    expect(under(bootedOn('1.0'))).toBeUndefined();
    expect(askedInThisBoot(EMPTY_RECORD, UNLOCKED, POLICY)).toBeUndefined();
  });

  it('is waited for on, from when it was asked for', () => {
    const after = (at: number) => read(UNLOCKED, { ...EMPTY_RECORD, asked: { ...ASKED, at } });
    const waiting = (waitedMs: number, at: number) => ({
      ...{ name: 'EndState', cause: 'reboot-pending', release: V2, step: 'rest' },
      finalized: { at, mono: NOW.mono - waitedMs },
      dueMono: NOW.mono - waitedMs + POLICY.rebootOverdueMs,
    });
    expect(after(NOW.at - 60_000).model.state).toEqual(waiting(60_000, NOW.at - 60_000));
    expect(told(after(NOW.at - 60_000)).at(-1)).toEqual({ kind: 'waiting-for-reboot', release: V2 });
    // The clock was set, one way or the other.
    expect(after(0).model.state).toEqual(waiting(900_000, 0));
    expect(after(NOW.at + 5000).model.state).toEqual(waiting(0, NOW.at + 5000));
  });
});

describe('the record', () => {
  it('is settled with the first reading, and what comes of it is told', () => {
    const boots = [plain(release('1.0'))];
    const asked = { ...V2, at: 1, bootId: 'another' };
    const after = read(bootedOn('2.0'), { ...EMPTY_RECORD, boots, asked });
    expect(told(after)[0]).toEqual({ kind: 'booted-as-asked', target: V2 });
    expect(after.model.memory.record).toMatchObject({ asked: undefined, boots: [...boots, V2] });
    expect(after.model.memory.save.due).toBe(true);
  });

  it('stays where the booted deployment cannot be compared', () => {
    const built = host([deployment('1.0', { booted: true, payload: undefined })]);
    const after = read(built, { ...EMPTY_RECORD, asked: { ...V2, at: 1, bootId: 'another' } });
    expect(after.model.memory.record.asked).toBeDefined();
    expect(after.model.memory.save.due).toBe(false);
  });

  it('forgets since when the node has not got on, once it boots something else', () => {
    const stalled = (version: string, boots: AgentRecord['boots']) =>
      read(bootedOn(version), { ...EMPTY_RECORD, boots, stalledSinceAt: 7 }).model.memory.record
        .stalledSinceAt;
    expect(stalled('2.0', [plain(release('1.0'))])).toBeUndefined();
    expect(stalled('1.0', [plain(release('1.0'))])).toBe(7);
    expect(stalled('1.0', [])).toBe(7);
  });

  it('knows from the first reading on what the node can go back to', () => {
    const after = read(host([BOOTED, deployment('0.9')]));
    expect(after.model.memory.record.boots).toEqual([plain(release('0.9')), plain(release('1.0'))]);
  });
});
