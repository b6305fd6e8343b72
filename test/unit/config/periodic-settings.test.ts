/** The keys of `updates.periodic`: accepted values, the words of refusals, and how files combine. */
import { describe, expect, it } from 'vitest';

import { readFragment, type Fragment } from '../../../src/config/fragment.ts';
import { mergeFragments } from '../../../src/config/merge.ts';
import { loadSettings } from '../../../src/config/load-settings.ts';
import { resolveSettings } from '../../../src/config/resolve-settings.ts';
import { parseToml } from '../../../src/config/toml.ts';
import { HostTree } from '../../support/host-tree.ts';

const FILE = '/etc/zincati/config.d/10-x.toml';
const DIRECTORY = '/etc/zincati/config.d';
const BASE = 'cincinnati.base_url = "http://x"\nupdates.strategy = "periodic"\n';
const TIMES = 'start_time = "3:00"\nlength_minutes = 60\n';

function read(text: string): Fragment {
  return readFragment(parseToml(Buffer.from(text), FILE), FILE);
}

const window = (body: string): Fragment => read(`[[updates.periodic.window]]\n${TIMES}${body}\n`);
const said = ({ errors, warnings }: Fragment): string[] => [
  ...errors.map((error) => error.message),
  ...warnings,
];

describe('a window', () => {
  it.each<[string, object]>([
    ['days = ["1st Sun"]', { days: [{ weekday: 7, nth: 1 }] }],
    [
      'days = ["2nd Tuesday", "LAST fri", "2ND  TUE"]',
      {
        days: [
          { weekday: 2, nth: 2 },
          { weekday: 5, nth: -1 },
        ],
      },
    ],
    ['days = ["Sun", "5th Mon", "Mon"]', { days: [{ weekday: 1 }, { weekday: 1, nth: 5 }, { weekday: 7 }] }],
    ...['1st', '2nd', '3rd', '4th', '5th', 'last'].map((ordinal, index): [string, object] => [
      `days = ["${ordinal} Wed"]`,
      { days: [{ weekday: 3, nth: ordinal === 'last' ? -1 : index + 1 }] },
    ]),
    ['day_of_month = [1, -1, 31, -31]', { daysOfMonth: [-31, -1, 1, 31] }],
    ['days = ["Mon"]\nmonths = [1, 12]', { days: [{ weekday: 1 }], months: [1, 12] }],
    ['day_of_month = 31', { daysOfMonth: [31] }],
    ['day_of_month = [-1, 15, 1, 15]', { daysOfMonth: [-1, 1, 15] }],
    ['day_of_month = 13\ndays = ["Fri"]', { days: [{ weekday: 5 }], daysOfMonth: [13] }],
    ['days = ["Mon"]\nmonths = "jan"', { days: [{ weekday: 1 }], months: [1] }],
    ['days = ["Mon"]\nmonths = [12, "September", "DEC"]', { days: [{ weekday: 1 }], months: [9, 12] }],
    ['days = ["Mon"]\ntime_zone = "Asia/Tokyo"', { days: [{ weekday: 1 }], timeZone: 'Asia/Tokyo' }],
    ['days = ["Mon"]\ntime_zone = "localtime"', { days: [{ weekday: 1 }], timeZone: 'localtime' }],
    ['days = ["Mon"]\ntime_zone = ""', { days: [{ weekday: 1 }] }],
  ])('with %j', (body, expected) => {
    const fragment = window(body);
    expect(said(fragment)).toEqual([]);
    expect(fragment.values['updates.periodic.window']).toEqual([
      { ...expected, startMinutes: 180, lengthMinutes: 60 },
    ]);
  });

  const refused: readonly (readonly [string, string])[] = [
    ...[
      '6th Mon',
      '0th Mon',
      'first Mon',
      '1st',
      '1st Mon ',
      '1stMon',
      'last last Mon',
      'constructor Mon',
    ].map(
      (day) =>
        [
          `days = ["${day}"]`,
          `days[0] must be a weekday such as "Mon", "Monday" or "1st Mon", got "${day}"`,
        ] as const,
    ),
    ['days = "Mon"', 'days must be a list of weekdays such as ["Sat", "1st Sun"], got "Mon"'],
    ...['0', '32', '-32', '1.0', '"1"', 'true'].map(
      (day) =>
        [
          `day_of_month = ${day}`,
          `day_of_month must be a day of the month from 1 to 31, or from -1, the last one, to -31, got ${day}`,
        ] as const,
    ),
    [
      'day_of_month = [1, 40]',
      'day_of_month[1] must be a day of the month from 1 to 31, or from -1, the last one, to -31, got 40',
    ],
    ...['0', '13', '"Janu"', '"Maerz"', '1.5'].map(
      (month) =>
        [
          `days = ["Mon"]\nmonths = [${month}]`,
          `months[0] must be a month from 1 to 12, or its name such as "Jan" or "January", got ${month}`,
        ] as const,
    ),
    [
      'days = ["Mon"]\ntime_zone = "Mars/Base"',
      'time_zone must be a time zone name such as "Europe/Berlin", or "localtime", got "Mars/Base"',
    ],
    [
      'months = ["Jan"]',
      'days must be given, or day_of_month: days on which it opens, for example days = ["Sat"]',
    ],
  ];

  it.each(refused)('with %j is refused', (body, sentence) => {
    const fragment = window(body);
    expect(fragment.values).toEqual({});
    expect(said(fragment)).toEqual([`${FILE}: updates.periodic.window[0].${sentence}`]);
  });

  it.each(['days = []', 'day_of_month = []', 'days = ["Mon"]\nmonths = []'])(
    'with %j is taken, with a warning',
    (body) => {
      const fragment = window(body);
      expect(fragment.errors).toEqual([]);
      expect(said(fragment)).toEqual([expect.stringContaining('is an empty list: this window never opens')]);
    },
  );

  it('with a slip of the pen is told the nearest key', () => {
    expect(said(window('days = ["Mon"]\nmonth = 1'))).toEqual([
      `${FILE}: unknown key updates.periodic.window[0].month ignored; did you mean updates.periodic.window.months?`,
    ]);
  });
});

