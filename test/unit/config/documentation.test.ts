/** Compares docs/configuration.md and the shipped drop-ins with the schema, in both directions. */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { loadSettings } from '../../../src/config/load-settings.ts';
import { CONFIG_KEYS, SCHEMA, WRITABLE_KEYS } from '../../../src/config/schema.ts';
import { readFragment } from '../../../src/config/fragment.ts';
import { parseToml } from '../../../src/config/toml.ts';
import { HostTree } from '../../support/host-tree.ts';

const projectFile = (path: string) => new URL(`../../../${path}`, import.meta.url);
const documentation = readFileSync(projectFile('docs/configuration.md'), 'utf8');

/** The table rows whose first cell is a dotted key in backquotes. */
const rows = new Map(
  [...documentation.matchAll(/^\| `([a-z_]+(?:\.[a-z_]+)+)` \|(.+)\|$/gm)].map((match) => [
    match[1]!,
    match[2]!.split('|').map((cell) => cell.trim()),
  ]),
);

function shownDefault(fallback: unknown): string {
  if (fallback === undefined || (Array.isArray(fallback) && fallback.length === 0)) {
    return 'none';
  }
  if (Array.isArray(fallback)) {
    return JSON.stringify(fallback[0]);
  }
  return JSON.stringify(fallback);
}

describe('docs/configuration.md', () => {
  it('has a row for every key and no other', () => {
    expect([...rows.keys()].toSorted()).toEqual([...WRITABLE_KEYS].toSorted());
  });

  it.each(CONFIG_KEYS)('says of %s what the schema says', (key) => {
    const { type, fallback, doc } = SCHEMA[key];
    expect(rows.get(key)).toEqual([type, shownDefault(fallback), doc]);
  });

  const fields = CONFIG_KEYS.flatMap((key) =>
    Object.entries(SCHEMA[key].fields ?? {}).map(([name, field]) => [`${key}.${name}`, field] as const),
  );

  it.each(fields)('says of %s what the schema says', (name, field) => {
    expect(rows.get(name)).toEqual([field.type, field.doc]);
  });

  const examples = [...documentation.matchAll(/```toml\n([\s\S]*?)```/g)].map((match) => match[1]!);

  it.each(examples)('has an example that works: %j', (text) => {
    const { values, warnings, errors } = readFragment(parseToml(Buffer.from(text), 'x.toml'), 'x.toml');
    expect({ warnings, errors }).toEqual({ warnings: [], errors: [] });
    expect(Object.keys(values)).not.toEqual([]);
  });
});

describe('systemd/config.d', () => {
  const names = readdirSync(projectFile('systemd/config.d'));

  it('keeps the names that operators mask', () => {
    expect(names.toSorted()).toEqual([
      '10-agent.toml',
      '10-auto-updates.toml',
      '10-identity.toml',
      '30-updates-strategy.toml',
      '50-fedora-coreos-cincinnati.toml',
    ]);
  });

  it('starts Fedora CoreOS without a warning, with defaults', async () => {
    await using host = await HostTree.create(
      Object.fromEntries(
        names.map((name) => [
          `/usr/lib/zincati/config.d/${name}`,
          readFileSync(projectFile(`systemd/config.d/${name}`)),
        ]),
      ),
    );
    const { settings, warnings } = await loadSettings(host.root);
    expect(warnings).toEqual([]);
    expect(settings.cincinnati.baseUrl).toBe('https://updates.coreos.fedoraproject.org');
    expect(settings.updates).toMatchObject({ enabled: true, strategies: ['immediate'] });
    expect(settings.timing.steadyIntervalMs).toBe(300_000);
  });

  const shipped = names.map((name) => ({
    name,
    text: readFileSync(projectFile(`systemd/config.d/${name}`), 'utf8'),
  }));

  it('sets nothing but defaults and the update server, and says so', () => {
    const set = shipped.flatMap(({ name, text }) =>
      Object.entries(readFragment(parseToml(Buffer.from(text), name), name).values),
    );
    expect(set.length).toBeGreaterThan(3);
    const others = set.filter(([key, value]) => {
      const fallback: unknown = SCHEMA[CONFIG_KEYS.find((known) => known === key)!].fallback;
      return JSON.stringify(value) !== JSON.stringify(fallback);
    });
    expect(others).toEqual([['cincinnati.base_url', 'https://updates.coreos.fedoraproject.org']]);
  });

  /** What an operator would copy: the TOML lines that are commented out, each below its table header. */
  const suggestions = shipped.flatMap(({ name, text }) => {
    const table = /^\[.+\]$/m.exec(text)?.[0] ?? '';
    const blocks = text.match(/(?:^# +(?:\[|[a-z_.]+ = ).*\n)+/gm) ?? [];
    return blocks
      .map((block) => block.replaceAll(/^# +/gm, ''))
      .map((block) => [name, block.startsWith('[') ? block : `${table}\n${block}`] as const);
  });

  it('suggests what there is to choose from', () => {
    expect(suggestions.map(([name]) => name)).toEqual([
      '10-auto-updates.toml',
      '10-identity.toml',
      '10-identity.toml',
      '30-updates-strategy.toml',
      '30-updates-strategy.toml',
    ]);
  });

  it.each(suggestions)('%s: suggests what works: %j', async (_name, text) => {
    await using host = await HostTree.create({
      '/usr/lib/zincati/config.d/50-base.toml': 'cincinnati.base_url = "https://updates.example.com"',
    });
    const before = await loadSettings(host.root);
    await host.write('/etc/zincati/config.d/90-own.toml', text);
    const after = await loadSettings(host.root);
    expect(after.warnings).toEqual([]);
    expect(after.settings).not.toEqual(before.settings);
  });
});
