/** From a template in a drop-in and a file of attributes, to settings or to an error that explains everything. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ATTRIBUTES_FILE } from '../../../src/config/attribute-template.ts';
import { fillAttributes } from '../../../src/config/fill-attributes.ts';
import { readFragment } from '../../../src/config/fragment.ts';
import { loadSettings } from '../../../src/config/load-settings.ts';
import { mergeFragments } from '../../../src/config/merge.ts';
import { parseToml } from '../../../src/config/toml.ts';
import { ConfigError } from '../../../src/errors.ts';
import { HostTree } from '../../support/host-tree.ts';

const FILE = '/etc/zincati/config.d/60-x.toml';
const BASE = {
  '/usr/lib/zincati/config.d/50-base.toml': 'cincinnati.base_url = "https://updates.example.com"',
};
const ATTRIBUTES = 'AFTERBURN_AWS_AVAILABILITY_ZONE=eu-west-1a\nAFTERBURN_AWS_REGION=eu-west-1\n';

/** `attributes`: the contents of the file; `none` when it does not exist. */
async function host(toml: string, attributes = ATTRIBUTES): Promise<HostTree> {
  const tree = await HostTree.create({ ...BASE, [FILE]: toml });
  if (attributes !== 'none') {
    await tree.write(ATTRIBUTES_FILE, attributes);
  }
  return tree;
}

/** The errors, then the notes. */
const problems = async (tree: HostTree): Promise<string[]> =>
  loadSettings(tree.root).then(
    () => [],
    (error: unknown) => {
      if (!(error instanceof ConfigError)) {
        throw error;
      }
      return [...error.message.split('\n'), ...error.notes].map((line) => line.replaceAll(tree.root, ''));
    },
  );

describe('attributes', () => {
  it('take the place of their names in group and addresses; a note tells each value and where it is from', async () => {
    await using tree = await host(`
      identity.group = "workers-\${AFTERBURN_AWS_AVAILABILITY_ZONE}"
      cincinnati.base_url = "https://\${AFTERBURN_AWS_REGION}.example.com/\${stream}/\${AFTERBURN_AWS_REGION}"
      updates.strategy = "fleet_lock"
      updates.fleet_lock.base_url = "https://lock.example.com/\${AFTERBURN_AWS_REGION}?zone=\${AFTERBURN_AWS_AVAILABILITY_ZONE}"`);
    const { settings, notes, warnings, origins } = await loadSettings(tree.root);
    expect(settings.identity.group).toBe('workers-eu-west-1a');
    expect(settings.cincinnati.baseUrl).toBe('https://eu-west-1.example.com/${stream}/eu-west-1');
    expect(settings.updates.fleetLock.baseUrl).toBe('https://lock.example.com/eu-west-1?zone=eu-west-1a');
    expect(warnings).toEqual([]);
    expect(notes).toHaveLength(3);
    expect(notes[0]).toBe(
      `identity.group is "workers-eu-west-1a", made from "workers-\${AFTERBURN_AWS_AVAILABILITY_ZONE}" in ${tree.at(FILE)} and the attributes in ${ATTRIBUTES_FILE}`,
    );
    expect(origins.get('identity.group')).toBe(tree.at(FILE));
  });

  it.each([
    'identity.group = "workers"',
    'cincinnati.base_url = "https://x.example.com/${stream}"',
    'cincinnati.base_url = "https://x.example.com/$AFTERBURN_A/{AFTERBURN_A}"',
  ])('are not looked at for %j, which comes out as it went in', async (toml) => {
    // The file of attributes is unreadable, so looking at it would fail.
    await using tree = await host(toml, '\0');
    const { settings, notes } = await loadSettings(tree.root);
    expect(toml).toContain(
      `"${toml.startsWith('identity') ? settings.identity.group : settings.cincinnati.baseUrl}"`,
    );
    expect(notes).toEqual([]);
  });

  it('are not needed for a value that a later file replaces', async () => {
    await using tree = await host('identity.group = "${AFTERBURN_NOT_HERE}"', 'none');
    await tree.write('/etc/zincati/config.d/70-y.toml', 'identity.group = "metal"');
    expect((await loadSettings(tree.root)).settings.identity.group).toBe('metal');
  });
});

