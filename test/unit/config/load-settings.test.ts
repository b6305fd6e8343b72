import { describe, expect, it } from 'vitest';

import { loadSettings } from '../../../src/config/load-settings.ts';
import { ConfigError, kindOf } from '../../../src/errors.ts';
import { HostTree } from '../../support/host-tree.ts';

const USR = '/usr/lib/zincati/config.d';
const RUN = '/run/zincati/config.d';
const ETC = '/etc/zincati/config.d';
const BASE = { [`${USR}/50-base.toml`]: 'cincinnati.base_url = "https://updates.example.com"' };

async function refusal(root: string): Promise<ConfigError> {
  const error: unknown = await loadSettings(root).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return error as ConfigError;
}

describe('defaults', () => {
  it('fill in everything but the address of the update server', async () => {
    await using host = await HostTree.create(BASE);
    const { settings, warnings, origins, files } = await loadSettings(host.root);
    expect(settings).toEqual({
      timing: {
        steadyIntervalMs: 300_000,
        retryIntervalMs: 300_000,
        jitter: true,
        rebootOverdueMs: 900_000,
        transactionStallMs: 600_000,
      },
      identity: {
        group: 'default',
        nodeUuid: undefined,
        rolloutWariness: undefined,
        platform: undefined,
        stream: undefined,
      },
      cincinnati: { baseUrl: 'https://updates.example.com' },
      updates: {
        enabled: true,
        allowDowngrade: false,
        catchUp: false,
        replaceStagedByOthers: false,
        skip: [],
        strategies: ['immediate'],
        periodic: { timeZone: 'UTC', windows: [], freezes: [], splayMinutes: 0, minHours: 1 },
        fleetLock: {
          baseUrl: undefined,
          caFile: undefined,
          clientCertFile: undefined,
          clientKeyFile: undefined,
          bearerFile: undefined,
          timeoutMs: 1_800_000,
        },
        marker: { path: '/etc/zincati/allow-reboot' },
        reboot: { minUptimeMs: 0, firstBootGraceMs: 0 },
        sessions: { graceMinutes: 10, maxDelayMinutes: 10, neverWhileLoggedIn: false, ignoreUsers: [] },
      },
      metrics: { listen: undefined },
    });
    expect(warnings).toEqual([]);
    expect([...origins]).toEqual([['cincinnati.base_url', host.at(`${USR}/50-base.toml`)]]);
    expect(files).toEqual([host.at(`${USR}/50-base.toml`)]);
  });

  it('diff 7, field 15: strategy "" takes an earlier file back, and alone is the default', async () => {
    await using host = await HostTree.create({
      ...BASE,
      [`${USR}/60-x.toml`]: 'updates.strategy = ["manual", "periodic"]',
      [`${ETC}/70-x.toml`]: 'updates.strategy = ""',
    });
    const { settings, warnings } = await loadSettings(host.root);
    expect(settings.updates.strategies).toEqual(['immediate']);
    expect(warnings).toEqual([]);
  });

  it('come back where a later file writes an empty text', async () => {
    await using host = await HostTree.create({
      ...BASE,
      [`${USR}/60-x.toml`]:
        'identity = { group = "a", node_uuid = "0123456789abcdef0123456789abcdef", stream = "b" }\nupdates.periodic.time_zone = "Asia/Tokyo"',
      [`${ETC}/70-x.toml`]:
        'identity = { group = "", node_uuid = "", stream = "" }\nupdates.periodic.time_zone = ""',
    });
    const { settings } = await loadSettings(host.root);
    expect(settings.identity).toMatchObject({ group: 'default', nodeUuid: undefined, stream: undefined });
    expect(settings.updates.periodic.timeZone).toBe('UTC');
  });

  it('are frozen through and through, and so is the schema behind them', async () => {
    await using host = await HostTree.create({
      ...BASE,
      [`${ETC}/60-x.toml`]:
        '[[updates.periodic.window]]\ndays = ["Mon"]\nstart_time = "3:00"\nlength_minutes = 60',
    });
    const { settings } = await loadSettings(host.root);
    const unfrozen: string[] = [];
    const walk = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) {
        return;
      }
      if (!Object.isFrozen(value)) {
        unfrozen.push(path);
      }
      for (const [key, part] of Object.entries(value)) {
        walk(part, `${path}.${key}`);
      }
    };
    walk(settings, 'settings');
    expect(unfrozen).toEqual([]);
  });
});

