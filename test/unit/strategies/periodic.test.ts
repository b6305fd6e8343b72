/** Strategy `periodic`: its answers, their words, and their effect on a node. */
import { rename } from 'node:fs/promises';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { CheckQuery, CheckResult } from '../../../src/agent/ports.ts';
import { showDate, showDistance, showInstant } from '../../../src/calendar/luxon-zone.ts';
import { parseTzif } from '../../../src/calendar/tzif.ts';
import { UTC, type ZoneRules } from '../../../src/calendar/zone-rules.ts';
import { readFragment } from '../../../src/config/fragment.ts';
import { mergeFragments } from '../../../src/config/merge.ts';
import { resolveSettings } from '../../../src/config/resolve-settings.ts';
import { parseToml } from '../../../src/config/toml.ts';
import { ConfigError } from '../../../src/errors.ts';
import {
  type LocalText,
  PeriodicSchedule,
  type PeriodicSettings,
} from '../../../src/strategies/periodic-schedule.ts';
import { createPeriodicGate, judgePeriodic } from '../../../src/strategies/periodic.ts';
import { DAY_MS, MINUTE_MS } from '../../../src/text/units.ts';
import { HostTree } from '../../support/host-tree.ts';
import { question } from '../../support/question.ts';
import { checkResult, deployment, release } from '../../support/samples.ts';
import { SimulatedNode, type World } from '../../support/simulated-node.ts';
import { tzifOfRule } from '../../support/tzif-bytes.ts';

const UUID = '27e3ac02af3946af995c9940e18b0cce';
const BERLIN_BYTES = tzifOfRule('CET-1CEST,M3.5.0,M10.5.0/3', 3600, 'CET');
const TOKYO_BYTES = tzifOfRule('JST-9', 32_400, 'JST');
const ZONES = new Map<string, ZoneRules>([
  ['UTC', UTC],
  ['Europe/Berlin', parseTzif('Europe/Berlin', BERLIN_BYTES)],
  ['Asia/Tokyo', parseTzif('Asia/Tokyo', TOKYO_BYTES)],
]);

const at = (text: string): number => Date.parse(text);

/** The configuration, as an operator writes it. */
function settingsOf(text: string): PeriodicSettings {
  const fragment = readFragment(parseToml(Buffer.from(text), 'x.toml'), 'x.toml');
  expect(fragment.errors).toEqual([]);
  return resolveSettings(mergeFragments([fragment])).settings.updates.periodic;
}

function schedule(text: string, nodeUuid = UUID, words: Partial<LocalText> = {}): PeriodicSchedule {
  return new PeriodicSchedule({
    settings: settingsOf(text),
    nodeUuid,
    zoneOf: (name) => ZONES.get(name)!,
    text: { showInstant, showDate, showDistance, ...words },
  });
}

const SATURDAY = `
[[updates.periodic.window]]
days = ["Sat"]
start_time = "3:00"
length_minutes = 60
`;
/** There is no such date. */
const NEVER = SATURDAY.replace('days = ["Sat"]', 'day_of_month = [30]\nmonths = ["Feb"]');
const ALWAYS = SATURDAY.replace('length_minutes = 60', 'length_minutes = 10080');
const BERLIN = `updates.periodic.time_zone = "Europe/Berlin"\n`;
const FREEZE = `
[[updates.periodic.freeze]]
from = 2026-12-20
until = 2027-01-03
reason = "year end"
`;