describe('a freeze', () => {
  const freeze = (body: string): Fragment => read(`[[updates.periodic.freeze]]\n${body}\n`);
  const local = (text: string): object => ({ kind: 'local', ms: Date.parse(`${text}Z`) });

  it.each([
    ['from = 2026-12-20\nuntil = 2027-01-03', local('2026-12-20T00:00:00'), local('2027-01-04T00:00:00')],
    ['from = 2026-12-20\nuntil = 2026-12-20', local('2026-12-20T00:00:00'), local('2026-12-21T00:00:00')],
    [
      'from = 2026-12-20T18:00:00\nuntil = 2026-12-31 06:30:00.5',
      local('2026-12-20T18:00:00'),
      local('2026-12-31T06:30:00.5'),
    ],
    [
      'from = 2026-12-20T18:00:00Z\nuntil = 2026-12-20T20:00:00+01:00',
      { kind: 'instant', ms: Date.parse('2026-12-20T18:00:00Z') },
      { kind: 'instant', ms: Date.parse('2026-12-20T19:00:00Z') },
    ],
    [
      'from = 2026-12-20\nuntil = 2026-12-20T18:00:00-08:00',
      local('2026-12-20T00:00:00'),
      { kind: 'instant', ms: Date.parse('2026-12-21T02:00:00Z') },
    ],
  ])('%j', (body, from, until) => {
    const fragment = freeze(`${body}\nreason = " year end "`);
    expect(said(fragment)).toEqual([]);
    expect(fragment.values['updates.periodic.freeze']).toEqual([{ from, until, reason: 'year end' }]);
  });

  const FIELDS: Readonly<Record<string, string>> = { from: '2026-12-20', until: '2027-01-03', reason: '"x"' };
  const changed = (changes: Record<string, string | undefined>): Fragment =>
    freeze(
      Object.entries({ ...FIELDS, ...changes })
        .flatMap(([key, value]) => (value === undefined ? [] : [`${key} = ${value}`]))
        .join('\n'),
    );
  const DATE = 'a date such as 2026-12-20 or a date-time such as 2026-12-20T18:00:00, without quotes';

  it.each([
    [{ from: '"2026-12-20"' }, `from must be ${DATE}, got "2026-12-20"`],
    [{ until: '18:00:00' }, `until must be ${DATE}, got 18:00:00`],
    [{ until: '20270103' }, `until must be ${DATE}, got 20270103`],
    [{ until: '2026-12-19' }, 'until must be after from'],
    [{ from: '2026-12-20T12:00:00', until: '2026-12-20T12:00:00' }, 'until must be after from'],
    [{ reason: '""' }, 'reason must be a text of one line and at most 200 characters, got ""'],
    [{ reason: '"a\\nb"' }, 'reason must be a text of one line and at most 200 characters, got "a\\nb"'],
    [{ reason: '5' }, 'reason must be a text of one line and at most 200 characters, got 5'],
    [{ reason: undefined }, 'reason must be given: why, for whoever asks why the node does not reboot'],
    [
      { until: undefined },
      'until must be given: when it ends; a date means the end of that day, which is frozen as well',
    ],
  ])('%j is refused', (changes, sentence) => {
    const fragment = changed(changes);
    expect(fragment.values).toEqual({});
    expect(said(fragment)).toEqual([`${FILE}: updates.periodic.freeze[0].${sentence}`]);
  });

  it('with single brackets, or an unknown key', () => {
    expect(said(read('[updates.periodic.freeze]\nfrom = 2026-12-20\n'))).toEqual([
      `${FILE}: updates.periodic.freeze must be a list of tables, each opened by [[updates.periodic.freeze]], got a table`,
    ]);
    expect(said(changed({ resaon: '"x"' }))).toEqual([
      `${FILE}: unknown key updates.periodic.freeze[0].resaon ignored; did you mean updates.periodic.freeze.reason?`,
    ]);
  });
});

