/** How a refused value is shown to people: as it was written, shortened, and never where it may be secret. */
import { describe as group, expect, it } from 'vitest';

import { describe, joinKey, shownFor } from '../../../src/config/checker.ts';
import { parseToml } from '../../../src/config/toml.ts';

group('a value in a message', () => {
  it.each([
    ['1', '1'],
    ['1.0', '1.0'],
    ['-0.5', '-0.5'],
    ['1e15', '1000000000000000.0'],
    ['1e300', '1e+300'],
    ['inf', 'inf'],
    ['-inf', '-inf'],
    ['nan', 'nan'],
    ['true', 'true'],
    ['[]', 'an empty list'],
    ['[1]', 'a list'],
    ['{}', 'a table'],
    ['2026-12-20', '2026-12-20'],
    ["'a\"b'", '"a\\"b"'],
    [`'${'x'.repeat(80)}'`, `"${'x'.repeat(80)}"`],
    [`'${'x'.repeat(81)}'`, `"${'x'.repeat(80)}"…`],
  ])('%s is shown as %s', (written, shown) => {
    expect(describe(parseToml(Buffer.from(`a = ${written}`), 'f').get('a')!)).toBe(shown);
  });

  it('of an address is shown only where it is no text, or an empty one', () => {
    const hidden = 'a value that is not shown, since it may hold a password';
    expect(shownFor('cincinnati.base_url', 'x')).toBe(hidden);
    expect(shownFor('cincinnati.base_url', '')).toBe('""');
    expect(shownFor('cincinnati.base_url', 5n)).toBe('5');
    expect(shownFor('cincinnati.base_url', ['x'])).toBe('a list');
  });

  it('beside a key of a file is shown only where it cannot be what belongs into the file', () => {
    const hidden = 'a value that is not shown, since it does not look like a path';
    const key = 'updates.fleet_lock.bearer_file';
    expect(shownFor(key, '/etc/token')).toBe('"/etc/token"');
    expect(shownFor(key, '')).toBe('""');
    expect(shownFor(key, true)).toBe('true');
    expect(shownFor(key, ['x'])).toBe('a list');
    expect(shownFor(key, 'hunter2')).toBe(hidden);
    expect(shownFor(key, 123456n)).toBe(hidden);
    expect(shownFor(key, 1.5)).toBe(hidden);
    expect(shownFor('identity.group', 'hunter2')).toBe('"hunter2"');
  });

  it('has a key that is quoted where TOML needs it', () => {
    expect(joinKey('', 'a')).toBe('a');
    expect(joinKey('a', 'b-c_1')).toBe('a.b-c_1');
    expect(joinKey('a', 'b c')).toBe('a."b c"');
  });
});
