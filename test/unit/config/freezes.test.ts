/** The words and bounds of `[[updates.periodic.freeze]]`. */
import { describe, expect, it } from 'vitest';

import { readFragment } from '../../../src/config/fragment.ts';
import { parseToml } from '../../../src/config/toml.ts';

function read(text: string) {
  const { values, errors } = readFragment(parseToml(Buffer.from(text), 'f'), 'f');
  return { freezes: values['updates.periodic.freeze'], said: errors.map(({ message }) => message) };
}

const freeze = (from: string, until: string, reason = 'audit') =>
  read(`[[updates.periodic.freeze]]\nfrom = ${from}\nuntil = ${until}\nreason = "${reason}"\n`);

describe('a freeze', () => {
  it('is a list of tables', () => {
    expect(read('updates.periodic.freeze = ["2026-12-20"]')).toEqual({
      freezes: undefined,
      said: ['f: updates.periodic.freeze[0] must be a table, got "2026-12-20"'],
    });
    expect(read('updates.periodic.freeze = 1').said).toEqual([
      'f: updates.periodic.freeze must be a list of tables, each opened by [[updates.periodic.freeze]], got 1',
    ]);
  });

  it('ends after it begins, where both are of one kind', () => {
    expect(freeze('2026-12-20T10:00:00', '2026-12-20T10:00:00').said).toEqual([
      'f: updates.periodic.freeze[0].until must be after from',
    ]);
    expect(freeze('2026-12-20T10:00:00', '2026-12-20T10:00:01').said).toEqual([]);
    // The end of that day.
    expect(freeze('2026-12-20T10:00:00', '2026-12-20').said).toEqual([]);
    expect(freeze('2026-12-20', '2026-12-19').said).toHaveLength(1);
    // Which of them is later depends on the zone.
    expect(freeze('2026-12-24', '2026-12-20T00:00:00Z').said).toEqual([]);
    expect(freeze('2026-12-24T00:00:00Z', '2026-12-20').said).toEqual([]);
  });

  it('has a reason of one line, of at most 200 characters', () => {
    const until = '2026-12-27';
    expect(freeze('2026-12-20', until, ` ${'x'.repeat(198)} `).freezes).toMatchObject([
      { reason: 'x'.repeat(198) },
    ]);
    expect(freeze('2026-12-20', until, 'x'.repeat(200)).said).toEqual([]);
    for (const bad of ['', '   ', 'x'.repeat(201), 'a\\tb', 'a\\nb']) {
      expect(freeze('2026-12-20', until, bad).said).toEqual([
        expect.stringContaining('reason must be a text of one line and at most 200 characters, got'),
      ]);
    }
  });

  it.each(['"2026-12-20"', '20', '10:00:00', 'true', '["2026-12-20"]'])(
    'begins at a date without quotes: %s is none',
    (from) => {
      const { freezes, said } = freeze(from, '2026-12-27');
      expect(freezes).toBeUndefined();
      expect(said).toEqual([expect.stringContaining('from must be a date such as 2026-12-20')]);
    },
  );
});