describe('numbers', () => {
  it.each([
    ['splay_minutes', '-1', 'minutes from 0 to 10080'],
    ['splay_minutes', '10081', 'minutes from 0 to 10080'],
    ['splay_minutes', '1.5', 'minutes from 0 to 10080'],
    ['min_hours', '-1', 'hours from 0 to 768'],
    ['min_hours', '769', 'hours from 0 to 768'],
  ])('%s = %s is refused', (key, value, range) => {
    expect(said(read(`updates.periodic.${key} = ${value}`))).toEqual([
      `${FILE}: updates.periodic.${key} must be a whole number of ${range}, got ${value}`,
    ]);
  });
});

describe('B22: windows of earlier files', () => {
  const saturday = (day: string): string => `[[updates.periodic.window]]\ndays = ["${day}"]\n${TIMES}`;
  const freeze = (reason: string): string =>
    `[[updates.periodic.freeze]]\nfrom = 2026-12-20\nuntil = 2027-01-03\nreason = "${reason}"\n`;
  const RESET = 'updates.periodic.reset = true\n';

  async function load(
    files: Record<string, string>,
  ): Promise<{ days: unknown[]; freezes: string[]; origins: string[] }> {
    await using host = await HostTree.create(files);
    const { settings, origins } = await loadSettings(host.root);
    const { windows, freezes } = settings.updates.periodic;
    return {
      days: windows.map((each) => each.days?.[0]?.weekday),
      freezes: freezes.map(({ reason }) => reason),
      origins: [...origins]
        .filter(([key]) => key.includes('['))
        .map(([key, file]) => `${key} ${file.slice(-9)}`),
    };
  }

  const VENDOR = {
    '/usr/lib/zincati/config.d/40-vendor.toml': `${BASE}${saturday('Mon')}${saturday('Tue')}${freeze('vendor')}`,
  };

  it('B22: add up, and `reset` drops them, freezes included, each entry with its file', async () => {
    expect(await load({ ...VENDOR, [`${DIRECTORY}/50-a.toml`]: saturday('Wed') })).toEqual({
      days: [1, 2, 3],
      freezes: ['vendor'],
      origins: [
        'updates.periodic.window[0] ndor.toml',
        'updates.periodic.window[1] ndor.toml',
        'updates.periodic.freeze[0] ndor.toml',
        'updates.periodic.window[2] 50-a.toml',
      ],
    });
    expect(await load({ ...VENDOR, [`${DIRECTORY}/50-a.toml`]: `${RESET}${saturday('Wed')}` })).toEqual({
      days: [3],
      freezes: [],
      origins: ['updates.periodic.window[0] 50-a.toml'],
    });
  });

  it('B22: the own windows of the file stay, wherever in it `reset` stands, and those of later files as well', async () => {
    const own = `${saturday('Wed')}${freeze('own')}[updates.periodic]\nreset = true\n`;
    expect(await load({ ...VENDOR, [`${DIRECTORY}/50-a.toml`]: own })).toMatchObject({
      days: [3],
      freezes: ['own'],
    });
    const inOrder = `[updates.periodic]\nreset = true\n${saturday('Wed')}${freeze('own')}`;
    expect(
      await load({
        ...VENDOR,
        [`${DIRECTORY}/50-a.toml`]: inOrder,
        [`${DIRECTORY}/60-b.toml`]: `updates.periodic.reset = false\n${saturday('Thu')}`,
      }),
    ).toMatchObject({
      days: [3, 4],
      freezes: ['own'],
    });
  });

  it('B22: a second `reset` drops what came after the first', async () => {
    expect(
      await load({
        ...VENDOR,
        [`${DIRECTORY}/50-a.toml`]: `${RESET}${saturday('Wed')}`,
        [`${DIRECTORY}/60-b.toml`]: `${RESET}${saturday('Thu')}`,
      }),
    ).toMatchObject({ days: [4] });
  });

  it('B22: `reset` that leaves nothing for strategy periodic is an error', async () => {
    await expect(load({ ...VENDOR, [`${DIRECTORY}/50-a.toml`]: RESET })).rejects.toThrow(
      '[[updates.periodic.window]] must be given with at least one day for strategy periodic',
    );
  });

  it('B22: `reset` leaves the other keys alone', () => {
    const first = read('updates.periodic.time_zone = "Asia/Tokyo"\nupdates.periodic.splay_minutes = 5\n');
    const { settings } = resolveSettings(mergeFragments([first, read(RESET)]));
    expect(settings.updates.periodic).toMatchObject({ timeZone: 'Asia/Tokyo', splayMinutes: 5 });
  });
});

