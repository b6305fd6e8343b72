import { describe, expect, it } from 'vitest';

import { type Fragment, readFragment } from '../../../src/config/fragment.ts';
import { parseToml } from '../../../src/config/toml.ts';

const FILE = '/etc/zincati/config.d/10-x.toml';

function read(text: string): Fragment {
  return readFragment(parseToml(Buffer.from(text), FILE), FILE);
}

/** `KEY VALUE` as one line of TOML, with the resulting value. */
const ACCEPTED: readonly (readonly [string, string, unknown])[] = [
  ['agent.timing.steady_interval_secs', '1', 1],
  ['agent.timing.steady_interval_secs', '9223372036854775807', 316_224_000],
  ['agent.timing.retry_interval_secs', '5', 5],
  ['agent.timing.jitter', 'false', false],
  ['agent.timing.reboot_overdue_secs', '60', 60],
  ['agent.timing.transaction_stall_secs', '60', 60],
  ['identity.group', '"work.ers-1"', 'work.ers-1'],
  ['identity.group', '""', ''],
  ['identity.node_uuid', '"27E3ac02-af39-46af-995c-9940e18b0cce"', '27e3ac02af3946af995c9940e18b0cce'],
  ['identity.node_uuid', '"27e3ac02af3946af995c9940e18b0cce"', '27e3ac02af3946af995c9940e18b0cce'],
  ['identity.node_uuid', '"{27E3ac02-af39-46af-995c-9940e18b0cce}"', '27e3ac02af3946af995c9940e18b0cce'],
  [
    'identity.node_uuid',
    '"urn:uuid:27E3ac02-af39-46af-995c-9940e18b0cce"',
    '27e3ac02af3946af995c9940e18b0cce',
  ],
  ['identity.node_uuid', '""', ''],
  ['cincinnati.base_url', '" http://a"', 'http://a'],
  ['updates.fleet_lock.base_url', '" http://a/ "', 'http://a/'],
  ['updates.periodic.time_zone', '"posix/Europe/Berlin"', 'Europe/Berlin'],
  ['updates.periodic.time_zone', '"right/Europe/Berlin"', 'Europe/Berlin'],
  ['updates.strategy', '""', []],
  ['identity.rollout_wariness', '0', 0],
  ['identity.rollout_wariness', '1', 1],
  ['identity.rollout_wariness', '0.5', 0.5],
  ['identity.rollout_wariness', '1.0', 1],
  ['identity.platform', '"my_metal"', 'my_metal'],
  ['identity.stream', '"next-devel"', 'next-devel'],
  ['cincinnati.base_url', '"https://u.example.com"', 'https://u.example.com'],
  [
    'cincinnati.base_url',
    '"http://${stream}.example.com/${basearch}/${group}/${platform}"',
    'http://${stream}.example.com/${basearch}/${group}/${platform}',
  ],
  ['cincinnati.base_url', '"http://[::1]:8080/x"', 'http://[::1]:8080/x'],
  ['updates.enabled', 'false', false],
  ['updates.allow_downgrade', 'true', true],
  ['updates.strategy', '"fleet_lock"', ['fleet_lock']],
  ['updates.strategy', '"manual"', ['manual']],
  ['updates.strategy', '["periodic", "fleet_lock", "periodic"]', ['periodic', 'fleet_lock']],
  ['updates.fleet_lock.base_url', '"http://lock"', 'http://lock'],
  ['updates.periodic.time_zone', '"localtime"', 'localtime'],
  ['updates.periodic.time_zone', '"Europe/Berlin"', 'Europe/Berlin'],
  ['updates.periodic.time_zone', '"Etc/GMT+8"', 'Etc/GMT+8'],
  ['updates.strategy', '["periodic", "marker"]', ['periodic', 'marker']],
  ['updates.marker.path', '"/run/allow"', '/run/allow'],
  ['updates.marker.path', '""', ''],
  ['updates.reboot.min_uptime_minutes', '0', 0],
  ['updates.reboot.first_boot_grace_minutes', '30', 30],
  ['updates.sessions.grace_minutes', '0', 0],
  ['updates.sessions.max_delay_minutes', '527040', 527_040],
  ['updates.sessions.ignore_users', '["monitoring", "a.b", "monitoring"]', ['monitoring', 'a.b']],
  ['updates.sessions.ignore_users', '[]', []],
  ['updates.sessions.never_while_logged_in', 'true', true],
  ['metrics.listen', '"127.0.0.1:9100"', { host: '127.0.0.1', port: 9100 }],
  ['metrics.listen', '"localhost:1"', { host: 'localhost', port: 1 }],
  ['metrics.listen', '"[::1]:65535"', { host: '::1', port: 65_535 }],
];

