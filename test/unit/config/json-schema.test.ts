import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';

import { readFragment } from '../../../src/config/fragment.ts';
import { configSchema } from '../../../src/config/json-schema.ts';
import { CONFIG_KEYS, SCHEMA } from '../../../src/config/schema.ts';
import { isTable } from '../../../src/config/checker.ts';
import { parseToml, TomlDate, type TomlValue } from '../../../src/config/toml.ts';

const validate = new Ajv({ strict: false, allErrors: true }).compile(configSchema());

/** What an editor makes of a TOML document. */
function asJson(value: TomlValue): unknown {
  if (isTable(value)) {
    return Object.fromEntries([...value].map(([key, entry]) => [key, asJson(entry)]));
  }
  if (Array.isArray(value)) {
    return value.map((entry: TomlValue) => asJson(entry));
  }
  if (value instanceof TomlDate) {
    return value.text;
  }
  return typeof value === 'bigint' ? Number(value) : value;
}

function look(text: string) {
  const table = parseToml(Buffer.from(text), 'a.toml');
  const { errors, warnings } = readFragment(table, 'a.toml');
  const isValid = validate(asJson(table));
  return { accepted: errors.length === 0, warnings, isValid };
}

const GOOD = [
  'agent.timing.steady_interval_secs = 1',
  'agent.timing.jitter = false',
  'identity.group = ""',
  'identity.group = "workers-${AFTERBURN_AWS_REGION}"',
  'identity.node_uuid = "{12345678-1234-1234-1234-123456789abc}"',
  'identity.rollout_wariness = 1',
  'identity.rollout_wariness = 0.5',
  'identity.stream = "testing-devel"',
  'cincinnati.base_url = " https://updates.example.com/${stream} "',
  'updates.strategy = "immediate"',
  'updates.strategy = ""',
  'updates.strategy = ["periodic", "fleet_lock"]',
  'updates.skip = ["43.1", "sha256:0000000000000000000000000000000000000000000000000000000000000000"]',
  'updates.fleet_lock.ca_file = "/etc/ca.pem"',
  'updates.fleet_lock.ca_file = ""',
  'updates.fleet_lock.timeout_secs = 1800',
  'updates.periodic.window = []',
  '[[updates.periodic.window]]\ndays = ["Sat", "1st  mon", "LAST Friday", "Tuesady"]\nstart_time = "+3:00"\nlength_minutes = 60\nmonths = "Jan"\nday_of_month = [-1, 5]\ntime_zone = "Europe/Berlin"',
  '[[updates.periodic.window]]\nday_of_month = 5\nstart_time = "23:59"\nlength_minutes = 10080\nmonths = [1, "february"]',
  '[[updates.periodic.freeze]]\nfrom = 2026-12-20\nuntil = 2027-01-02T10:00:00Z\nreason = "release"',
  'updates.sessions.ignore_users = ["ci"]',
  'metrics.listen = "[::1]:9100"',
  '',
];
const BAD = [
  'agent.timing.steady_interval_secs = 0',
  'agent.timing.steady_interval_secs = "5"',
  'agent.timing.jitter = "yes"',
  'identity.rollout_wariness = 1.5',
  'identity.stream = "a b"',
  'updates.strategy = "sometimes"',
  'updates.strategy = []',
  'updates.skip = "43.1"',
  'updates.fleet_lock.ca_file = "ca.pem"',
  'updates.fleet_lock.timeout_secs = 1801',
  'updates.sessions.grace_minutes = -1',
  'updates.periodic.window = { days = ["Sat"] }',
  '[[updates.periodic.window]]\ndays = ["Sat"]\nlength_minutes = 60',
  '[[updates.periodic.window]]\ndays = ["Sat"]\nstart_time = 3\nlength_minutes = 60',
  '[[updates.periodic.window]]\ndays = ["Sat"]\nstart_time = "3:00"\nlength_minutes = 10081',
  '[[updates.periodic.window]]\nday_of_month = 32\nstart_time = "3:00"\nlength_minutes = 1',
  '[[updates.periodic.freeze]]\nfrom = 2026-12-20\nreason = "release"',
  'updates.sessions.ignore_users = "ci"',
];

/** The part of the schema that is about one key. */
const at = (key: string): Readonly<Record<string, unknown>> =>
  key
    .split('.')
    .reduce<Readonly<Record<string, unknown>>>(
      ({ properties }, part) =>
        (properties as Readonly<Record<string, Readonly<Record<string, unknown>>>>)[part] ?? {},
      configSchema(),
    );

describe('the schema of the configuration', () => {
  it.each(GOOD)('accepts what the agent accepts: %s', (text) => {
    expect(look(text)).toMatchObject({ accepted: true, isValid: true });
  });

  it.each(BAD)('refuses what the agent refuses: %s', (text) => {
    expect(look(text)).toMatchObject({ accepted: false, isValid: false });
  });

  it('refuses a key that the agent would ignore', () => {
    for (const text of [
      'updates.strategie = "immediate"',
      'update.enabled = true',
      '[[updates.periodic.window]]\nday = 1\ndays = []\nstart_time = "3:00"\nlength_minutes = 1',
    ]) {
      const { warnings, isValid } = look(text);
      expect(warnings.join()).toContain('unknown key');
      expect(isValid).toBe(false);
    }
  });

  it('has every key, with what the documentation says of it', () => {
    const text = JSON.stringify(configSchema());
    for (const key of CONFIG_KEYS) {
      expect(text).toContain(JSON.stringify(SCHEMA[key].doc));
      for (const { doc } of Object.values(SCHEMA[key].fields ?? {})) {
        expect(text).toContain(JSON.stringify(doc));
      }
    }
  });

  it('states the default of each key that has one, and of no list of tables', () => {
    for (const key of CONFIG_KEYS) {
      const { fallback, fields } = SCHEMA[key];
      expect('default' in at(key), key).toBe(fallback !== undefined && fields === undefined);
    }
    expect(at('updates.enabled')).toMatchObject({ default: true });
    expect(at('updates.fleet_lock.base_url')).not.toHaveProperty('default');
  });

  it('says which fields of a table must be there, and that no others may', () => {
    const entryOf = (name: 'window' | 'freeze'): unknown => at(`updates.periodic.${name}`)['items'];
    expect(entryOf('window')).toMatchObject({
      additionalProperties: false,
      required: ['start_time', 'length_minutes'],
    });
    expect(entryOf('freeze')).toMatchObject({
      additionalProperties: false,
      required: ['from', 'until', 'reason'],
    });
    expect(validate({ updates: { unknown: {} } })).toBe(false);
  });

  it('accepts every default', () => {
    for (const key of CONFIG_KEYS) {
      const { fallback, fields } = SCHEMA[key];
      if (fallback !== undefined && fields === undefined) {
        const document = key.split('.').reduceRight<unknown>((inner, part) => ({ [part]: inner }), fallback);
        expect(validate(document), key).toBe(true);
      }
    }
  });
});
