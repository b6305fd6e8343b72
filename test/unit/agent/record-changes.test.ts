/** What each change makes of the record, entry by entry. */
import { describe, expect, it } from 'vitest';
import { denialMs, REBOOT_RETRY_MS } from '../../../src/agent/pacing.ts';
import {
  abandon,
  attemptsOf,
  booted,
  EMPTY_RECORD,
  followBoots,
  hasFailedStaging,
  isInForce,
  leftBehind,
  plain,
  rebootAsked,
  rebootRefused,
  refuseStream,
  settleAsked,
  stageFailed,
  stageSucceeded,
  type AgentRecord,
  type Denial,
} from '../../../src/agent/record.ts';
import type { Release } from '../../../src/agent/release.ts';
import { release } from '../../support/samples.ts';

const [V1, V2, V3, V4] = ['1', '2', '3', '4'].map((version) => release(version, 9)) as [
  Release,
  Release,
  Release,
  Release,
];
const versions = (entries: readonly { readonly version: string }[]): string[] =>
  entries.map(({ version }) => version);
const many = (count: number): Release[] => Array.from({ length: count }, (_, n) => release(`v${n}`));
const DENIAL: Denial = { ...plain(V2), reason: 'abandoned', sinceAt: 0, strikes: 1 };
const recordOf = (changes: Partial<AgentRecord>): AgentRecord => ({ ...EMPTY_RECORD, ...changes });

describe('a denial', () => {
  it('is in force until its end, and for good where it has none', () => {
    expect(isInForce(DENIAL, Number.MAX_SAFE_INTEGER)).toBe(true);
    expect(isInForce({ ...DENIAL, untilAt: 10 }, 9)).toBe(true);
    expect(isInForce({ ...DENIAL, untilAt: 10 }, 10)).toBe(false);
  });

  it('that seems longer than any is over', () => {
    const week = 7 * 86_400_000;
    expect(isInForce({ ...DENIAL, untilAt: week }, 0)).toBe(true);
    expect(isInForce({ ...DENIAL, untilAt: week + 1 }, 0)).toBe(false);
  });

  it('of a release that was given up has an end, and its failed attempts are forgotten', () => {
    const record = abandon(stageFailed(EMPTY_RECORD, V2, 5), V2, 9);
    expect(record.attempts).toEqual([]);
    expect(record.denials).toStrictEqual([
      { ...plain(V2), reason: 'abandoned', sinceAt: 9, untilAt: 9 + denialMs(1), strikes: 1 },
    ]);
  });

  it('of a release of another stream has none, and counts what was before', () => {
    expect(refuseStream(EMPTY_RECORD, V2, 9).denials).toStrictEqual([
      { ...plain(V2), reason: 'wrong-stream', sinceAt: 9, strikes: 1 },
    ]);
    const others = recordOf({
      denials: [
        { ...DENIAL, ...plain(V3), strikes: 8 },
        { ...DENIAL, strikes: 3 },
      ],
    });
    expect(refuseStream(others, V2, 9).denials.map(({ strikes }) => strikes)).toEqual([8, 4]);
  });

  it('is one of sixty-four at most: the newest stay', () => {
    const { denials } = many(65).reduce((record, target) => refuseStream(record, target, 1), EMPTY_RECORD);
    expect([denials.length, denials[0]?.version]).toEqual([64, 'v1']);
  });
});

