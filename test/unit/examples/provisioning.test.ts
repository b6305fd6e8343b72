/** Compares the examples in examples/provisioning with each other and with docs/provisioning.md. */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';

import { filesOfButane, readButane } from '../../support/butane.ts';
import { filesOf, type IgnitionConfig } from '../../support/ignition.ts';

const PROJECT = join(import.meta.dirname, '../../..');
const EXAMPLES = join(PROJECT, 'examples/provisioning');
const NAMES = readdirSync(EXAMPLES).sort();

const read = (name: string, file: string): string => readFileSync(join(EXAMPLES, name, file), 'utf8');
const ignitionOf = (text: string): IgnitionConfig => JSON.parse(text) as IgnitionConfig;

test('docs/provisioning.md links to every file of every example', () => {
  const text = readFileSync(join(PROJECT, 'docs/provisioning.md'), 'utf8');
  const links = [...text.matchAll(/\]\(\.\.\/examples\/provisioning\/([^)]+)\)/g)].map((match) => match[1]);
  expect(links.toSorted()).toEqual(
    NAMES.flatMap((name) => ['config.ign', 'fcos.bu', 'nestos.bu'].map((file) => `${name}/${file}`)),
  );
});

describe.each(NAMES)('%s', (name) => {
  it('puts the same files onto a host from Butane and from Ignition', () => {
    const files = filesOfButane(read(name, 'fcos.bu'));
    expect(files).not.toEqual([]);
    expect(filesOf(ignitionOf(read(name, 'config.ign')))).toEqual(files);
  });

  it('is of the Ignition version that all hosts know, and makes nothing but files, units and drop-ins', () => {
    const { ignition, storage, systemd, ...rest } = JSON.parse(read(name, 'config.ign')) as Record<
      string,
      object
    >;
    expect(ignition).toEqual({ version: '3.3.0' });
    expect([Object.keys(storage ?? { files: 0 }), rest]).toEqual([['files'], {}]);
    expect(Object.keys(systemd ?? { units: 0 })).toEqual(['units']);
  });

  it('is the same on NestOS but for two lines', () => {
    expect(read(name, 'nestos.bu')).toBe(
      read(name, 'fcos.bu').replace('variant: fcos\nversion: 1.4.0\n', 'variant: nestos\nversion: 1.0.0\n'),
    );
    expect(readButane(read(name, 'nestos.bu'))).toMatchObject({ variant: 'nestos', version: '1.0.0' });
    expect(readButane(read(name, 'fcos.bu'))).toMatchObject({ variant: 'fcos', version: '1.4.0' });
  });
});

// No distribution has Butane in its base, so this runs only where somebody installed it. Upstream's does not
// know NestOS; NestOS's own does.
const butane = (config: string) =>
  spawnSync('butane', ['--strict'], { input: config, encoding: 'utf8', timeout: 20_000 });
const sources = ['fcos', 'nestos'].filter((variant) => butane(read('canary', `${variant}.bu`)).status === 0);
for (const [name, source] of NAMES.flatMap((each) => sources.map((from) => [each, from] as const))) {
  test(`butane itself makes the config.ign of ${name} out of its ${source}.bu`, () => {
    const { status, stdout, stderr } = butane(read(name, `${source}.bu`));
    expect([status, stderr]).toEqual([0, '']);
    expect(filesOf(ignitionOf(stdout))).toEqual(filesOf(ignitionOf(read(name, 'config.ign'))));
    expect(ignitionOf(stdout).ignition).toEqual({ version: '3.3.0' });
  });
}
