import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { denialMs, REBOOT_RETRY_MS } from '../../../src/agent/pacing.ts';
import {
  abandon,
  atTheEnd,
  attemptsOf,
  booted as bootedAndTold,
  EMPTY_RECORD,
  isInForce,
  MAX_REBOOTS_PER_TARGET,
  rebootAsked,
  rebootRefused,
  refuseStream,
  stageFailed,
  stageSucceeded,
  type AgentRecord,
} from '../../../src/agent/record.ts';
import { release } from '../../support/samples.ts';

const V1 = release('1');
const V2 = release('2');
const V3 = release('3');

/** The record alone; what people hear of it is told below. */
function booted(...of: Parameters<typeof bootedAndTold>): AgentRecord {
  return bootedAndTold(...of).record;
}

function denied(record: AgentRecord, at = 0): string[] {
  return record.denials
    .filter((denial) => isInForce(denial, at))
    .map((denial) => `${denial.version} ${denial.reason}`);
}

describe('booted', () => {
  it('settles what was asked for', () => {
    const first = booted(EMPTY_RECORD, V1, 'a', 0);
    const next = booted(rebootAsked(first, V2, 1, 'a'), V2, 'b', 2);
    expect(next.asked).toBeUndefined();
    expect(next.boots.map((boot) => boot.version)).toEqual(['1', '2']);
    expect(denied(next)).toEqual([]);
  });

  it('status-since: knows since when the release is there, over reboots into the same one', () => {
    const first = booted(EMPTY_RECORD, V1, 'a', 5);
    // The agent has come to a node that ran already.
    expect(first.bootedSinceAt).toBeUndefined();
    const next = booted(rebootAsked(first, V2, 10, 'a'), V2, 'b', 20);
    expect(next.bootedSinceAt).toBe(20);
    expect(booted(next, V2, 'c', 30).bootedSinceAt).toBe(20);
    expect(booted(next, V1, 'd', 40).bootedSinceAt).toBe(40);
    const staged = stageSucceeded(next, V3, {}, 'd-3', 50);
    expect(staged.staged?.sinceAt).toBe(50);
    expect(stageSucceeded(staged, V3, {}, 'd-3', 60).staged?.sinceAt).toBe(50);
    expect(stageSucceeded(staged, V3, {}, 'd-4', 60).staged?.sinceAt).toBe(60);
    expect(stageSucceeded(staged, V2, {}, 'd-3', 60).staged?.sinceAt).toBe(60);
  });

  it('status-hop: counts the updates of one way, until there is nothing newer', () => {
    const first = booted(rebootAsked(booted(EMPTY_RECORD, V1, 'a', 0), V2, 1, 'a'), V2, 'b', 2);
    const second = booted(rebootAsked(first, V3, 3, 'b'), V3, 'c', 4);
    expect([first.hopsDone, second.hopsDone]).toEqual([1, 2]);
    expect(atTheEnd(second).hopsDone).toBeUndefined();
    expect(atTheEnd(EMPTY_RECORD)).toBe(EMPTY_RECORD);
  });

  it('waits on when only the agent started anew', () => {
    const asked = rebootAsked(booted(EMPTY_RECORD, V1, 'a', 0), V2, 1, 'a');
    expect(booted(asked, V1, 'a', 2)).toEqual(asked);
  });

  it('denies a target for an hour, then for good, when another release came up', () => {
    let record = booted(EMPTY_RECORD, V1, 'a', 0);
    record = booted(rebootAsked(record, V2, 1, 'a'), V1, 'b', 2);
    expect(denied(record, 3)).toEqual(['2 boot-failed']);
    expect(denied(record, 2 + REBOOT_RETRY_MS)).toEqual([]);
    record = booted(rebootAsked(record, V2, 4, 'b'), V1, 'c', 5);
    expect(attemptsOf(record, V2).reboots).toBe(MAX_REBOOTS_PER_TARGET);
    expect(denied(record, Number.MAX_SAFE_INTEGER)).toEqual(['2 boot-failed']);
  });

  it('denies everything that was left by going back, and forgives what is booted again', () => {
    let record = booted(EMPTY_RECORD, V1, 'a', 0);
    record = booted(record, V2, 'b', 1);
    record = booted(record, V3, 'c', 2);
    record = booted(record, V1, 'd', 3);
    expect(denied(record)).toEqual(['2 rolled-back', '3 rolled-back']);
    record = booted(record, V3, 'e', 4);
    expect(denied(record)).toEqual(['2 rolled-back']);
    expect(record.boots.map((boot) => boot.version)).toEqual(['1', '3']);
  });

  it('does not take a downgrade that was asked for as a rollback', () => {
    let record = booted(booted(EMPTY_RECORD, V1, 'a', 0), V2, 'b', 1);
    record = booted(rebootAsked(record, V1, 2, 'b'), V1, 'c', 3);
    expect(denied(record)).toEqual([]);
  });

  it('tells what came of it', () => {
    const first = booted(EMPTY_RECORD, V1, 'a', 0);
    const asked = rebootAsked(first, V2, 1, 'a');
    const target = { version: '2', payload: V2.payload };
    const present = { version: '1', payload: V1.payload };
    expect(bootedAndTold(EMPTY_RECORD, V1, 'a', 0).findings).toEqual([]);
    expect(bootedAndTold(asked, V2, 'b', 2).findings).toEqual([{ kind: 'booted-as-asked', target }]);
    const missed = bootedAndTold(asked, V1, 'b', 2);
    expect(missed.findings).toEqual([
      { kind: 'reboot-missed', target, booted: present, strikes: 1, untilAt: 2 + REBOOT_RETRY_MS },
    ]);
    expect(bootedAndTold(rebootAsked(missed.record, V2, 3, 'b'), V1, 'c', 4).findings).toEqual([
      { kind: 'reboot-missed', target, booted: present, strikes: 2 },
    ]);
    expect(bootedAndTold(booted(asked, V2, 'b', 2), V1, 'c', 3).findings).toEqual([
      { kind: 'rolled-back', target, booted: present },
    ]);
  });

  it('forgets what was asked for when it was refused', () => {
    const record = rebootRefused(rebootAsked(EMPTY_RECORD, V2, 1, 'a'));
    expect(denied(booted(record, V1, 'b', 3))).toEqual([]);
  });
});