describe('several files', () => {
  it('override each other key by key in the order of their names, and tell which one set what', async () => {
    await using host = await HostTree.create({
      ...BASE,
      [`${ETC}/10-a.toml`]: '[identity]\ngroup = "etc"\nrollout_wariness = 0.1\n',
      [`${USR}/20-b.toml`]: '[identity]\ngroup = "usr"\n',
      [`${USR}/30-c.toml`]: '[updates]\nenabled = false\nallow_downgrade = true\n',
      [`${RUN}/30-c.toml`]: '[agent.timing]\nsteady_interval_secs = 7\n',
    });
    const { settings, warnings, origins } = await loadSettings(host.root);
    expect(settings.identity).toMatchObject({ group: 'usr', rolloutWariness: 0.1 });
    expect(settings.updates).toMatchObject({ enabled: true, allowDowngrade: false });
    expect(settings.timing.steadyIntervalMs).toBe(7000);
    expect(warnings).toEqual([]);
    expect(Object.fromEntries(origins)).toEqual({
      'identity.group': host.at(`${USR}/20-b.toml`),
      'identity.rollout_wariness': host.at(`${ETC}/10-a.toml`),
      'agent.timing.steady_interval_secs': host.at(`${RUN}/30-c.toml`),
      'cincinnati.base_url': host.at(`${USR}/50-base.toml`),
    });
  });

  it("B22: windows add up, each with its file; masking the vendor's file takes its windows away", async () => {
    const window = (day: string) =>
      `[[updates.periodic.window]]\ndays = ["${day}"]\nstart_time = "3:00"\nlength_minutes = 60\n`;
    await using host = await HostTree.create({
      ...BASE,
      [`${USR}/40-vendor.toml`]: `updates.strategy = "periodic"\n${window('Mon')}${window('Tue')}`,
      [`${ETC}/60-own.toml`]: `updates.strategy = "periodic"\n${window('Sun')}`,
    });
    const all = await loadSettings(host.root);
    expect(all.settings.updates.periodic.windows.map(({ days }) => days?.[0]?.weekday)).toEqual([1, 2, 7]);
    expect([0, 1, 2].map((index) => all.origins.get(`updates.periodic.window[${index}]`))).toEqual([
      host.at(`${USR}/40-vendor.toml`),
      host.at(`${USR}/40-vendor.toml`),
      host.at(`${ETC}/60-own.toml`),
    ]);
    await host.link(`${ETC}/40-vendor.toml`, '/dev/null');
    const own = await loadSettings(host.root);
    expect(own.settings.updates.periodic.windows.map(({ days }) => days?.[0]?.weekday)).toEqual([7]);
  });
});