describe('a report', () => {
  it('inside of a window is yes', () => {
    const plan = schedule(BERLIN + SATURDAY);
    for (const instant of ['2026-11-28T02:00:00Z', '2026-11-28T02:59:59.999Z']) {
      expect(plan.reportAt(at(instant))).toStrictEqual({
        gate: 'periodic',
        verdict: 'pass',
        reason: 'inside of a maintenance window',
        label: 'periodic',
        evidence: { timeZone: 'Europe/Berlin', closesAt: at('2026-11-28T03:00:00Z') },
        passEndsAt: at('2026-11-28T03:00:00Z'),
      });
    }
  });

  it('outside says when the next one opens, to the millisecond', () => {
    expect(schedule(BERLIN + SATURDAY).reportAt(at('2026-11-26T12:00:00.123Z'))).toEqual({
      gate: 'periodic',
      verdict: 'block',
      reason: 'outside of maintenance windows; next one opens Sat 2026-11-28 03:00 CET (in 2 days)',
      label: 'outside_window',
      evidence: { timeZone: 'Europe/Berlin', opensAt: at('2026-11-28T02:00:00Z') },
      nextAt: at('2026-11-28T02:00:00Z'),
    });
    expect(schedule(BERLIN + SATURDAY).reportAt(at('2026-11-28T03:00Z'))).toMatchObject({
      reason: 'outside of maintenance windows; next one opens Sat 2026-12-05 03:00 CET (in 7 days)',
    });
  });

  it('that passes names the instant at which it no longer does; that blocks, the one at which it passes', () => {
    const calendars = [
      BERLIN + SATURDAY,
      BERLIN + SATURDAY + FREEZE,
      `${BERLIN}updates.periodic.splay_minutes = 45\n${SATURDAY}`,
      `${BERLIN}${SATURDAY}${SATURDAY.replace('3:00', '3:30')}time_zone = "Asia/Tokyo"\n`,
    ].map((text) => schedule(text));
    const instants = fc.integer({ min: at('2026-10-01T00:00Z'), max: at('2027-04-01T00:00Z') });
    fc.assert(
      fc.property(fc.constantFrom(...calendars), instants, (plan, now) => {
        const { verdict, nextAt, passEndsAt } = plan.reportAt(now);
        if (verdict === 'pass') {
          expect(nextAt).toBeUndefined();
          expect(plan.reportAt(passEndsAt! - 1).verdict).toBe('pass');
          expect(plan.reportAt(passEndsAt!).verdict).toBe('block');
        } else {
          expect(passEndsAt).toBeUndefined();
          expect(plan.reportAt(nextAt! - 1).verdict).toBe('block');
          expect(plan.reportAt(nextAt!).verdict).toBe('pass');
        }
      }),
      { numRuns: 300 },
    );
  });

  it('keeps its words for all of a day, so that people read them once', () => {
    const plan = schedule(BERLIN + SATURDAY);
    const said = new Set<string>();
    for (let now = at('2026-11-25T23:00Z'); now < at('2026-11-28T02:00Z'); now += 5 * MINUTE_MS) {
      said.add(plan.reportAt(now).reason);
    }
    expect([...said].map((reason) => reason.slice(-11))).toEqual([
      ' (in 2 days)'.slice(-11),
      ' (tomorrow)',
      'CET (today)',
    ]);
  });

  it('in a freeze gives its reason and its end', () => {
    expect(schedule(BERLIN + SATURDAY + FREEZE).reportAt(at('2026-12-26T02:30Z'))).toEqual({
      gate: 'periodic',
      verdict: 'block',
      reason:
        'maintenance windows are frozen until Mon 2027-01-04 00:00 CET: year end; next one opens Sat 2027-01-09 03:00 CET (in 14 days)',
      label: 'frozen',
      evidence: {
        timeZone: 'Europe/Berlin',
        frozenUntilAt: at('2027-01-03T23:00Z'),
        freezeReason: 'year end',
        opensAt: at('2027-01-09T02:00Z'),
      },
      nextAt: at('2027-01-09T02:00Z'),
    });
  });

  it('in a freeze does not give its reason twice', () => {
    expect(schedule(BERLIN + SATURDAY + FREEZE).reportAt(at('2026-12-25T12:00Z')).reason).toBe(
      'maintenance windows are frozen until Mon 2027-01-04 00:00 CET: year end; next one opens Sat 2027-01-09 03:00 CET (in 15 days)',
    );
  });

  it('without a window in sight says so', () => {
    const plan = schedule(BERLIN + NEVER + FREEZE);
    expect(plan.reportAt(at('2026-12-01T12:00Z'))).toStrictEqual({
      gate: 'periodic',
      verdict: 'block',
      reason: 'outside of maintenance windows; no later one is in sight',
      label: 'outside_window',
      evidence: { timeZone: 'Europe/Berlin' },
    });
    expect(plan.reportAt(at('2026-12-26T12:00Z'))).toMatchObject({
      reason:
        'maintenance windows are frozen until Mon 2027-01-04 00:00 CET: year end; no later one is in sight',
      evidence: { frozenUntilAt: at('2027-01-03T23:00Z'), freezeReason: 'year end' },
    });
  });

  it('before a freeze says why the next windows do not count', () => {
    expect(schedule(BERLIN + SATURDAY + FREEZE).reportAt(at('2026-12-19T12:00Z'))).toMatchObject({
      reason:
        'outside of maintenance windows; next one opens Sat 2027-01-09 03:00 CET (in 21 days); those before it are frozen: year end',
      label: 'outside_window',
    });
    expect(schedule(BERLIN + SATURDAY + FREEZE).reportAt(at('2026-12-17T12:00Z')).reason).not.toContain(
      'frozen',
    );
  });

  it('a freeze begins and ends with its days, by the clocks of the calendar; other zones can be written', () => {
    const always =
      '[[updates.periodic.window]]\ndays = ["Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri"]\nstart_time = "0:00"\nlength_minutes = 1500\n';
    const frozenFrom = (text: string): string[] => {
      const plan = schedule(`updates.periodic.time_zone = "Asia/Tokyo"\n${always}${text}`);
      const state = plan.calendar.stateAt(at('2026-12-01T00:00Z'));
      const from = state.open ? state.untilAt : undefined;
      const until = from === undefined ? undefined : plan.reportAt(from).nextAt;
      return [from, until].map((instant) => new Date(instant ?? 0).toISOString().slice(0, 19));
    };
    const freeze = (from: string, until: string): string =>
      `[[updates.periodic.freeze]]\nfrom = ${from}\nuntil = ${until}\nreason = "x"\n`;
    expect(frozenFrom(freeze('2026-12-20', '2026-12-20'))).toEqual([
      '2026-12-19T15:00:00',
      '2026-12-20T15:00:00',
    ]);
    expect(frozenFrom(freeze('2026-12-20T18:30:00', '2026-12-21'))).toEqual([
      '2026-12-20T09:30:00',
      '2026-12-21T15:00:00',
    ]);
    expect(frozenFrom(freeze('2026-12-20T00:00:00Z', '2026-12-20T02:00:00+01:00'))).toEqual([
      '2026-12-20T00:00:00',
      '2026-12-20T01:00:00',
    ]);
  });

  it('where no window is in sight can change at any time', () => {
    const never = SATURDAY.replace('days = ["Sat"]', 'day_of_month = 30\nmonths = "Feb"');
    expect(schedule(never).reportAt(0)).toEqual({
      gate: 'periodic',
      verdict: 'block',
      reason: 'outside of maintenance windows; no later one is in sight',
      label: 'outside_window',
      evidence: { timeZone: 'UTC' },
    });
  });

  it('of a window with a time zone of its own is told in that of the calendar', () => {
    const plan = schedule(`${BERLIN}${SATURDAY}time_zone = "Asia/Tokyo"\n`);
    expect(plan.reportAt(at('2026-11-26T12:00Z'))).toMatchObject({
      reason: 'outside of maintenance windows; next one opens Fri 2026-11-27 19:00 CET (tomorrow)',
      nextAt: at('2026-11-27T18:00Z'),
    });
  });
});