it('a calendar that never opens is an error, a freeze without effect a warning', () => {
  const never = `${BASE}[[updates.periodic.window]]\nday_of_month = 30\nmonths = "Feb"\n${TIMES}`;
  expect(resolveSettings(mergeFragments([read(never)])).errors.map((error) => error.message)).toEqual([
    expect.stringContaining(
      `[[updates.periodic.window]] must be given with at least one day for strategy periodic (${FILE}), got ${FILE}: updates.periodic.window[0] (day of month 30, months 2, at 3:00 for 60 minutes), which never opens; for example: `,
    ),
  ]);
  const empty = `${BASE}[[updates.periodic.window]]\ndays = []\n${TIMES}[[updates.periodic.window]]\ndays = []\n${TIMES}`;
  expect(resolveSettings(mergeFragments([read(empty)])).errors[0]?.message).toContain(
    '(no days, at 3:00 for 60 minutes), which never opens, and 1 more of that kind; for example: ',
  );
  const idle =
    'cincinnati.base_url = "http://x"\n[[updates.periodic.freeze]]\nfrom = 2026-12-20\nuntil = 2027-01-03\nreason = "x"\n';
  expect(resolveSettings(mergeFragments([read(idle)])).warnings).toEqual([
    `${FILE}: [[updates.periodic.freeze]] has no effect: updates.strategy is immediate`,
  ]);
});