const REFUSED_VALUES: readonly (readonly [string, string, string])[] = [
  ['agent.timing.steady_interval_secs', '0', 'a whole number of seconds greater than 0, got 0'],
  ['agent.timing.steady_interval_secs', '-5', 'a whole number of seconds greater than 0, got -5'],
  ['agent.timing.steady_interval_secs', '1.5', 'a whole number of seconds greater than 0, got 1.5'],
  ['agent.timing.steady_interval_secs', '300.0', 'a whole number of seconds greater than 0, got 300.0'],
  ['agent.timing.steady_interval_secs', '"300"', 'a whole number of seconds greater than 0, got "300"'],
  ['agent.timing.steady_interval_secs', 'true', 'a whole number of seconds greater than 0, got true'],
  ['agent.timing.jitter', '1', 'true or false, got 1'],
  ['identity.group', '"a b"', 'a text of letters, digits, "." and "-" only, got "a b"'],
  ['identity.group', '"a_b"', 'a text of letters, digits, "." and "-" only, got "a_b"'],
  ['identity.group', '"a\\n"', 'a text of letters, digits, "." and "-" only, got "a\\n"'],
  ['identity.group', '5', 'a text, got 5'],
  ['identity.node_uuid', '"27e3"', '32 hexadecimal digits, with or without dashes, got "27e3"'],
  ['identity.node_uuid', '"{27e3"', '32 hexadecimal digits, with or without dashes, got "{27e3"'],
  ['identity.node_uuid', '"--"', '32 hexadecimal digits, with or without dashes, got "--"'],
  ['identity.rollout_wariness', '1.01', 'a number from 0.0 to 1.0, got 1.01'],
  ['identity.rollout_wariness', '-1', 'a number from 0.0 to 1.0, got -1'],
  ['identity.rollout_wariness', 'nan', 'a number from 0.0 to 1.0, got nan'],
  ['identity.rollout_wariness', 'inf', 'a number from 0.0 to 1.0, got inf'],
  ['identity.rollout_wariness', '"0.5"', 'a number from 0.0 to 1.0, got "0.5"'],
  ['identity.platform', '"a/b"', 'a text of letters, digits, ".", "_" and "-" only, got "a/b"'],
  ['identity.stream', '["a"]', 'a text, got a list'],
  [
    'cincinnati.base_url',
    '"updates.example.com"',
    'an http:// or https:// address, got a value that is not shown, since it may hold a password',
  ],
  [
    'cincinnati.base_url',
    '"ftp://x"',
    'an http:// or https:// address, got a value that is not shown, since it may hold a password',
  ],
  [
    'cincinnati.base_url',
    '"http://a b"',
    'an http:// or https:// address, got a value that is not shown, since it may hold a password',
  ],
  [
    'cincinnati.base_url',
    '"http://a/${arch}"',
    'an http:// or https:// address with no other templates than ${basearch}, ${group}, ${platform}, ${stream}, and attributes such as ${AFTERBURN_AWS_REGION}, got a value that is not shown, since it may hold a password',
  ],
  [
    'cincinnati.base_url',
    '"http://a/${stream"',
    'an http:// or https:// address with no other templates than ${basearch}, ${group}, ${platform}, ${stream}, and attributes such as ${AFTERBURN_AWS_REGION}, got a value that is not shown, since it may hold a password',
  ],
  ['updates.enabled', '"false"', 'true or false, got "false"'],
  [
    'updates.strategy',
    '"foo"',
    'one of immediate, periodic, fleet_lock, marker, manual, or a list of them, got "foo"',
  ],
  [
    'updates.strategy',
    '[]',
    'one of immediate, periodic, fleet_lock, marker, manual, or a list of them, got an empty list',
  ],
  [
    'updates.periodic.time_zone',
    '"Europe/Bielefeld"',
    'a time zone name such as "Europe/Berlin", or "localtime", got "Europe/Bielefeld"',
  ],
  [
    'updates.periodic.time_zone',
    '"+02:00"',
    'a time zone name such as "Europe/Berlin", or "localtime", got "+02:00"',
  ],
  [
    'updates.periodic.window',
    '1979-05-27',
    'a list of tables, each opened by [[updates.periodic.window]], got 1979-05-27',
  ],
  [
    'updates.periodic.window',
    '{ days = ["Mon"] }',
    'a list of tables, each opened by [[updates.periodic.window]], got a table',
  ],
  ['updates.marker.path', '"allow"', 'the absolute path of a file, got "allow"'],
  ['updates.marker.path', '"/etc/"', 'the absolute path of a file, got "/etc/"'],
  ['updates.marker.path', 'true', 'the absolute path of a file, got true'],
  ['updates.reboot.min_uptime_minutes', '-1', 'a whole number of minutes from 0 to 527040, got -1'],
  ['updates.sessions.grace_minutes', '1.5', 'a whole number of minutes from 0 to 527040, got 1.5'],
  ['updates.sessions.ignore_users', '"core"', 'a list of user names, got "core"'],
  ...[
    '":9100"',
    '"127.0.0.1"',
    '"127.0.0.1:0"',
    '"127.0.0.1:65536"',
    '"256.0.0.1:1"',
    '"::1:9100"',
    '"example.com:80"',
    '"[127.0.0.1]:80"',
    '9100',
  ].map(
    (text) =>
      [
        'metrics.listen',
        text,
        `ADDRESS:PORT with an IP address or localhost, such as "127.0.0.1:9100" or "[::1]:9100", got ${text}`,
      ] as const,
  ),
];