describe('splay', () => {
  const SPLAY = `${BERLIN}updates.periodic.splay_minutes = 45\n${SATURDAY}`;

  it('holds a node back inside of the window until its turn, and until then exactly', () => {
    const plan = schedule(SPLAY);
    const opens = at('2026-11-28T02:00Z');
    const turn = plan.reportAt(opens);
    expect(turn).toMatchObject({ verdict: 'block', label: 'splay' });
    expect(turn.nextAt).toBeGreaterThan(opens);
    expect(turn.nextAt).toBeLessThanOrEqual(opens + 45 * MINUTE_MS);
    expect(turn.reason).toMatch(
      /^inside of a maintenance window; the turn of this node is at Sat 2026-11-28 03:\d\d(:\d\d)? CET$/,
    );
    expect(plan.reportAt(turn.nextAt! - 1)).toEqual(turn);
    expect(plan.reportAt(turn.nextAt!).verdict).toBe('pass');
    expect(plan.reportAt(opens + 60 * MINUTE_MS - 1).verdict).toBe('pass');
    const evidence = { turnAt: turn.nextAt, closesAt: opens + 60 * MINUTE_MS };
    expect(turn.evidence).toMatchObject(evidence);
    expect(plan.reportAt(turn.nextAt!)).toMatchObject({ evidence, passEndsAt: opens + 60 * MINUTE_MS });
    // Before the window it is known already.
    const before = plan.reportAt(opens - DAY_MS);
    expect(before.nextAt).toBe(turn.nextAt);
    expect(before.reason).toContain(
      'next one opens Sat 2026-11-28 03:00 CET (tomorrow); the turn of this node is at Sat',
    );
  });

  it('says nothing of a turn that begins with the window', () => {
    const short = schedule(SPLAY.replace('length_minutes = 60', 'length_minutes = 1'));
    const opens = at('2026-11-28T02:00Z');
    expect(short.reportAt(opens - DAY_MS)).toMatchObject({
      reason: 'outside of maintenance windows; next one opens Sat 2026-11-28 03:00 CET (tomorrow)',
      evidence: { opensAt: opens, turnAt: opens },
      nextAt: opens,
    });
  });

  it('leaves every node its minute, whatever the length of the window', () => {
    for (const length of [1, 2, 10, 60, 10_080]) {
      for (let node = 0; node < 50; node++) {
        const plan = schedule(
          SPLAY.replace('length_minutes = 60', `length_minutes = ${length}`),
          `node ${node}`,
        );
        const turn = plan.reportAt(at('2026-11-28T02:00Z') - 1).nextAt!;
        const closes = at('2026-11-28T02:00Z') + length * MINUTE_MS;
        if (length < 10_080) {
          expect(turn).toBeLessThanOrEqual(closes - MINUTE_MS);
        }
        expect(plan.reportAt(turn).verdict).toBe('pass');
        expect(plan.reportAt(closes - 1).verdict).toBe('pass');
      }
    }
  });

  it('begins anew where a freeze ends inside of a window, so that nodes do not gather there', () => {
    const freeze =
      '[[updates.periodic.freeze]]\nfrom = 2026-11-01\nuntil = 2026-11-28T03:30:00\nreason = "x"\n';
    const turns = Array.from(
      { length: 20 },
      (_, node) => schedule(SPLAY + freeze, `node ${node}`).reportAt(at('2026-11-27T00:00Z')).nextAt!,
    );
    expect(new Set(turns).size).toBeGreaterThan(15);
    for (const turn of turns) {
      expect(turn).toBeGreaterThanOrEqual(at('2026-11-28T02:30Z'));
      expect(turn).toBeLessThanOrEqual(at('2026-11-28T02:59Z'));
    }
  });

  it('holds nobody back who is open without an end', () => {
    const always = `updates.periodic.splay_minutes = 10080\n[[updates.periodic.window]]\ndays = ["Sun"]\nstart_time = "0:00"\nlength_minutes = 10080\n`;
    const report = schedule(always).reportAt(at('2026-11-26T12:00Z'));
    expect(report.verdict).toBe('pass');
    expect(report).not.toHaveProperty('passEndsAt');
  });
});

