import { describe, expect, it } from 'vitest';

import type { Outcome } from '../../../src/fleet/outcome.ts';
import { simulateFleet } from '../../../src/fleet/simulate-fleet.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/text/units.ts';
import {
  group,
  LOCKED,
  PERIODIC,
  plan,
  release,
  releasesEvery,
  zone,
} from '../../support/fleet/sample-plan.ts';

const ALWAYS = { weekdays: new Set([0, 1, 2, 3, 4, 5, 6]) };
const only = (outcome: Outcome) => outcome.groups[0]!;

describe('a simulated fleet', () => {
  it('gives the same bytes for the same seed, and others for another one', () => {
    const outcome = (seed: number): string =>
      JSON.stringify(simulateFleet({ ...plan({ groups: [group('all', '')] }), seed }));
    expect(outcome(5)).toBe(outcome(5));
    expect(outcome(5)).not.toBe(outcome(6));
  });

  it('follows a rollout: half of the nodes by half of its time, the last one by its end', () => {
    const { releases } = only(simulateFleet(plan({ groups: [group('all', '', { nodes: 400 })] })));
    const [first] = releases;
    expect(first?.afterMs).toHaveLength(400);
    const medianHours = (first?.afterMs[200] ?? 0) / HOUR_MS;
    expect(medianHours).toBeGreaterThan(10);
    expect(medianHours).toBeLessThan(14);
    // The rollout, a poll, the download and the reboot.
    expect(first?.afterMs.at(-1)).toBeLessThan(24 * HOUR_MS + 20 * MINUTE_MS);
  });

  it('never has more nodes down than slots, and tells how long slots lay free', () => {
    const outcome = simulateFleet(
      plan({
        groups: [group('db', LOCKED, { nodes: 40, lock: 'l', rebootMs: HOUR_MS })],
        locks: [{ name: 'l', slots: 3 }],
      }),
    );
    expect(only(outcome).mostDown).toBe(3);
    expect(outcome.locks[0]).toMatchObject({ mostHolders: 3, slots: 3 });
    expect(outcome.locks[0]!.heldMs).toBeGreaterThanOrEqual(only(outcome).reboots * HOUR_MS);
    expect(outcome.locks[0]!.idleMs).toBeGreaterThan(0);
  });

  it('a node that hangs keeps its slot, and the others wait until it is repaired', () => {
    const groups = [group('db', LOCKED, { nodes: 4, lock: 'l', rebootHangs: 1, repairMs: 2 * DAY_MS })];
    const outcome = simulateFleet(
      plan({ groups, releases: releasesEvery(20, 10, 1), locks: [{ name: 'l', slots: 1 }] }),
    );
    const { afterMs } = only(outcome).releases[0]!;
    expect(afterMs.map((ms) => Math.floor(ms / DAY_MS))).toEqual([2, 4, 6, 8]);
  });

  it('reboots in the windows of the node’s own time zone, and counts workdays by it', () => {
    const groups = [
      group('web', `${PERIODIC}[updates.periodic]\ntime_zone = "localtime"`, {
        nodes: 30,
        zones: [zone('Asia/Tokyo')],
      }),
    ];
    const { week, reboots, workdayReboots } = only(simulateFleet(plan({ groups })));
    expect(reboots).toBe(30);
    expect(workdayReboots).toBe(0);
    const inWindow = [0, 6].flatMap((day) => [3, 4, 5].map((hour) => week[day]?.[hour] ?? 0));
    expect(inWindow.reduce((sum, count) => sum + count, 0)).toBe(30);
  });

  it('says who never updates, and what holds them', () => {
    const outcome = simulateFleet(
      plan({
        groups: [
          group('manual', '[updates]\nstrategy = "manual"'),
          group('off', '[updates]\nenabled = false'),
          group(
            'closed',
            PERIODIC.replace('["Sat", "Sun"]', '["29th Feb"]').replace('["29th Feb"]', '["5th Mon"]'),
          ),
          group('skips', '[updates]\nskip = ["44.1.0", "44.2.0", "44.3.0"]'),
          group('dark', PERIODIC, { power: { ...ALWAYS, fromMinutes: 600, untilMinutes: 900 } }),
          group('lost', '', { booted: 0, stagingFails: 1 }),
          group('waits', LOCKED, { lock: 'l', nodes: 2, rebootHangs: 1, repairMs: 99 * DAY_MS }),
        ],
        locks: [{ name: 'l', slots: 1 }],
      }),
    );
    const held = Object.fromEntries(
      outcome.groups.map(({ name, stuck }) => [name, stuck.map(({ by, nodes }) => [by, nodes])]),
    );
    expect(held).toEqual({
      manual: [['manual', 20]],
      off: [['updates_disabled', 20]],
      closed: [['periodic', 20]],
      skips: [['skipped', 20]],
      dark: [['periodic', 20]],
      lost: [
        ['denied', expect.any(Number)],
        ['staging', expect.any(Number)],
      ],
      waits: [
        ['down', 1],
        ['fleet_lock', 1],
      ],
    });
    expect(outcome.groups[4]?.stuck[0]?.reason).toMatch(/; and then the node is switched off$/);
  });

  it('counts nodes in a bad release until it is halted, and leads them on', () => {
    const [old, bad, good] = [
      release(0),
      release(1, { publishedAt: Date.UTC(2026, 11, 2), isBad: true, haltedAt: Date.UTC(2026, 11, 2, 12) }),
      release(2, { publishedAt: Date.UTC(2026, 11, 4) }),
    ];
    const rollout = { startEpoch: Date.UTC(2026, 11, 2) / 1000, startValue: 0, durationMinutes: 24 * 60 };
    const groups = [group('all', '', { nodes: 200 })];
    const { exposed, releases } = only(
      simulateFleet(plan({ groups, releases: [old, { ...bad, rollout }, good] })),
    );
    expect(exposed).toBeGreaterThan(70);
    expect(exposed).toBeLessThan(130);
    expect(releases.at(-1)?.afterMs).toHaveLength(200);
  });

  it('each sample has every node once', () => {
    const { samples } = simulateFleet(plan({ groups: [group('all', ''), group('web', PERIODIC)] }));
    expect(samples).toHaveLength(240);
    for (const { booted } of samples) {
      expect(booted.reduce((sum, count) => sum + count, 0)).toBe(40);
    }
  });
});