describe('each key', () => {
  it.each(ACCEPTED)('%s = %s', (key, text, expected) => {
    const { values, warnings, errors } = read(`${key} = ${text}`);
    expect({ values, warnings, errors }).toEqual({ values: { [key]: expected }, warnings: [], errors: [] });
  });

  it.each(REFUSED_VALUES)('%s refuses %s', (key, text, expected) => {
    const { values, errors } = read(`${key} = ${text}`);
    expect(values).toEqual({});
    expect(errors.map((error) => error.message)).toEqual([`${FILE}: ${key} must be ${expected}`]);
    expect(errors[0]?.kind).toBe('config_invalid');
  });

  it('of a list names the entry', () => {
    const { errors } = read('updates.strategy = ["periodic", "weekly", 5]');
    expect(errors.map((error) => error.message)).toEqual([
      `${FILE}: updates.strategy[1] must be one of immediate, periodic, fleet_lock, marker, manual, got "weekly"`,
      `${FILE}: updates.strategy[2] must be one of immediate, periodic, fleet_lock, marker, manual, got 5`,
    ]);
  });

  it.each(['updates = 5', 'updates = []', '[[updates]]', 'updates.periodic = "x"'])(
    'section must be a table: %s',
    (text) => {
      const { errors } = read(text);
      expect(errors.map((error) => error.message)).toEqual([
        expect.stringMatching(/updates(\.periodic)? must be a table, got /),
      ]);
    },
  );

  it('identity.node_uuid of all zeros is taken as Zincati takes it, with a warning', () => {
    for (const zeros of ['0'.repeat(32), '00000000-0000-0000-0000-000000000000']) {
      const { values, warnings, errors } = read(`identity.node_uuid = "${zeros}"`);
      expect({ values, errors }).toEqual({ values: { 'identity.node_uuid': '0'.repeat(32) }, errors: [] });
      expect(warnings).toEqual([expect.stringContaining(`${FILE}: identity.node_uuid is all zeros: `)]);
    }
    expect(read(`identity.node_uuid = "${'0'.repeat(31)}1"`).warnings).toEqual([]);
  });

  it('the same fault in each of many entries is told twenty times, and the rest counted', () => {
    const empty = '[[updates.periodic.window]]\ndays = []\nstart_time = "3:00"\nlength_minutes = 60\n';
    const { warnings } = read(empty.repeat(30));
    expect(warnings).toHaveLength(21);
    expect(warnings[20]).toBe(`${FILE}: and 10 more warnings about its values`);
  });

  it('collects every error of the file', () => {
    expect(read('identity.group = 1\nupdates.enabled = 2\nmetrics.listen = 3\n').errors).toHaveLength(3);
  });

  it('shortens and cleans what it shows', () => {
    const [error] = read(`updates.strategy = "${'x'.repeat(5000)}\\u202e"`).errors;
    expect(error?.message.length).toBeLessThan(300);
    expect(read('updates.strategy = "a\\u202eb"').errors[0]?.message).not.toContain('\u202e');
  });
});