describe('what metrics and people are told besides', () => {
  it('the open or else the next window', () => {
    const plan = schedule(BERLIN + SATURDAY);
    const next = { startAt: at('2026-11-28T02:00Z'), endAt: at('2026-11-28T03:00Z') };
    expect(plan.windowAt(at('2026-11-26T00:00Z'))).toEqual(next);
    expect(plan.windowAt(at('2026-11-28T02:30Z'))).toEqual(next);
    expect(plan.windowAt(at('2026-11-28T03:00Z'))?.startAt).toBe(at('2026-12-05T02:00Z'));
    expect(plan.weeklyMinutes(at('2026-11-26T00:00Z'))).toBe(60);
    expect(plan.summaryAt(at('2026-11-26T12:00Z'))).toBe(
      'total schedule length 60 minutes; next window at 3:00 on Sat, Sat 2026-11-28 03:00 CET (in 2 days)',
    );
    expect(plan.summaryAt(at('2026-11-28T02:30Z'))).toBe(
      'total schedule length 60 minutes; a window is open now',
    );
  });

  it('no window where none has an end, or where none ever comes', () => {
    expect(schedule(ALWAYS).windowAt(at('2026-11-26T00:00Z'))).toBeUndefined();
    expect(schedule(NEVER).windowAt(at('2026-11-26T00:00Z'))).toBeUndefined();
    expect(schedule(NEVER).summaryAt(at('2026-11-26T00:00Z'))).toMatch(
      /^total schedule length [\d.]+ minutes; no window in sight$/,
    );
  });

  it('the next window as Zincati puts it, in whatever words its time is written', () => {
    const next = (words: Partial<LocalText>, start = '3:00'): string | undefined =>
      schedule(BERLIN + SATURDAY.replace('3:00', start), UUID, words)
        .summaryAt(at('2026-11-26T12:00Z'))
        .split('; ')[1];
    expect(next({}, '13:05')).toBe('next window at 13:05 on Sat, Sat 2026-11-28 13:05 CET (in 2 days)');
    expect(next({ showInstant: () => 'soon' })).toBe('next window opens soon (in 2 days)');
    expect(next({ showInstant: () => 'on Sat 2026-11-28 03:00 CET' })).toBe(
      'next window opens on Sat 2026-11-28 03:00 CET (in 2 days)',
    );
  });

  it('warnings show dates by the clocks of the calendar', () => {
    expect(schedule(BERLIN + ALWAYS + FREEZE).warningsAt(at('2027-02-01T00:00Z'))).toEqual([
      'updates.periodic.freeze[0] (year end) ended on 2027-01-03: it can be removed',
    ]);
  });

  it('warnings name the file', () => {
    const origins = new Map([['updates.periodic.window[1]', '/etc/zincati/config.d/20-b.toml']]);
    expect(schedule(SATURDAY + SATURDAY).warningsAt(at('2026-11-26T00:00Z'), origins)).toEqual([
      '/etc/zincati/config.d/20-b.toml: updates.periodic.window[1] (Sat, at 3:00 for 60 minutes) is the same as updates.periodic.window[0]',
    ]);
  });
});