describe('checks between keys', () => {
  it.each([
    [
      '',
      'cincinnati.base_url must be set unless updates.enabled is false, got nothing; for example, in /etc/zincati/config.d/50-cincinnati.toml: cincinnati.base_url = "https://updates.coreos.fedoraproject.org"',
    ],
    ['cincinnati.base_url = ""', 'cincinnati.base_url must be set'],
    [
      'cincinnati.base_url = "http://x"\nupdates.strategy = "periodic"',
      '[[updates.periodic.window]] must be given with at least one day for strategy periodic (',
    ],
    [
      'cincinnati.base_url = "http://x"\nupdates.strategy = "periodic"\n[[updates.periodic.window]]\ndays = []\nstart_time = "3:00"\nlength_minutes = 60',
      '[[updates.periodic.window]] must be given with at least one day for strategy periodic (',
    ],
    [
      'cincinnati.base_url = "http://x"\nupdates.strategy = ["immediate", "fleet_lock"]',
      'updates.fleet_lock.base_url must be set for strategy fleet_lock (',
    ],
  ])('%j', async (text, expected) => {
    await using host = await HostTree.create({ [`${ETC}/10-x.toml`]: text });
    const error = await refusal(host.root);
    expect(error.kind).toBe('config_invalid');
    expect(error.message).toContain(expected);
  });

  it('do not keep a host from starting whose updates are disabled', async () => {
    await using host = await HostTree.create({
      [`${ETC}/95-disable.toml`]: 'updates.enabled = false\nupdates.strategy = ["periodic", "fleet_lock"]',
    });
    const { settings } = await loadSettings(host.root);
    expect(settings.updates.enabled).toBe(false);
    expect(settings.cincinnati.baseUrl).toBeUndefined();
  });

  it('let the most that people may delay follow what they get at a time', async () => {
    await using host = await HostTree.create({
      ...BASE,
      [`${ETC}/60-x.toml`]: 'updates.sessions = { grace_minutes = 25, ignore_users = ["bot"] }',
    });
    const { settings } = await loadSettings(host.root);
    expect(settings.updates.sessions).toEqual({
      graceMinutes: 25,
      maxDelayMinutes: 25,
      neverWhileLoggedIn: false,
      ignoreUsers: ['bot'],
    });
  });

  it('name settings that have no effect', async () => {
    await using host = await HostTree.create({
      ...BASE,
      [`${ETC}/60-x.toml`]:
        'updates.fleet_lock.base_url = "http://l"\nupdates.allow_downgrade = true\n[[updates.periodic.window]]\ndays = ["Mon"]\nstart_time = "3:00"\nlength_minutes = 60',
    });
    const file = host.at(`${ETC}/60-x.toml`);
    expect((await loadSettings(host.root)).warnings).toEqual([
      `${file}: client configuration allows (possibly vulnerable) downgrades: updates.allow_downgrade is true`,
      `${file}: [[updates.periodic.window]] has no effect: updates.strategy is immediate`,
      `${file}: updates.fleet_lock holds no reboot, since updates.strategy is immediate; zincati lock, unlock and run-locked use it`,
    ]);
  });

  it('lock-for-programs-told: say once of a lock server that holds no reboot that programs use it, and its token is in clear text', async () => {
    await using host = await HostTree.create({
      ...BASE,
      [`${ETC}/60-x.toml`]:
        '[updates.fleet_lock]\nbase_url = "http://l"\nbearer_file = "/token"\ntimeout_secs = 30',
    });
    const file = host.at(`${ETC}/60-x.toml`);
    expect((await loadSettings(host.root)).warnings).toEqual([
      `${file}: updates.fleet_lock holds no reboot, since updates.strategy is immediate; zincati lock, unlock and run-locked use it`,
      `${file}: the token of updates.fleet_lock.bearer_file is sent in clear text: updates.fleet_lock.base_url is no https:// address`,
    ]);
  });

  it('name what belongs to a lock server that is not there', async () => {
    await using host = await HostTree.create({
      ...BASE,
      [`${ETC}/60-x.toml`]: '[updates.fleet_lock]\ntimeout_secs = 30',
    });
    const file = host.at(`${ETC}/60-x.toml`);
    expect((await loadSettings(host.root)).warnings).toEqual([
      `${file}: updates.fleet_lock.timeout_secs has no effect: updates.fleet_lock.base_url is not set, and updates.strategy is immediate`,
    ]);
  });
});

describe('updates.marker.path', () => {
  const FILE = `${ETC}/60-x.toml`;
  const load = async (...texts: readonly string[]) => {
    const files = texts.map((text, index) => [`${ETC}/6${index}-x.toml`, text] as const);
    await using host = await HostTree.create({ ...BASE, ...Object.fromEntries(files) });
    const { settings, warnings, notes } = await loadSettings(host.root);
    return {
      strategies: settings.updates.strategies,
      warnings,
      notes: notes.map((note) => note.replace(host.at('/'), '/')),
    };
  };
  const NOTE = `${FILE}: updates.marker.path is set, so strategy marker must allow a reboot too`;

  it.each([
    ['no strategy at all', '', ['immediate', 'marker']],
    ['another strategy', 'updates.strategy = "manual"\n', ['manual', 'marker']],
  ])('is a gate under %s, which is told', async (_, strategy, strategies) => {
    expect(await load(`${strategy}updates.marker.path = "/run/a"`)).toEqual({
      strategies,
      warnings: [],
      notes: [NOTE],
    });
  });

  it('is a gate whatever a later file says of the strategy', async () => {
    const { strategies } = await load('updates.marker.path = "/run/a"', 'updates.strategy = "immediate"');
    expect(strategies).toEqual(['immediate', 'marker']);
  });

  it('adds nothing where the strategy is named, in the place it has there', async () => {
    const named = await load('updates.strategy = ["marker", "immediate"]\nupdates.marker.path = "/run/a"');
    expect(named).toEqual({ strategies: ['marker', 'immediate'], warnings: [], notes: [] });
  });

  it('is taken back by an empty text in a later file', async () => {
    const back = await load('updates.marker.path = "/run/a"', 'updates.marker.path = ""');
    expect(back).toEqual({ strategies: ['immediate'], warnings: [], notes: [] });
  });
});