describe('windows', () => {
  function windows(...bodies: string[]): Fragment {
    return read(bodies.map((body) => `[[updates.periodic.window]]\n${body}\n`).join(''));
  }

  it('are days, minutes after midnight and a length', () => {
    const { values } = windows(
      'days = ["Sat", "sun"]\nstart_time = "3:05"\nlength_minutes = 60',
      'days = ["MONDAY", "mon", "Wed"]\nstart_time = "23:59"\nlength_minutes = 10080',
    );
    expect(values['updates.periodic.window']).toEqual([
      { days: [{ weekday: 6 }, { weekday: 7 }], startMinutes: 185, lengthMinutes: 60 },
      { days: [{ weekday: 1 }, { weekday: 3 }], startMinutes: 1439, lengthMinutes: 10_080 },
    ]);
  });

  it.each(['Tuesday', 'tuesday', 'TUESDAY', 'Tue', 'tue', 'tuesady', 'Tuesady'])(
    'diff 7: takes %s for Tuesday',
    (day) => {
      const { values } = windows(`days = ["${day}"]\nstart_time = "03:05"\nlength_minutes = 1`);
      expect(values['updates.periodic.window']).toEqual([
        { days: [{ weekday: 2 }], startMinutes: 185, lengthMinutes: 1 },
      ]);
    },
  );

  it.each(['Tues', 'T', '', 'Tuesdays', 'Dienstag', ' Tue'])('does not take %j for a weekday', (day) => {
    const { errors, values } = windows(`days = ["Mon", "${day}"]\nstart_time = "3:05"\nlength_minutes = 1`);
    expect(values).toEqual({});
    expect(errors.map((error) => error.message)).toEqual([
      `${FILE}: updates.periodic.window[0].days[1] must be a weekday such as "Mon", "Monday" or "1st Mon", got "${day}"`,
    ]);
  });

  it.each([
    '24:00',
    '3:60',
    '3',
    '3:05 am',
    '',
    '-1:00',
    '++1:00',
    '1:',
    ':5',
    '1:0:0',
    '0x1:0',
    ' 3:05',
    '٣:٠٥',
  ])('does not take %j for a time', (time) => {
    const { errors } = windows(`days = ["Mon"]\nstart_time = "${time}"\nlength_minutes = 1`);
    expect(errors.map((error) => error.message)).toEqual([
      `${FILE}: updates.periodic.window[0].start_time must be a time of day from "0:00" to "23:59", got "${time}"`,
    ]);
  });

  it.each([
    ['01:5', 65],
    ['0:0', 0],
    ['001:00', 60],
    ['+1:00', 60],
    ['1:+5', 65],
    ['3:5', 185],
    ['003:05', 185],
  ])('diff 7, field 15: takes %j for a time, as Zincati does', (time, startMinutes) => {
    const { values } = windows(`days = ["Mon"]\nstart_time = "${time}"\nlength_minutes = 1`);
    expect(values['updates.periodic.window']).toMatchObject([{ startMinutes }]);
  });

  it.each(['0', '10081', '-1', '60.0', '"60"'])('does not take %s for a length', (length) => {
    const { errors } = windows(`days = ["Mon"]\nstart_time = "3:00"\nlength_minutes = ${length}`);
    expect(errors.map((error) => error.message)).toEqual([
      `${FILE}: updates.periodic.window[0].length_minutes must be a whole number of minutes from 1 to 10080, got ${length}`,
    ]);
  });

  it('say what is missing, and what was written instead', () => {
    const { errors, warnings } = windows('days = ["Mon"]\nstart_time = "3:00"\nlenght_minutes = 60');
    expect(errors.map((error) => error.message)).toEqual([
      expect.stringContaining(
        'updates.periodic.window[0].length_minutes must be given: how long it stays open',
      ),
    ]);
    expect(warnings).toEqual([
      `${FILE}: unknown key updates.periodic.window[0].lenght_minutes ignored; did you mean updates.periodic.window.length_minutes?`,
    ]);
  });

  it('without days are taken, with a warning', () => {
    const { values, warnings } = windows('days = []\nstart_time = "3:00"\nlength_minutes = 60');
    expect(values['updates.periodic.window']).toEqual([{ days: [], startMinutes: 180, lengthMinutes: 60 }]);
    expect(warnings).toEqual([
      `${FILE}: updates.periodic.window[0].days is an empty list: this window never opens`,
    ]);
  });
});