describe('on a node', () => {
  /** A new release every week, on Wednesday. */
  function weekly(startAt: number): World['check'] & ((query: CheckQuery) => CheckResult) {
    return () => {
      const week = Math.floor((node!.at - startAt) / (7 * DAY_MS)) + 2;
      const offered = release(`${week}.0`, week);
      return checkResult(
        node!.booted.version === offered.version
          ? { kind: 'no-update' }
          : { kind: 'update', release: offered },
      );
    };
  }
  let node: SimulatedNode | undefined;

  // WEEKS asks for fewer, where these tests run again and again.
  const weeks = Number(process.env['WEEKS'] ?? 52);
  it(`B13: a window of one minute a week is hit in each of ${weeks} weeks`, { timeout: 60_000 }, () => {
    const startAt = at('2026-01-07T00:00Z');
    const plan = schedule(
      `${BERLIN}${SATURDAY.replace('length_minutes = 60', 'length_minutes = 1').replace('3:00', '2:30')}`,
    );
    const rebootedAt: number[] = [];
    node = new SimulatedNode(
      {
        check: weekly(startAt),
        survey: (asked) => [judgePeriodic(plan, asked)],
        // The way to the reboot takes a moment, as it does.
        durationMs: (effect) => (effect.kind === 'read-status' ? 700 : effect.kind === 'check' ? 1500 : 0),
        rebootComes: () => {
          rebootedAt.push(node!.at);
          return true;
        },
      },
      [deployment('1.0', { booted: true })],
      startAt,
    );
    while (node.at < startAt + weeks * 7 * DAY_MS) {
      node.step();
    }
    expect(node.reboots).toBe(weeks);
    const spring = at('2026-03-29T00:00Z');
    for (const instant of rebootedAt) {
      expect(plan.reportAt(instant).verdict).toBe('pass');
      const opened = plan.windowAt(instant)!.startAt;
      expect(new Date(opened).toISOString().slice(11, 16)).toBe(
        opened < spring || opened > at('2026-10-25T01:00Z') ? '01:30' : '00:30',
      );
    }
    expect(new Set(rebootedAt.map((instant) => plan.windowAt(instant)!.startAt)).size).toBe(weeks);
  });
});

