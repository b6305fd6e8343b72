import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readPlan } from '../../../fleet/read-plan.ts';
import { messageOf } from '../../../src/errors.ts';
import { DAY_MS, HOUR_MS } from '../../../src/text/units.ts';
import { LOCKED, PERIODIC } from '../../support/fleet/sample-plan.ts';

const NOW = Date.UTC(2026, 10, 30, 15);
const SERVER = '[cincinnati]\nbase_url = "https://updates.example"\n';

let folder: string;
const file = (): string => path.join(folder, 'plan.toml');

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'plan-'));
  for (const [name, text] of [
    ['web.d', PERIODIC],
    ['db.d', LOCKED],
    ['bad.d', '[updates]\nstrategy = "sometimes"'],
  ] as const) {
    await mkdir(path.join(folder, name));
    await writeFile(path.join(folder, name, '50.toml'), `${SERVER}${text}`);
  }
});

afterEach(() => rm(folder, { recursive: true }));

async function read(text: string, overrides = {}) {
  await writeFile(file(), text);
  return readPlan(file(), overrides, NOW);
}

async function refusal(text: string): Promise<string> {
  await writeFile(file(), text);
  const error: unknown = await readPlan(file(), {}, NOW).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(Error);
  return (error as Error).message.replaceAll(folder, '');
}

const WEB = '[[group]]\nname = "web"\nnodes = 3\nconfig = "web.d"\n';
const DB = '[[group]]\nname = "db"\nnodes = 2\nconfig = "db.d"\n';

