import { describe, expect, it } from 'vitest';
import type { Hold } from '../../../src/agent/requests.ts';
import { HOLD, judgeHold } from '../../../src/gates/hold.ts';

const AT = Date.UTC(2026, 0, 2);
const hold = (changes: Partial<Hold>): Hold => ({
  ...{ id: 'h1', what: 'reboot', by: { uid: 1000 }, reason: 'release week', sinceAt: 0 },
  ...changes,
});

describe('gate hold', () => {
  it('passes without holds, with those of staging, and with those that are over', () => {
    for (const holds of [undefined, [], [hold({ what: 'stage' })], [hold({ untilAt: AT })]]) {
      expect(judgeHold({ at: AT, ...(holds !== undefined && { holds }) })).toEqual({
        gate: 'hold',
        verdict: 'pass',
        label: 'held',
        reason: 'nobody holds reboots',
      });
    }
  });

  it('blocks until the last hold in force is over, and names each of them', () => {
    const holds = [hold({ untilAt: AT + 1 }), hold({ id: 'h3', reason: '', untilAt: AT + 60_000 })];
    expect(judgeHold({ at: AT, holds })).toEqual({
      gate: 'hold',
      verdict: 'block',
      label: 'held',
      reason:
        'reboots are held: h1 by uid 1000 until Fri 2026-01-02 00:00:00 UTC (release week), h3 by uid 1000 until Fri 2026-01-02 00:01:00 UTC',
      evidence: { holds: 'h1, h3', uid: 1000 },
      nextAt: AT + 60_000,
    });
  });

  it('says for whom and why of the hold that lasts longest, and of the first of several that last as long', () => {
    const longer = hold({ id: 'h2', by: { uid: 7 }, reason: 'audit', untilAt: AT + 60_000 });
    const evidenceOf = (holds: readonly Hold[]): unknown => judgeHold({ at: AT, holds }).evidence;
    const expected = { uid: 7, heldFor: 'audit' };
    expect(evidenceOf([hold({ untilAt: AT + 1 }), longer])).toMatchObject(expected);
    expect(evidenceOf([longer, hold({ untilAt: AT + 1 })])).toMatchObject(expected);
    expect(evidenceOf([longer, hold({ untilAt: AT + 60_000 })])).toMatchObject(expected);
    expect(evidenceOf([hold({ reason: '' })])).toEqual({ holds: 'h1', uid: 1000 });
  });

  it('names no instant while one hold has no end', () => {
    const report = judgeHold({ at: AT, holds: [hold({ untilAt: AT + 1 }), hold({ id: 'h2' })] });
    expect(report.nextAt).toBeUndefined();
    expect(report.reason).toContain('h2 by uid 1000 until it is released');
  });

  it('prints no control characters of a reason', () => {
    expect(judgeHold({ at: AT, holds: [hold({ reason: 'a\u001b[31mb' })] }).reason).not.toContain('\u001b');
  });

  it('passes for one reboot when it is overridden', async () => {
    const question = { at: AT, booted: undefined, staged: undefined, holds: [hold({})] };
    const report = await HOLD.ask({ ...question, overrides: ['hold'] }, new AbortController().signal);
    expect(report).toMatchObject({ verdict: 'pass', label: 'held' });
  });
});