describe('what is wrong with a template is told when it is read', () => {
  const name = 'a text in which ${AFTERBURN_...} holds the name of an attribute: letters, digits and "_"';
  const others =
    'an http:// or https:// address with no other templates than ${basearch}, ${group}, ${platform}, ${stream}, and attributes such as ${AFTERBURN_AWS_REGION}';
  const hidden = 'a value that is not shown, since it may hold a password';
  const group = 'a text of letters, digits, "." and "-" only';
  it.each([
    ['identity.group', 'a${AFTERBURN_B', 'a text in which every ${AFTERBURN_ is closed by }'],
    ['identity.group', '${AFTERBURN_A}${AFTERBURN_B', 'a text in which every ${AFTERBURN_ is closed by }'],
    ['identity.group', '${AFTERBURN_}', name],
    ['identity.group', '${AFTERBURN_A-B}', name],
    ['identity.group', '${AFTERBURN_${AFTERBURN_A}}', name],
    ['identity.group', '${AFTERBURN_A} b', group],
    ['identity.group', '${basearch}-${AFTERBURN_A}', group],
    ['identity.group', '${afterburn_a}', group],
    ['cincinnati.base_url', 'http://h/${AFTERBURN_A', 'a text in which every ${AFTERBURN_ is closed by }'],
    ['cincinnati.base_url', '${AFTERBURN_A}', 'an http:// or https:// address'],
    ['cincinnati.base_url', 'http://h/${AFTERBURN_A} b', 'an http:// or https:// address without blanks'],
    ['cincinnati.base_url', 'http://h/${AFTERBURN_A}/${arch}', others],
    [
      'cincinnati.base_url',
      'http://h/%2${AFTERBURN_A}',
      'a text in which no % stands right before ${AFTERBURN_...}',
    ],
    ['updates.fleet_lock.base_url', 'ftp://h/${AFTERBURN_A}', 'an http:// or https:// address'],
  ])('%s = %j', async (key, value, expected) => {
    await using tree = await host(`${key} = '${value}'`);
    expect(await problems(tree)).toEqual([
      `${FILE}: ${key} must be ${expected}, got ${key.endsWith('_url') ? hidden : JSON.stringify(value)}`,
    ]);
  });

  it('a path knows no attributes, and a warning says so', async () => {
    await using tree = await host(
      'updates.strategy = "marker"\nupdates.marker.path = "/run/${AFTERBURN_AWS_REGION}"',
      'none',
    );
    const { settings, warnings } = await loadSettings(tree.root);
    expect(settings.updates.marker.path).toBe('/run/${AFTERBURN_AWS_REGION}');
    expect(warnings).toEqual([
      `${tree.at(FILE)}: updates.marker.path is taken as it is written, with \${AFTERBURN_AWS_REGION}`,
    ]);
  });

  it('no other key knows attributes', async () => {
    await using tree = await host('identity.platform = "${AFTERBURN_AWS_REGION}"');
    expect(await problems(tree)).toEqual([
      `${FILE}: identity.platform must be a text of letters, digits, ".", "_" and "-" only, got "\${AFTERBURN_AWS_REGION}"`,
    ]);
  });
});

