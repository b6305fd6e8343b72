/** Groups of `lockd.toml`: windows, freezes, and what is said of wrong ones. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readLockdConfig, type LockdConfig } from '../../../../fleet/lockd/config.ts';
import { messageOf } from '../../../../src/errors.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'lockd-config-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(group: string): Promise<LockdConfig> {
  const file = path.join(folder, 'lockd.toml');
  await writeFile(file, `sqlite.file = "/x/locks.db"\n[[group]]\nname = "workers"\nslots = 1\n${group}\n`);
  return readLockdConfig(file);
}

const refusal = (group: string): Promise<string> => read(group).then(() => 'nothing is wrong', messageOf);

/** A window that opens each Saturday at two in the morning, for two hours. */
const SATURDAY = '[[group.window]]\ndays = ["Sat"]\nstart_time = "2:00"\nlength_minutes = 120\n';
const at = (text: string): number => Date.parse(text);

describe('windows of a group', () => {
  it('open at local times of its zone', async () => {
    const { groups, warnings } = await read(`time_zone = "Europe/Berlin"\n${SATURDAY}`);
    expect(warnings).toEqual([]);
    const hours = groups[0]!.hours!;
    const opensAt = at('2026-11-28T01:00:00Z');
    expect(hours.closedAt(at('2026-11-27T12:00:00Z'))).toEqual({ opensAt, frozen: undefined });
    expect(hours.closedAt(opensAt)).toBeUndefined();
    expect(hours.closedAt(at('2026-11-28T02:59:59Z'))).toBeUndefined();
    expect(hours.closedAt(at('2026-11-28T03:00:00Z'))).toEqual({
      opensAt: at('2026-12-05T01:00:00Z'),
      frozen: undefined,
    });
  });

  it('may have a zone of their own', async () => {
    const { groups } = await read(`${SATURDAY}time_zone = "America/New_York"\n`);
    expect(groups[0]!.hours!.closedAt(at('2026-11-28T06:00:00Z'))?.opensAt).toBe(at('2026-11-28T07:00:00Z'));
  });

  it('are none: the group is open at all times', async () => {
    expect((await read('')).groups[0]!.hours).toBeUndefined();
  });
});

describe('freezes of a group', () => {
  const FREEZE = '[[group.freeze]]\nfrom = 2026-12-20\nuntil = 2027-01-03\nreason = "holidays"\n';

  it('close a window', async () => {
    const hours = (await read(SATURDAY + FREEZE)).groups[0]!.hours!;
    expect(hours.closedAt(at('2026-12-26T02:30:00Z'))).toEqual({
      opensAt: at('2027-01-09T02:00:00Z'),
      frozen: 'holidays',
    });
  });

  it('without a window leave the group open outside of them, also where clocks change', async () => {
    const hours = (await read(`time_zone = "Europe/Berlin"\n${FREEZE}`)).groups[0]!.hours!;
    expect(hours.closedAt(at('2026-12-19T22:59:59Z'))).toBeUndefined();
    expect(hours.closedAt(at('2026-12-19T23:00:00Z'))).toEqual({
      opensAt: at('2027-01-03T23:00:00Z'),
      frozen: 'holidays',
    });
    for (let hour = 0; hour < 24 * 3; hour++) {
      expect(hours.closedAt(at('2027-03-27T00:00:00Z') + hour * 3_600_000)).toBeUndefined();
      expect(hours.closedAt(at('2027-10-30T00:00:00Z') + hour * 3_600_000)).toBeUndefined();
    }
  });
});

describe('what is wrong with windows and freezes', () => {
  it.each<[string, string, RegExp]>([
    [
      'a day that is none',
      SATURDAY.replace('Sat', 'Caturday'),
      /lockd\.toml: group\[0\]\.window\[0\]\.days\[0\] must be a weekday .*, got "Caturday"$/,
    ],
    [
      'no list',
      'window = "always"',
      /lockd\.toml: group\[0\]\.window must be a list of tables, each opened by \[\[group\.window\]\], got "always"$/,
    ],
    [
      'no list of freezes',
      'freeze = true',
      /group\[0\]\.freeze must be a list of tables, each opened by \[\[group\.freeze\]\], got true$/,
    ],
    [
      'a window that never opens',
      '[[group.window]]\nday_of_month = 31\nmonths = "Feb"\nstart_time = "2:00"\nlength_minutes = 60\n',
      /lockd\.toml: group\[0\]\.window must have a window that opens, got day of month 31, months 2, .*, which never does$/,
    ],
    [
      'a zone that is none',
      'time_zone = "Mars/Olympus"',
      /group\[0\]\.time_zone must be a time zone name .*got "Mars\/Olympus"$/,
    ],
    [
      'a key that is misspelt',
      `${SATURDAY}length_minuts = 3\n`,
      /group\[0\]\.window\[0\]\.length_minuts is no key of lockd; did you mean group\.window\.length_minutes\?$/,
    ],
  ])('%s', async (_, group, expected) => {
    expect(await refusal(group)).toMatch(expected);
  });

  it('what can hardly be meant is a warning with the key of the group', async () => {
    const past = '[[group.freeze]]\nfrom = 2020-12-20\nuntil = 2020-12-24\nreason = "long ago"\n';
    const { warnings } = await read(SATURDAY + SATURDAY + past);
    expect(warnings).toEqual([
      expect.stringMatching(/^group\[0\]\.window\[1\] .* is the same as group\[0\]\.window\[0\]$/),
      expect.stringMatching(/^group\[0\]\.freeze\[0\] \(long ago\) ended on 2020-12-24: it can be removed$/),
    ]);
    expect((await read('time_zone = "Europe/Berlin"')).warnings).toEqual([
      expect.stringMatching(/group\[0\]\.time_zone has no effect/),
    ]);
  });
});
