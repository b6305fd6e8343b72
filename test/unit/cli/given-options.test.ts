import { describe, expect, it } from 'vitest';

import { givenOptions } from '../../../src/cli/given-options.ts';

const OPTIONS = {
  speed: { type: 'string' },
  keep: { type: 'boolean', short: 'k' },
  name: { type: 'string', short: 'n', multiple: true },
} as const;

function given(args: readonly string[], allowPositionals = false) {
  return givenOptions({ args: [...args], options: OPTIONS, allowPositionals }, (message) => {
    throw new Error(message);
  });
}

describe('usage-own-words: what is given', () => {
  it('is read', () => {
    const { values, positionals } = given(
      ['--speed', '2', '-kn', 'a', '--name=-b', 'word', '--', '-x'],
      true,
    );
    expect(values).toMatchObject({ speed: '2', keep: true, name: ['a', '-b'] });
    expect(positionals).toEqual(['word', '-x']);
  });

  it.each([
    [['--sped', '2'], 'unknown option "--sped"; did you mean --speed?'],
    [['--what'], 'unknown option "--what"'],
    [['--constructor'], 'unknown option "--constructor"'],
    [['-x'], 'unknown option "-x"'],
    [['--\u001b[2J'], 'unknown option "--�[2J"'],
    [['--speed'], '--speed must have a value'],
    [
      ['--speed', '--keep'],
      '--speed must have a value, got "--keep"; a value that begins with "-" is written as --speed=--keep',
    ],
    [['-n', '-1'], '-n must have a value, got "-1"; a value that begins with "-" is written as -n-1'],
    [['--keep=yes'], '--keep takes no value, got "yes"'],
    [['word'], 'there must be nothing but options, got "word"'],
    [['--', '--keep'], 'there must be nothing but options, got "--keep"'],
  ])('is refused in one sentence of our own: %j', (args, message) => {
    expect(() => given(args)).toThrow(new Error(message));
  });
});