describe('B27: what is wrong is told once, all of it', () => {
  it('B27: every file and every key, one to a line, gravest kind, warnings apart', async () => {
    await using host = await HostTree.create({
      [`${ETC}/10-a.toml`]: '[updates]\nstrategy = "foo"\nenabled = 1\nallow-downgrade = true\n',
      [`${ETC}/20-b.toml`]: '[updates]\nstrategy = periodic\n',
      [`${ETC}/30-c.yaml`]: 'x: 1',
    });
    await host.link(`${ETC}/40-d.toml`, '40-d.toml');
    const error = await refusal(host.root);
    expect(error.kind).toBe('config_unreadable');
    expect(error.message.split('\n').map((line) => line.replaceAll(host.root, ''))).toEqual([
      expect.stringMatching(
        /^cannot read \/etc\/zincati\/config\.d\/40-d\.toml: more than 40 symbolic links/,
      ),
      '/etc/zincati/config.d/20-b.toml: line 2 must be TOML: the value is none; a text needs quotes around it; got: strategy = periodic',
      '/etc/zincati/config.d/10-a.toml: updates.strategy must be one of immediate, periodic, fleet_lock, marker, manual, or a list of them, got "foo"',
      '/etc/zincati/config.d/10-a.toml: updates.enabled must be true or false, got 1',
    ]);
    expect(error.notes.map((note) => note.replaceAll(host.root, ''))).toEqual([
      expect.stringMatching(/^\/etc\/zincati\/config\.d\/30-c\.yaml: ignored/),
      '/etc/zincati/config.d/10-a.toml: unknown key updates.allow-downgrade ignored; did you mean updates.allow_downgrade?',
    ]);
  });

  it('B27: no more than a screenful', async () => {
    const text = `updates.strategy = [${Array.from({ length: 500 }, (_, index) => `"x${index}"`).join(', ')}]`;
    await using host = await HostTree.create({ [`${ETC}/10-a.toml`]: text });
    const lines = (await refusal(host.root)).message.split('\n');
    expect(lines).toHaveLength(51);
    expect(lines.at(-1)).toBe('and 450 more');
  });
});

/** Mistakes that people make in drop-ins, and what the start says about each. `undefined`: it starts. */
const CORPUS: readonly (readonly [string, string | Uint8Array, string | undefined, RegExp | undefined])[] = [
  ['a BOM and CRLF', '\uFEFF[updates]\r\nenabled = true\r\n', undefined, undefined],
  ['an empty file', '', undefined, undefined],
  ['only comments', '# nothing\n', undefined, undefined],
  [
    'YAML in a .toml',
    'updates:\n  enabled: false\n',
    'config_syntax',
    /line 1 must be TOML: a key needs "="/,
  ],
  ['JSON in a .toml', '{ "updates": { "enabled": false } }', 'config_syntax', /line 1 must be TOML/],
  ['an INI section left open', '[updates\nenabled = false', 'config_syntax', /line 1 .*closing bracket/],
  ['a colon for an equals sign', '[updates]\nenabled: false', 'config_syntax', /line 2/],
  ['yes for true', '[updates]\nenabled = yes', 'config_syntax', /line 2 .*quotes.*enabled = yes/],
  ['False for false', '[updates]\nenabled = False', 'config_syntax', /line 2/],
  ['a smart quote', '[updates]\nstrategy = “periodic”', 'config_syntax', /line 2/],
  ['UTF-16', Buffer.from('[updates]\n', 'utf16le'), 'config_syntax', /line 1 must be/],
  ['Latin-1', Buffer.from('# für\n[updates]', 'latin1'), 'config_syntax', /line 1 must be UTF-8/],
  ['2 MB', Buffer.alloc(2_000_000, '# x\n'), 'config_unreadable', /at most 131072 bytes/],
  ['zero bytes', Buffer.alloc(4096), 'config_syntax', /line 1/],
  [
    'a key given twice',
    '[updates]\nenabled = true\nenabled = false',
    'config_syntax',
    /line 3 .*second time/,
  ],
  [
    'a table given twice',
    '[updates]\nenabled = true\n[updates]\nstrategy = "manual"',
    'config_syntax',
    /line 3/,
  ],
  [
    'one window in single brackets',
    '[updates.periodic.window]\ndays = ["Mon"]',
    'config_invalid',
    /updates\.periodic\.window must be a list of tables/,
  ],
  [
    'a number in quotes',
    '[agent.timing]\nsteady_interval_secs = "300"',
    'config_invalid',
    /steady_interval_secs must be a whole number/,
  ],
  [
    'one day without brackets',
    '[[updates.periodic.window]]\ndays = "Mon"\nstart_time = "1:00"\nlength_minutes = 5',
    'config_invalid',
    /window\[0\]\.days must be a list of weekdays/,
  ],
  [
    'a time without quotes',
    '[[updates.periodic.window]]\ndays = ["Mon"]\nstart_time = 01:00:00\nlength_minutes = 5',
    'config_invalid',
    /window\[0\]\.start_time must be a time of day .*, got 01:00:00/,
  ],
  [
    '__proto__',
    '[__proto__]\nenabled = false\n[updates.__proto__]\nx = 1',
    undefined,
    /unknown key __proto__\.enabled/,
  ],
  [
    'a window in the wrong table',
    '[[updates.fleet_lock.window]]\ndays = []',
    undefined,
    /did you mean \[\[updates\.periodic\.window\]\]/,
  ],
];