describe('readPlan', () => {
  it('begins at the next midnight UTC, with the defaults of the documentation', async () => {
    const { plan, warnings } = await read(WEB);
    expect(warnings).toEqual([]);
    expect(plan).toMatchObject({
      fromAt: Date.UTC(2026, 11, 1),
      untilAt: Date.UTC(2026, 11, 31),
      seed: 1,
      edges: undefined,
      locks: [],
    });
    expect(plan.releases.map(({ version }) => version)).toEqual([
      '44.20261201.0',
      '44.20261202.1',
      '44.20261216.2',
      '44.20261230.3',
    ]);
    expect(plan.groups[0]).toMatchObject({
      ...{ name: 'web', nodes: 3, lock: undefined, power: undefined, logins: undefined },
      ...{ rebootMs: 180_000, stagingMs: 56_000 },
    });
  });

  it('the command line comes before the file', async () => {
    const { plan } = await read(`seed = 4\ndays = 9\n${WEB}`, { seed: 5, days: 2, fromAt: NOW });
    expect(plan).toMatchObject({ seed: 5, fromAt: NOW, untilAt: NOW + 2 * DAY_MS });
  });

  it('reads the agent’s own drop-ins, and names the lock that they ask', async () => {
    const { plan } = await read(`${DB}slots = 4`);
    expect(plan.locks).toEqual([{ name: 'https://lock.example group default', slots: 4 }]);
    expect(plan.groups[0]?.lock).toBe(plan.locks[0]?.name);
    const policies = ['a', 'b'].map((uuid) => plan.groups[0]?.policyOf(uuid).slotPlaces[0]?.id);
    expect(policies).toEqual(['a', 'b']);
  });

  it.each(['9999-12-31', '1969-12-31'])('refuses a beginning that is far away: %s', async (from) => {
    await expect(read(`from = ${from}\n${WEB}`)).rejects.toThrow(
      `from must be a date from 1970 to 2999, got ${from}`,
    );
  });

  it('reads every table of a group', async () => {
    const { plan } = await read(`${WEB}time_zones = ["Europe/Berlin", "Asia/Tokyo"]
      [group.power]
      until = "18:30"
      days = ["mon", "Friday"]
      [group.logins]
      per_day = 0.5
      [group.download]
      fails = 0.25
      [group.reboot]
      hangs = 1
      repair_hours = 0.5`);
    expect(plan.groups[0]).toMatchObject({
      power: { fromMinutes: 0, untilMinutes: 1110, weekdays: new Set([1, 5]) },
      logins: { perDay: 0.5, fromMinutes: 540, untilMinutes: 1020 },
      ...{ stagingFails: 0.25, rebootHangs: 1, repairMs: HOUR_MS / 2 },
    });
    expect(plan.groups[0]?.zones.map(({ name }) => name)).toEqual(['Europe/Berlin', 'Asia/Tokyo']);
  });

  it('one in so many releases is bad, the last of them, and halted later', async () => {
    const { plan } = await read(`[releases]\nevery_days = 5\nbad_every = 3\nhalt_hours = 6\n${WEB}`);
    const bad = plan.releases.filter(({ isBad }) => isBad);
    expect(bad.map((release) => plan.releases.indexOf(release))).toEqual([3, 6]);
    expect(bad.every(({ haltedAt = 0, publishedAt }) => haltedAt - publishedAt === 6 * HOUR_MS)).toBe(true);
  });

  it('takes a saved graph, by age, without what the agent would not take', async () => {
    const node = (version: string, age: string, payload: string, more = {}) => ({
      version,
      payload,
      metadata: {
        'org.fedoraproject.coreos.releases.age_index': age,
        'org.fedoraproject.coreos.scheme': 'checksum',
        ...more,
      },
    });
    const prefix = 'org.fedoraproject.coreos.updates.';
    await writeFile(
      path.join(folder, 'graph.json'),
      JSON.stringify({
        nodes: [
          node('2', '1', 'b'.repeat(64), { [`${prefix}rollout`]: 'true', [`${prefix}start_epoch`]: '7' }),
          node('1', '0', 'a'.repeat(64)),
          node('broken', 'old', 'c'.repeat(64)),
        ],
        edges: [
          [1, 0],
          [1, 2],
        ],
      }),
    );
    const { plan } = await read(`[releases]\ngraph = "graph.json"\n${WEB}booted = "1"`);
    expect(plan.releases.map(({ version, rollout }) => [version, rollout])).toEqual([
      ['1', undefined],
      ['2', { startEpoch: 7 }],
    ]);
    expect(plan.edges).toEqual([[0, 1]]);
    expect(plan.groups[0]?.booted).toBe(0);
  });

  it('graph 2: a release with the key of a rollout rolls out, whatever the key says, as to the real engine', async () => {
    const prefix = 'org.fedoraproject.coreos.';
    const metadata = { [`${prefix}scheme`]: 'checksum', [`${prefix}releases.age_index`]: '0' };
    const rolling = {
      ...metadata,
      [`${prefix}updates.rollout`]: 'yes',
      [`${prefix}updates.start_epoch`]: '7',
    };
    const graph = { nodes: [{ version: '1', payload: 'a'.repeat(64), metadata: rolling }], edges: [] };
    await writeFile(path.join(folder, 'odd.json'), JSON.stringify(graph));
    const { plan } = await read(`[releases]\ngraph = "odd.json"\n${WEB}`);
    expect(plan.releases[0]!.rollout).toEqual({ startEpoch: 7 });
  });

  it.each([
    ['', '/plan.toml: group must be there: a list of tables, each opened by [[group]]'],
    ['group = 3', '/plan.toml: group must be a list of tables, each opened by [[group]], got 3'],
    [`dayz = 3\n${WEB}`, '/plan.toml: dayz is no key of a plan; did you mean days?'],
    [`${WEB}node = 3`, '/plan.toml: group[0].node is no key of a plan; did you mean group.nodes?'],
    [
      `${WEB}slots = 3`,
      '/plan.toml: group[0].slots must not be there: the configuration of this group asks no lock server',
    ],
    [
      `${WEB}time_zones = "localtime"`,
      '/plan.toml: group[0].time_zones must be a time zone name such as "Europe/Berlin", got "localtime"',
    ],
    [`${WEB}booted = "9"`, '/plan.toml: group[0].booted must be a version of the releases, got "9"'],
    [
      `${WEB}[group.power]\nfrom = "9:00"\nuntil = "8:00"`,
      '/plan.toml: group[0].power.until must be later than power.from',
    ],
    [`${WEB}${WEB}`, '/plan.toml: group must have a name each, got "web" more than once'],
    [
      '[[group]]\nname = "x"\nnodes = 2\nconfig = "gone.d"',
      '/gone.d: must be a folder of drop-ins, got no such file or directory (ENOENT)',
    ],
    [
      `${DB}slots = 1\n${DB.replace('"db"', '"other"')}slots = 2`,
      '/plan.toml: group must name one number of slots for https://lock.example group default, got 1 and 2',
    ],
    [
      `[releases]\ngraph = "none.json"\n${WEB}`,
      /^\/plan\.toml: releases\.graph must be an update graph: .*none\.json/,
    ],
    ['x = [', /^\/plan\.toml: line 1 must be TOML/],
  ])('refuses %j, and says what is wrong', async (text, message) => {
    const told = await refusal(text);
    if (typeof message === 'string') {
      expect(told).toContain(message);
    } else {
      expect(told).toMatch(message);
    }
  });

  it('tells everything that is wrong at once, in the plan and in the drop-ins', async () => {
    const told = await refusal(
      `days = 0\n${WEB}nodez = 1\n${WEB.replace('web.d', 'bad.d').replace('"web"', '"w"')}`,
    );
    expect(told.split('\n')).toHaveLength(3);
    expect(told).toContain('/bad.d/50.toml: updates.strategy must be');
  });

  it('shows no password of a lock server', async () => {
    await mkdir(path.join(folder, 'secret.d'));
    await writeFile(
      path.join(folder, 'secret.d/50.toml'),
      `${SERVER}${LOCKED.replace('https://', 'https://user:secret@')}`,
    );
    const { plan } = await read(DB.replace('db.d', 'secret.d'));
    expect(plan.locks[0]?.name).toBe('https://lock.example group default');
  });

  it('says so when the plan cannot be read', async () => {
    await expect(readPlan(path.join(folder, 'none.toml'), {}, NOW)).rejects.toThrow(
      /^cannot read .*none\.toml: /,
    );
    expect(messageOf(await readPlan(folder, {}, NOW).catch((error: unknown) => error))).toMatch(
      /^cannot read /,
    );
  });
});