describe('an attempt to stage', () => {
  it('that fails is counted, since the first of the run', () => {
    const twice = stageFailed(stageFailed(EMPTY_RECORD, V2, 5), V2, 9);
    expect(twice.attempts).toStrictEqual([{ ...plain(V2), stages: 2, reboots: 0, sinceAt: 5 }]);
    expect(attemptsOf(twice, V3)).toStrictEqual({ ...plain(V3), stages: 0, reboots: 0, sinceAt: 0 });
  });

  it('that fails ends what was staged of that release, and of no other one', () => {
    const staged = stageSucceeded(EMPTY_RECORD, V2);
    expect(stageFailed(staged, V2, 5).staged).toBeUndefined();
    expect(stageFailed(staged, V3, 5).staged).toEqual(plain(V2));
    expect(stageFailed(EMPTY_RECORD, V2, 5).staged).toBeUndefined();
  });

  it('has failed while it is counted or given up, and until one works', () => {
    const failed = stageFailed(EMPTY_RECORD, V2, 5);
    expect(hasFailedStaging(failed, V2)).toBe(true);
    expect(hasFailedStaging(failed, V3)).toBe(false);
    expect(hasFailedStaging(EMPTY_RECORD, V2)).toBe(false);
    expect(hasFailedStaging(abandon(failed, V2, 9), V2)).toBe(true);
    expect(hasFailedStaging(abandon(failed, V2, 9), V3)).toBe(false);
    expect(hasFailedStaging(refuseStream(EMPTY_RECORD, V2, 9), V2)).toBe(false);
    expect(hasFailedStaging(stageSucceeded(failed, V2), V2)).toBe(false);
  });

  it('that works is what is staged, with its terms and its deployment where there are any', () => {
    expect(stageSucceeded(EMPTY_RECORD, V2).staged).toStrictEqual(plain(V2));
    expect(stageSucceeded(EMPTY_RECORD, V2, { to: '2' }, 'fcos-aa.0').staged).toStrictEqual({
      ...plain(V2),
      terms: { to: '2' },
      deploymentId: 'fcos-aa.0',
    });
  });

  it('keeps the reboots for that release in mind', () => {
    const record = recordOf({ attempts: [{ ...plain(V2), stages: 3, reboots: 1, sinceAt: 5 }] });
    expect(stageSucceeded(record, V2).attempts).toEqual([
      { ...plain(V2), stages: 0, reboots: 1, sinceAt: 5 },
    ]);
  });

  it('is one of thirty-two at most: the newest stay', () => {
    const { attempts } = many(33).reduce((record, target) => stageFailed(record, target, 1), EMPTY_RECORD);
    expect([attempts.length, attempts[0]?.version]).toEqual([32, 'v1']);
  });
});

describe('a reboot', () => {
  const ASKED = rebootAsked(recordOf({ boots: [plain(V1)] }), V2, 7, 'boot-a');

  it('that is asked for is written down, and taken back where it was refused', () => {
    expect(ASKED.asked).toStrictEqual({ ...plain(V2), at: 7, bootId: 'boot-a' });
    expect(rebootRefused(ASKED).asked).toBeUndefined();
    expect(rebootRefused(EMPTY_RECORD)).toBe(EMPTY_RECORD);
  });

  it('that nobody asked for says nothing of one that was', () => {
    expect(settleAsked(EMPTY_RECORD, V1, 'boot-b', 9)).toEqual({ record: EMPTY_RECORD, findings: [] });
  });

  it('that led into its target forgets the ones that did not', () => {
    const attempts = [{ ...plain(V2), stages: 0, reboots: 1, sinceAt: 5 }];
    const { record } = settleAsked({ ...ASKED, attempts }, V2, 'boot-b', 9);
    expect(record).toMatchObject({ asked: undefined, attempts: [] });
  });

  it('that led elsewhere is counted, and the target denied', () => {
    const { record } = settleAsked(ASKED, V1, 'boot-b', 9);
    expect(record.asked).toBeUndefined();
    expect(record.attempts).toStrictEqual([{ ...plain(V2), stages: 0, reboots: 1, sinceAt: 0 }]);
    expect(record.denials).toStrictEqual([
      { ...plain(V2), reason: 'boot-failed', sinceAt: 9, untilAt: 9 + REBOOT_RETRY_MS, strikes: 1 },
    ]);
  });

  it('may still come while this is the boot in which it was asked for', () => {
    expect(settleAsked(ASKED, V1, 'boot-a', 9)).toEqual({ record: ASKED, findings: [] });
  });
});

