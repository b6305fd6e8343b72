import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { ascii, escaped } from '../../../scripts/ascii.mjs';

const CODE = [
  'const ellipsis = "…", emoji = `😀 ${1 + 1} é`, old = \'€\';',
  '// A comment — not run.',
  'const slashed = "\\é \\\\é";',
  '[slashed, ellipsis, emoji, old, /^\\€$/.test("€"), /^[^\\x00-\\x7fä]$/u.test("ä"), /é/.test("é"), "\\u2026"].join("|")',
].join('\n');

it('script-ascii: code has one byte for each character, and does the same', () => {
  const ascii = escaped(CODE);
  expect(ascii).toMatch(/^[\0-\x7f]*$/);
  expect(runInNewContext(ascii)).toBe(runInNewContext(CODE));
  expect(runInNewContext(ascii)).toBe('é \\é|…|😀 2 é|€|true|false|true|…');
});

it('script-ascii: what has nothing else stays as it is', () => {
  expect(escaped('const a = "\\n\\\\u00e9";\n')).toBe('const a = "\\n\\\\u00e9";\n');
});

it('any text keeps its meaning', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const code = escaped(JSON.stringify(text));
      expect(Buffer.from(code)).toHaveLength(code.length);
      expect(runInNewContext(code)).toBe(text);
    }),
  );
});

it('each file of code of the bundle is written so, and no other', () => {
  const bundle = { 'a.cjs': { type: 'chunk', code: '"é"' }, 'b.txt': { type: 'asset', code: '"é"' } };
  ascii.generateBundle({}, bundle);
  expect(bundle).toEqual({
    'a.cjs': { type: 'chunk', code: String.raw`"\u00e9"` },
    'b.txt': { type: 'asset', code: '"é"' },
  });
});