describe('the corpus of broken drop-ins', () => {
  it.each(CORPUS)('%s', async (_, contents, kind, said) => {
    await using host = await HostTree.create({ ...BASE, [`${ETC}/60-x.toml`]: contents });
    const outcome = await loadSettings(host.root).then(
      ({ warnings }) => ({ kind: undefined, text: warnings.join('\n') }),
      (error: unknown) => ({ kind: kindOf(error), text: error instanceof Error ? error.message : '' }),
    );
    expect(outcome.kind).toBe(kind);
    if (said === undefined) {
      expect(outcome.text).toBe('');
    } else {
      expect(outcome.text).toMatch(said);
      expect(outcome.text).toContain(host.at(`${ETC}/60-x.toml`));
    }
  });
});

describe('attack i: where a key is missing', () => {
  it('a file in place of the directory is named in the error itself', async () => {
    await using host = await HostTree.create({ [ETC]: 'cincinnati.base_url = "https://u.example"\n' });
    const { message, notes } = await refusal(host.root);
    const [first, second] = message.split('\n');
    expect(first).toBe(`${host.at(ETC)}: ignored, it must be a directory of drop-ins`);
    expect(second).toContain('cincinnati.base_url must be set');
    expect(notes.filter((note) => note.includes('directory of drop-ins'))).toHaveLength(1);
  });

  it('so is a drop-in whose link leads nowhere', async () => {
    await using host = await HostTree.create();
    await host.link(`${ETC}/50-x.toml`, '/mnt/not-there.toml');
    expect((await refusal(host.root)).message.split('\n')[0]).toContain('leads to /mnt/not-there.toml');
  });

  it('it is a warning where nothing is missing', async () => {
    await using host = await HostTree.create({ ...BASE, [ETC]: '' });
    expect((await loadSettings(host.root)).warnings).toEqual([
      `${host.at(ETC)}: ignored, it must be a directory of drop-ins`,
    ]);
  });
});

describe('F7: with updates disabled', () => {
  const DISABLED = '[updates]\nenabled = false\n';
  const ATTRIBUTE = '${AFTERBURN_AWS_REGION}';

  it("the update server's address waits for no attribute, as nobody asks it", async () => {
    await using host = await HostTree.create({
      [`${ETC}/10-a.toml`]: `${DISABLED}[cincinnati]\nbase_url = "https://${ATTRIBUTE}.example"\n`,
    });
    const { settings, shown } = await loadSettings(host.root);
    expect(settings.updates.enabled).toBe(false);
    expect(settings.cincinnati.baseUrl).toBeUndefined();
    expect(JSON.stringify(shown)).toContain(ATTRIBUTE);
  });

  it("the lock server's address does, since a slot from before is given back there", async () => {
    await using host = await HostTree.create({
      [`${ETC}/10-a.toml`]: `${DISABLED}[updates.fleet_lock]\nbase_url = "https://${ATTRIBUTE}.example"\n`,
    });
    expect((await refusal(host.root)).message).toContain(
      'updates.fleet_lock.base_url must be made from attribute',
    );
  });

  it('nothing is left out while they are enabled', async () => {
    await using host = await HostTree.create({
      [`${ETC}/10-a.toml`]: `[cincinnati]\nbase_url = "https://${ATTRIBUTE}.example"\n`,
    });
    expect((await refusal(host.root)).message).toContain('cincinnati.base_url must be made from attribute');
  });
});