describe('where the node has come from', () => {
  const BOOTS = recordOf({ boots: [V1, V2, V3].map(plain) });

  it('is what lies behind the first boot of what it is in', () => {
    expect(versions(leftBehind([V1, V2, V3], V1))).toEqual(['2', '3']);
    expect(leftBehind([V1, V2], V2)).toEqual([]);
    expect(leftBehind([V1, V2], V3)).toEqual([]);
    expect(versions(leftBehind([V1, V2, V1, V3], V1))).toEqual(['2', '1', '3']);
  });

  it('is nothing new while it is in the same release', () => {
    expect(followBoots(BOOTS, V3, undefined, 9)).toEqual({ record: BOOTS, findings: [] });
  });

  it('begins with the first boot, and with what can be gone back to', () => {
    const { record, findings } = followBoots(EMPTY_RECORD, plain(V3), undefined, 9, [V1, V2]);
    expect(record.boots).toStrictEqual([V1, V2, V3].map(plain));
    expect(findings).toEqual([]);
  });

  it('forgives what the node booted, and nothing else', () => {
    const denials = [DENIAL, { ...DENIAL, ...plain(V3) }];
    const { record } = followBoots(recordOf({ denials }), plain(V3), undefined, 9);
    expect(record.denials).toEqual([DENIAL]);
  });

  it('has no boot twice that was written down already', () => {
    const { record } = followBoots(recordOf({ boots: [V1, V2].map(plain) }), plain(V4), undefined, 9, [
      V2,
      V3,
    ]);
    expect(versions(record.boots)).toEqual(['1', '2', '3', '4']);
  });

  it('is denied where it went back, but for what it is in now', () => {
    const denied = {
      ...BOOTS,
      denials: [
        { ...DENIAL, ...plain(V1) },
        { ...DENIAL, ...plain(V3), strikes: 4 },
      ],
    };
    const { record, findings } = followBoots(denied, plain(V1), undefined, 9);
    expect(record.denials).toStrictEqual([
      { ...plain(V2), reason: 'rolled-back', sinceAt: 9, strikes: 1 },
      { ...plain(V3), reason: 'rolled-back', sinceAt: 9, strikes: 5 },
    ]);
    expect(versions(record.boots)).toEqual(['1']);
    expect(findings).toStrictEqual(
      [V2, V3].map((left) => ({ kind: 'rolled-back', target: plain(left), booted: plain(V1) })),
    );
  });

  it('lies behind this boot now, as far as it is still on disk', () => {
    const { record } = followBoots(BOOTS, plain(V1), undefined, 9, [V3]);
    expect(versions(record.boots)).toEqual(['3', '1']);
  });

  it('is no rollback where going back was asked for', () => {
    const asked = { ...plain(V1), at: 1, bootId: 'boot-a' };
    const { record, findings } = followBoots(BOOTS, plain(V1), asked, 9);
    expect([record.denials, findings]).toEqual([[], []]);
    expect(versions(record.boots)).toEqual(['1', '2', '3', '1']);
    const other = followBoots(BOOTS, plain(V1), { ...asked, ...plain(V4) }, 9);
    expect(versions(other.record.denials)).toEqual(['2', '3']);
  });

  it('is sixteen boots long at most: the newest stay', () => {
    const forwards = many(17).reduce(
      (record, target) => followBoots(record, plain(target), undefined, 1).record,
      EMPTY_RECORD,
    );
    expect([forwards.boots.length, forwards.boots[0]?.version]).toEqual([16, 'v1']);
    const back = followBoots(
      recordOf({ boots: many(40).map(plain) }),
      plain(release('v30')),
      undefined,
      1,
      many(40).slice(31),
    );
    expect([back.record.boots.length, back.record.boots.at(-1)?.version]).toEqual([16, 'v30']);
  });

  it('and what was asked for are settled in one go', () => {
    const asked = rebootAsked(BOOTS, V4, 1, 'boot-a');
    const { record, findings } = booted(asked, V4, 'boot-b', 9);
    expect(versions(record.boots)).toEqual(['1', '2', '3', '4']);
    expect(findings).toStrictEqual([{ kind: 'booted-as-asked', target: plain(V4) }]);
    const missed = booted(asked, V1, 'boot-b', 9);
    expect(missed.findings.map(({ kind }) => kind)).toEqual(['reboot-missed', 'rolled-back', 'rolled-back']);
  });
});
