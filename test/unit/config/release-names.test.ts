import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../../src/config/load-settings.ts';
import { HostTree } from '../../support/host-tree.ts';

const ETC = '/etc/zincati/config.d';
const BASE = { [`${ETC}/50-base.toml`]: 'cincinnati.base_url = "https://updates.example.com"' };
const HEX = 'ab12'.repeat(16);

async function load(...skips: readonly string[]) {
  const files = skips.map((skip, index) => [`${ETC}/6${index}-x.toml`, `updates.skip = ${skip}`] as const);
  await using host = await HostTree.create({ ...BASE, ...Object.fromEntries(files) });
  return await loadSettings(host.root);
}

describe('updates.skip', () => {
  it.each([
    ['a version', '43.20260101.3.0', '43.20260101.3.0'],
    ['a version of NestOS', '24.03-LTS.20240904.0', '24.03-LTS.20240904.0'],
    ['a version that is a long date', '20260101120000000000', '20260101120000000000'],
    ['a checksum', HEX.toUpperCase(), HEX],
    ['a digest', `sha256:${HEX.toUpperCase()}`, `sha256:${HEX}`],
    ['a digest after its image', `quay.io:443/fedora/fedora-coreos@sha256:${HEX}`, `sha256:${HEX}`],
    [
      'an image as rpm-ostree prints it',
      `ostree-image-signed:docker://q.io/f@sha256:${HEX}`,
      `sha256:${HEX}`,
    ],
  ])('takes %s', async (_, written, read) => {
    const { settings, warnings } = await load(`["${written}"]`);
    expect(settings.updates.skip).toEqual([read]);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['a text', '"43.20260101.3.0"', /updates\.skip must be a list of texts, .* got "43\.20260101\.3\.0"/],
    ['numbers', '["1.0", 43]', /updates\.skip\[1\] must be a version, .*, got 43/],
    ['an empty text', '[""]', /updates\.skip\[0\] must be a version/],
    ['a version with a blank', '["43 "]', /updates\.skip\[0\] must be a version/],
    [
      'a checksum cut short',
      `["${HEX.slice(0, 40)}"]`,
      /updates\.skip\[0\] must be a version, a base checksum of 64/,
    ],
    ['a digest cut short', `["sha256:${HEX.slice(1)}"]`, /updates\.skip\[0\] must be a version/],
    [
      'an image without a digest',
      '["quay.io/fedora/fedora-coreos:stable"]',
      /updates\.skip\[0\] must be a version/,
    ],
    [
      'a list without end',
      JSON.stringify(Array.from({ length: 1001 }, (_, i) => `${i}.0`)),
      /at most 1000 entries, got 1001/,
    ],
  ])('refuses %s, with file and key', async (_, written, message) => {
    await expect(load(written)).rejects.toThrow(message);
    await expect(load(written)).rejects.toThrow(/60-x\.toml/);
  });

  it('takes up to 1000 names, of up to 255 letters each', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `${index}.0`);
    expect((await load(JSON.stringify(names))).settings.updates.skip).toEqual(names);
    const longest = '1.'.repeat(127) + '1';
    expect((await load(`["${longest}"]`)).settings.updates.skip).toEqual([longest]);
    await expect(load(`["${longest}1"]`)).rejects.toThrow(/updates\.skip\[0\] must be a version/);
  });

  it('takes each once, with a warning about the second one', async () => {
    const { settings, warnings } = await load(`["1.0", "${HEX}", "1.0", "${HEX.toUpperCase()}"]`);
    expect(settings.updates.skip).toEqual(['1.0', HEX]);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/60-x\.toml: updates\.skip\[2\] is the same as entry 0: "1\.0"/);
  });

  it('is taken from the last file that has it, and lifted by an empty list', async () => {
    expect((await load('["1.0"]', '["2.0"]')).settings.updates.skip).toEqual(['2.0']);
    expect((await load('["1.0"]', '[]')).settings.updates.skip).toEqual([]);
  });
});
