/** Texts with attributes of the machine: what is refused before their values are known. */
import { describe, expect, it } from 'vitest';

import { readFragment } from '../../../src/config/fragment.ts';
import { parseToml } from '../../../src/config/toml.ts';

const read = (key: string, text: string) => {
  const { values, errors } = readFragment(parseToml(Buffer.from(`${key} = '${text}'`), 'f'), 'f');
  return { values, said: errors.map(({ message }) => message) };
};

describe('a text with attributes', () => {
  it('is kept as it was written where the text around them is right', () => {
    const text = 'w-${AFTERBURN_AWS_REGION}';
    expect(read('identity.group', text)).toEqual({ values: { 'identity.group': text }, said: [] });
  });

  it('has no value where that text is refused, whatever the attributes are', () => {
    const { values, said } = read('identity.group', '${AFTERBURN_AWS_REGION}/x');
    expect(values).toEqual({});
    expect(said).toEqual([expect.stringContaining('got "${AFTERBURN_AWS_REGION}/x"')]);
  });

  it.each(['%', '%2', '%a'])('has no %s right before one, which would swallow its beginning', (before) => {
    const { said } = read('cincinnati.base_url', `http://h/${before}\${AFTERBURN_A}`);
    expect(said).toEqual([expect.stringContaining('no % stands right before')]);
    expect(read('cincinnati.base_url', 'http://h/%20${AFTERBURN_A}').said).toEqual([]);
  });
});