describe('denials', () => {
  it('grow with every time a target is abandoned', () => {
    let record = EMPTY_RECORD;
    for (let strike = 1; strike <= 3; strike++) {
      record = abandon(record, V2, 1000);
      expect(record.denials[0]?.untilAt).toBe(1000 + denialMs(strike));
    }
    expect(record.denials).toHaveLength(1);
  });

  it('are over when the clock was set back so far that they seem longer than any', () => {
    const record = abandon(EMPTY_RECORD, V2, Date.UTC(2030, 0, 1));
    expect(denied(record, Date.UTC(2030, 0, 1) + 1)).toHaveLength(1);
    expect(denied(record, Date.UTC(2026, 0, 1))).toEqual([]);
  });

  it('for another stream have no end', () => {
    expect(denied(refuseStream(EMPTY_RECORD, V2, 0), Number.MAX_SAFE_INTEGER)).toEqual(['2 wrong-stream']);
  });
});

describe('the record', () => {
  it('counts failed stages until one works', () => {
    const twice = stageFailed(stageFailed(EMPTY_RECORD, V2, 5), V2, 9);
    expect(attemptsOf(twice, V2)).toMatchObject({ stages: 2, sinceAt: 5 });
    expect(stageSucceeded(twice, V2).attempts).toEqual([]);
  });

  it('stays bounded whatever happens, and denies no release that is booted', () => {
    const target = fc.integer({ min: 0, max: 200 }).map((n) => release(String(n)));
    const change = fc.oneof(
      target.map((t) => (r: AgentRecord) => abandon(r, t, 1)),
      target.map((t) => (r: AgentRecord) => refuseStream(r, t, 1)),
      target.map((t) => (r: AgentRecord) => stageFailed(r, t, 1)),
      fc.tuple(target, fc.string()).map(
        ([t, id]) =>
          (r: AgentRecord) =>
            rebootAsked(r, t, 1, id),
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(change, target), { maxLength: 400 }), (changes) => {
        let record = EMPTY_RECORD;
        changes.forEach((next, index) => {
          if (typeof next === 'function') {
            record = next(record);
          } else {
            record = booted(record, next, `boot-${index}`, index);
            expect(
              record.denials.some(
                (d) => d.payload.value === next.payload.value && d.reason === 'rolled-back',
              ),
            ).toBe(false);
          }
        });
        expect(JSON.stringify(record).length).toBeLessThan(100_000);
      }),
      { numRuns: 50 },
    );
  });
});