describe('what is wrong with an attribute names file, key and attribute', () => {
  const part =
    'be made from attributes of letters, digits, ".", "_", "~" and "-" that are not dots alone, got';
  const absent = (name: string): string =>
    `be made from attribute ${name}, got none: ${ATTRIBUTES_FILE} does not exist; is afterburn.service part of this boot? A drop-in for zincati.service with Wants=afterburn.service makes it so`;
  const many = Array.from(
    { length: 12 },
    (_, index) => `AFTERBURN_${String.fromCharCode(65 + index)}=1\n`,
  ).join('');
  const group = 'identity.group = "${AFTERBURN_AWS_REGION}"';
  const base = 'cincinnati.base_url = "http://h/${AFTERBURN_AWS_REGION}"';
  it.each<[string, string, string, readonly string[]]>([
    ['no file', group, 'none', [`identity.group must ${absent('AFTERBURN_AWS_REGION')}`]],
    [
      'a name misspelt',
      'identity.group = "${AFTERBURN_AWS_REGOIN}"',
      ATTRIBUTES,
      [
        `identity.group must name attributes that ${ATTRIBUTES_FILE} has, got AFTERBURN_AWS_REGOIN; did you mean AFTERBURN_AWS_REGION? it has AFTERBURN_AWS_AVAILABILITY_ZONE, AFTERBURN_AWS_REGION`,
      ],
    ],
    [
      'another cloud',
      group,
      many,
      [
        `identity.group must name attributes that ${ATTRIBUTES_FILE} has, got AFTERBURN_AWS_REGION; it has ${Array.from(
          'ABCDEFGHIJ',
        )
          .map((letter) => `AFTERBURN_${letter}`)
          .join(', ')} and 2 more`,
      ],
    ],
    [
      'an empty file',
      group,
      '',
      [
        `identity.group must be made from attribute AFTERBURN_AWS_REGION, got none: ${ATTRIBUTES_FILE} has none yet; did afterburn.service reach the metadata server?`,
      ],
    ],
    [
      'an empty value',
      group,
      'AFTERBURN_AWS_REGION=\n',
      [
        `identity.group must be made from attributes with a value, got nothing for AFTERBURN_AWS_REGION in ${ATTRIBUTES_FILE}`,
      ],
    ],
    [
      'a value that is no group',
      group,
      'AFTERBURN_AWS_REGION=a_b\n',
      [
        'identity.group, made from "${AFTERBURN_AWS_REGION}", must be a text of letters, digits, "." and "-" only, got "a_b"',
      ],
    ],
    [
      'a value too long',
      group,
      `AFTERBURN_AWS_REGION=${'a'.repeat(256)}\n`,
      [
        'identity.group must be made from attributes of at most 255 characters, got 256 for AFTERBURN_AWS_REGION',
      ],
    ],
    [
      'a value that is another address',
      base,
      'AFTERBURN_AWS_REGION=a@evil.example.com/\n',
      [`cincinnati.base_url must ${part} "a@evil.example.com/" for AFTERBURN_AWS_REGION`],
    ],
    [
      'a value that leads up',
      base,
      'AFTERBURN_AWS_REGION=..\n',
      [`cincinnati.base_url must ${part} ".." for AFTERBURN_AWS_REGION`],
    ],
    [
      'a value that is a template',
      base,
      'AFTERBURN_AWS_REGION=${stream}\n',
      [`cincinnati.base_url must ${part} "\${stream}" for AFTERBURN_AWS_REGION`],
    ],
    [
      'a value with a line end',
      base,
      'AFTERBURN_AWS_REGION="a\nb"\n',
      [`cincinnati.base_url must ${part} "a\\nb" for AFTERBURN_AWS_REGION`],
    ],
    [
      'two keys at once',
      `${group}\n${base}`,
      'none',
      ['identity.group', 'cincinnati.base_url'].map((key) => `${key} must ${absent('AFTERBURN_AWS_REGION')}`),
    ],
  ])('%s', async (_what, toml, attributes, expected) => {
    await using tree = await host(toml, attributes);
    expect(await problems(tree)).toEqual(expected.map((line) => `${FILE}: ${line}`));
  });

  it('a file that cannot be believed is told together with who needs it, and with the warnings', async () => {
    await using tree = await host(`${group}\nidentity.gruop = "x"`, '\0');
    expect(await problems(tree)).toEqual([
      `cannot read ${ATTRIBUTES_FILE}, which identity.group in ${FILE} needs: it must be text, got a byte 0`,
      `${FILE}: unknown key identity.gruop ignored; did you mean identity.group?`,
    ]);
  });
});

describe('whatever the attributes are', () => {
  const value = fc.oneof(
    fc.string({ maxLength: 8, unit: fc.constantFrom(...Array.from('a1.-_~/?#@:%\\ ${}[]&=')) }),
    fc.string({ maxLength: 20, unit: 'binary' }),
    fc.constantFrom('.', '..', '%2e%2e', '//', 'eu-west-1', '10.0.0.1', '::1', 'ü', 'a'.repeat(255)),
  );
  const fill = (toml: string, attributes: Readonly<Record<string, string>>) =>
    fillAttributes(
      mergeFragments([readFragment(parseToml(Buffer.from(toml), FILE), FILE)]),
      new Map(Object.entries(attributes)),
    );

  it('a group is one that could have been written out', () => {
    fc.assert(
      fc.property(value, (AFTERBURN_A) => {
        const { merged, errors } = fill('identity.group = "g-${AFTERBURN_A}"', { AFTERBURN_A });
        if (errors.length > 0) {
          return;
        }
        const written = readFragment(new Map([['identity', new Map([['group', `g-${AFTERBURN_A}`]])]]), FILE);
        expect(written.errors).toEqual([]);
        expect(merged.values['identity.group']).toBe(written.values['identity.group']);
      }),
    );
  });

  it('an address keeps its scheme, its port, and the number of its parts', () => {
    const shape = (address: string) => {
      const url = new URL(address);
      return {
        scheme: url.protocol,
        user: url.username,
        port: url.port,
        parts: url.pathname.split('/').length,
        parameters: [...url.searchParams.keys()],
        fragment: url.hash,
      };
    };
    const address =
      'https://h.${AFTERBURN_A}.example:8443/${AFTERBURN_A}${AFTERBURN_B}/.${AFTERBURN_B}/c?d=${AFTERBURN_B}';
    let accepted = 0;
    fc.assert(
      fc.property(value, value, (AFTERBURN_A, AFTERBURN_B) => {
        const { merged, errors } = fill(`cincinnati.base_url = "${address}"`, { AFTERBURN_A, AFTERBURN_B });
        const made = merged.values['cincinnati.base_url'] ?? '';
        expect(errors.length > 0).toBe(made === address);
        if (errors.length > 0) {
          return;
        }
        accepted += 1;
        expect(shape(made)).toEqual(shape('https://h.x.example:8443/xx/.x/c?d=x'));
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});
