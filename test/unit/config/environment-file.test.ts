/**
 * Tests the parser by examples and properties; test/integration/environment-file.test.ts compares it with systemd's.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseEnvironmentFile } from '../../../src/config/environment-file.ts';

const parsed = (text: string): Record<string, string> => Object.fromEntries(parseEnvironmentFile(text));

describe('an environment file', () => {
  it.each<[string, string, Record<string, string>]>([
    ['as Afterburn writes it', 'A=eu-west-1a\nB_2=10.0.0.1\n', { A: 'eu-west-1a', B_2: '10.0.0.1' }],
    ['with Windows line ends', 'A=b\r\nC=d\r\n', { A: 'b', C: 'd' }],
    ['without an end to its last line', 'A=b', { A: 'b' }],
    ['with blanks around everything', '  A = b c \t\n', { A: 'b c' }],
    ['with comments and empty lines', '# A=1\n\n ; B=2\nC=3 # no comment\n', { C: '3 # no comment' }],
    ['with a comment that ends in a backslash', '# x\\\nA=1\n', { A: '1' }],
    ['with a comment that ends as on old machines', '# x\rA=1\r', { A: '1' }],
    ['with lines that say nothing', 'A\nB=1\n', { B: '1' }],
    ['with names no variable can have', '1A=1\nA-B=2\nexport C=3\n=4\nD=5\n', { D: '5' }],
    ['with a name twice', 'A=1\nA=2\n', { A: '2' }],
    ['with a value that is empty', 'A=\nB=""\n', { A: '', B: '' }],
    ['with double quotes', 'A="b # c  "\n', { A: 'b # c  ' }],
    ['with single quotes', 'A=\'b "c" \\ \'\n', { A: 'b "c" \\ ' }],
    ['with quotes over several lines', 'A="b\nc"\nD=e\n', { A: 'b\nc', D: 'e' }],
    ['with quotes side by side', 'A="b"\'c\' d\n', { A: 'bcd' }],
    ['with single quotes before double ones', 'A=\'b\'"c"\n', { A: 'bc' }],
    ['with a comment that opens a quote', '# A="b\nC=1\n', { C: '1' }],
    ['with blanks before the sign', 'A \t =b\n', { A: 'b' }],
    ['with quotes inside of a word', 'A=b"c"\n', { A: 'b"c"' }],
    ['with quotes that never close', 'A=1\nB="c\nD=e\n', { A: '1', B: 'c\nD=e\n' }],
    ['with escapes in double quotes', 'A="\\"\\$\\`\\\\\\n"\n', { A: '"$`\\\\n' }],
    ['with escapes outside of quotes', 'A=\\"b\\n \\ \n', { A: '"bn  ' }],
    ['with lines that go on', 'A=b\\\nc\nD="e\\\nf"\n', { A: 'bc', D: 'ef' }],
    ['with templates, which are none here', 'A=${B}$C\n', { A: '${B}$C' }],
    ['with names of objects', '__proto__=1\nconstructor=2\n', { ['__proto__']: '1', constructor: '2' }],
  ])('%s', (_what, text, expected) => {
    expect(parsed(text)).toEqual(expected);
  });

  it('gives back whatever was written in quotes, whatever surrounds it', () => {
    const value = fc.string({ unit: 'binary', maxLength: 30 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(value, value, (first, second) => {
        const quoted = first.replaceAll(/["\\`$]/g, '\\$&');
        const single = second.replaceAll("'", '');
        const file = `# ${single.replaceAll(/[\n\r]/g, '')}\nA="${quoted}"\nB='${single}'\n`;
        expect(parsed(file)).toEqual({ A: first, B: single });
      }),
    );
  });

  it('is read to its end, whatever it is', () => {
    const text = fc.array(fc.constantFrom(...Array.from('aA=#;"\'\\\n\r \t$`1_')), { maxLength: 60 });
    fc.assert(
      fc.property(text, (letters) => {
        const before = letters.join('');
        for (const [name, value] of parseEnvironmentFile(before)) {
          expect(name).toMatch(/^[A-Za-z_]\w*$/);
          expect(value.length).toBeLessThan(before.length);
        }
      }),
    );
  });
});
