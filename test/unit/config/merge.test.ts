/** What comes of several files together, and which file each value came from. */
import { describe, expect, it } from 'vitest';

import { readFragment } from '../../../src/config/fragment.ts';
import { mergeFragments } from '../../../src/config/merge.ts';
import { parseToml } from '../../../src/config/toml.ts';

function merged(...texts: readonly string[]) {
  const fragments = texts.map((text, index) =>
    readFragment(parseToml(Buffer.from(text), `f${index}`), `f${index}`),
  );
  expect(fragments.flatMap(({ errors }) => errors)).toEqual([]);
  return mergeFragments(fragments);
}

const FREEZE = '[[updates.periodic.freeze]]\nfrom = 2026-12-20\nuntil = 2026-12-27\nreason = "x"\n';
const RESET = 'updates.periodic.reset = true\n';

describe('several files', () => {
  it('have the later value of each key, and the file that it came from', () => {
    const { values, origins } = merged(
      'identity.group = "a"\nupdates.enabled = true',
      'identity.group = "b"\nagent.timing.jitter = true',
    );
    expect(values).toEqual({
      'identity.group': 'b',
      'updates.enabled': true,
      'agent.timing.jitter': true,
    });
    expect(Object.fromEntries(origins)).toEqual({
      'updates.enabled': 'f0',
      'identity.group': 'f1',
      'agent.timing.jitter': 'f1',
    });
  });

  it('add to a list, each entry with its file', () => {
    const { values, origins } = merged(FREEZE + FREEZE, '', FREEZE);
    expect(values['updates.periodic.freeze']).toHaveLength(3);
    expect([0, 1, 2].map((index) => origins.get(`updates.periodic.freeze[${index}]`))).toEqual([
      ...['f0', 'f0', 'f2'],
    ]);
    expect(origins.size).toBe(3);
  });

  it('lose what was added before a reset, and nothing else', () => {
    const { values, origins } = merged(
      `identity.group = "a"\n${FREEZE}${FREEZE}`,
      `${RESET}${FREEZE}`,
      'updates.periodic.reset = false',
    );
    expect(values['updates.periodic.freeze']).toHaveLength(1);
    expect(values['identity.group']).toBe('a');
    expect(Object.fromEntries(origins)).toEqual({
      'identity.group': 'f0',
      'updates.periodic.freeze[0]': 'f1',
      'updates.periodic.reset': 'f2',
    });
    expect(merged(FREEZE, RESET).values).toEqual({ 'updates.periodic.reset': true });
  });
});
