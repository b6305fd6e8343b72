import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ascii, escaped } from '../../../scripts/ascii.mjs';

/** What a piece of the bundle is worth. */
const valueOf = (code: string): unknown => runInNewContext(code);

describe('the bundle in ASCII', () => {
  it('has one byte for each character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const code = escaped(JSON.stringify(text));
        expect(Buffer.from(code)).toHaveLength(code.length);
      }),
    );
  });

  it('means the same in texts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(valueOf(escaped(JSON.stringify(text)))).toBe(text);
      }),
    );
  });

  it.each([
    ['a text', `"é…\u2028😀"`],
    ['a template', '`é ${"…"} 😀`'],
    ['a text in which an escape stands already', String.raw`"\\é\u00e9"`],
    ['a comment', '/* é */ 5 // 😀'],
  ])('means the same in %s', (_name, code) => {
    expect(escaped(code)).toMatch(/^[\0-\x7f]*$/);
    expect(valueOf(escaped(code))).toBe(valueOf(code));
  });

  it.each([
    ['/[é-ü]+/.exec("aéöz")[0]', 'éö'],
    ['/^[^😀]$/u.test("😀")', false],
    ['/^😀$/u.test("😀")', true],
    ['/^😀{2}$/v.test("😀😀")', true],
  ])('means the same in the pattern %s', (code, value) => {
    expect(valueOf(escaped(code))).toBe(value);
  });

  it('leaves alone what is ASCII, control characters included', () => {
    const code = String.fromCodePoint(...Array.from({ length: 128 }, (_, code) => code));
    expect(escaped(code)).toBe(code);
    expect(escaped('\u0080')).toBe(String.raw`\u0080`);
  });

  it('is made of each file of code, and of no other', () => {
    const bundle = {
      'a.cjs': { type: 'chunk', code: '"é"' },
      'b.txt': { type: 'asset', code: '"é"', source: 'é' },
    };
    ascii.generateBundle({}, bundle);
    expect(bundle['a.cjs'].code).toBe(String.raw`"\u00e9"`);
    expect(bundle['b.txt']).toEqual({ type: 'asset', code: '"é"', source: 'é' });
  });
});