describe('B21: unknown keys are named with file, full name and the nearest key', () => {
  it.each([
    [
      '[[updates.fleet_lock.window]]\ndays = ["Mon"]',
      'updates.fleet_lock.window',
      'did you mean [[updates.periodic.window]]?',
    ],
    [
      '[updates.fleet_lock]\nwindow = []',
      'updates.fleet_lock.window',
      'did you mean [[updates.periodic.window]]?',
    ],
    ['[update]\nenabled = false', 'update.enabled', 'did you mean updates.enabled?'],
    ['enabled = false', 'enabled', 'did you mean updates.enabled?'],
    ['"updates.enabled" = false', '"updates.enabled"', 'did you mean updates.enabled?'],
    [
      '[updates]\n"periodic.time_zone" = "UTC"',
      'updates."periodic.time_zone"',
      'did you mean updates.periodic.time_zone?',
    ],
    ['[feature]\nfrobnicate = 1', 'feature.frobnicate', 'no known key is near'],
    ['[feature]', 'feature', 'no known key is near'],
    ['__proto__ = 1', '__proto__', 'no known key is near'],
    ['[__proto__]\nx = 1', '__proto__.x', 'no known key is near'],
    ['updates.__proto__.enabled = false', 'updates.__proto__.enabled', 'did you mean updates.enabled?'],
    ['constructor = 1', 'constructor', 'no known key is near'],
    ['updates.toString = 1', 'updates.toString', 'no known key is near'],
    ['"" = 1', '""', 'no known key is near'],
    ['"a\\nb" = 1', '"a\\nb"', 'no known key is near'],
  ])('B21: %j', (text, key, hint) => {
    const { values, warnings, errors } = read(text);
    expect({ values, errors }).toEqual({ values: {}, errors: [] });
    expect(warnings).toEqual([`${FILE}: unknown key ${key} ignored; ${hint}`]);
  });

  it('B21: each key of a misspelt table, and the good ones around it', () => {
    const { values, warnings } = read(
      '[update]\nenabled = false\nstrategy = "manual"\n[updates]\nenabled = true\n',
    );
    expect(values).toEqual({ 'updates.enabled': true });
    expect(warnings).toHaveLength(2);
  });

  it('B21: twenty of them, and how many more', () => {
    const text = Array.from({ length: 500 }, (_, index) => `zz${index} = 1`).join('\n');
    const { warnings } = read(text);
    expect(warnings).toHaveLength(21);
    expect(warnings.at(-1)).toBe(`${FILE}: 480 more unknown keys ignored`);
  });
});