describe('with the files of a host', () => {
  const ZONEINFO = '/usr/share/zoneinfo';
  const FILES = { [`${ZONEINFO}/Europe/Berlin`]: BERLIN_BYTES, [`${ZONEINFO}/Asia/Tokyo`]: TOKYO_BYTES };

  it('B23: a change of /etc/localtime moves the windows while the agent runs', async () => {
    await using host = await HostTree.create(FILES);
    await host.link('/etc/localtime', '../usr/share/zoneinfo/Europe/Berlin');
    const warnings: string[] = [];
    const gate = await createPeriodicGate({
      settings: settingsOf(`updates.periodic.time_zone = "localtime"\n${SATURDAY}${FREEZE}`),
      nodeUuid: UUID,
      root: host.root,
      warn: (text) => warnings.push(text),
    });
    const now = at('2026-11-26T12:00Z');
    expect(await gate.ask(question(now))).toMatchObject({ nextAt: at('2026-11-28T02:00Z') });
    const explained = await gate.explain(question(now));
    expect(explained.report).toEqual(await gate.ask(question(now)));
    expect(explained.passAfter(now)?.fromAt).toBe(at('2026-11-28T02:00:00Z'));
    const before = await gate.schedule();
    expect(await gate.schedule()).toBe(before);
    expect(before.zone.name).toBe('Europe/Berlin');
    await host.link('/etc/localtime.new', '../usr/share/zoneinfo/Asia/Tokyo');
    await rename(host.at('/etc/localtime.new'), host.at('/etc/localtime'));
    expect(await gate.ask(question(now))).toMatchObject({
      nextAt: at('2026-11-27T18:00Z'),
      reason: 'outside of maintenance windows; next one opens Sat 2026-11-28 03:00 JST (in 2 days)',
    });
    // Freezes are by the clocks of the calendar, and move as well.
    expect((await gate.ask(question(at('2026-12-19T15:00Z')))).label).toBe('frozen');
    expect(warnings).toEqual([]);
  });

  it('B23: windows move when one of several zones changes', async () => {
    await using host = await HostTree.create(FILES);
    const gate = await createPeriodicGate({
      settings: settingsOf(`${BERLIN}${SATURDAY}${SATURDAY}time_zone = "Asia/Tokyo"\n`),
      nodeUuid: UUID,
      root: host.root,
      warn: () => undefined,
    });
    const opened = async () =>
      (await gate.schedule()).calendar
        .openSpans(at('2026-11-26T00:00Z'), at('2026-11-30T00:00Z'))
        .map((span) => new Date(span.fromAt).toISOString().slice(0, 16));
    expect(await opened()).toEqual(['2026-11-27T18:00', '2026-11-28T02:00']);
    await host.link(`${ZONEINFO}/Asia/Tokyo.new`, '../Europe/Berlin');
    await rename(host.at(`${ZONEINFO}/Asia/Tokyo.new`), host.at(`${ZONEINFO}/Asia/Tokyo`));
    expect(await opened()).toEqual(['2026-11-28T02:00']);
  });

  it('windows in several zones, and one that cannot be read', async () => {
    await using host = await HostTree.create({ ...FILES, [`${ZONEINFO}/America/New_York`]: 'garbage' });
    const warnings: string[] = [];
    const gate = await createPeriodicGate({
      settings: settingsOf(
        `${BERLIN}${SATURDAY}time_zone = "Asia/Tokyo"\n${SATURDAY}time_zone = "America/New_York"\n`,
      ),
      nodeUuid: UUID,
      root: host.root,
      warn: (text) => warnings.push(text),
    });
    const opened = (await gate.schedule()).calendar
      .openSpans(at('2026-11-26T00:00Z'), at('2026-11-30T00:00Z'))
      .map((span) => new Date(span.fromAt).toISOString().slice(0, 16));
    expect(opened).toEqual(['2026-11-27T18:00', '2026-11-28T08:00']);
    expect(warnings).toEqual([expect.stringContaining('cannot use time zone "America/New_York"')]);
    expect(gate.name).toBe('periodic');
  });

  it('a zone that nobody knows stops the start', async () => {
    await using host = await HostTree.create();
    const settings = { ...settingsOf(SATURDAY), timeZone: 'Europe/Bielefeld' };
    await expect(
      createPeriodicGate({ settings, nodeUuid: UUID, root: host.root, warn: () => undefined }),
    ).rejects.toThrow(ConfigError);
  });
});

it('luxon is loaded by nobody but whoever has windows', () => {
  const source = path.resolve(import.meta.dirname, '../../../src');
  const importers = globSync('**/*.ts', { cwd: source }).filter((name) =>
    /(?:from|import) '[^']*\/luxon-zone\.ts'/.test(readFileSync(path.join(source, name), 'utf8')),
  );
  expect(importers).toEqual([]);
  expect(readFileSync(path.join(source, 'strategies/periodic.ts'), 'utf8')).toContain(
    "import('../calendar/luxon-zone.ts')",
  );
});
