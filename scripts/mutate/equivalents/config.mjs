// Changes in src/config that no test can notice.
export const equivalents = [
  {
    file: 'src/config/environment-file.ts',
    was: "const [, key = '', equals = ''] = take(KEY) ?? [];",
    becomes: "const [, key = '', equals = ''] = take(KEY) ?? [\"Stryker was here\"];",
    why: 'the first element is left out',
  },
  {
    file: 'src/config/environment-file.ts',
    was: 'if (take(COMMENT) !== null) { continue; }',
    becomes: 'if (take(COMMENT) !== null) {}',
    why: 'a comment ends where its line ends, and no key begins there',
  },
  {
    file: 'src/config/environment-file.ts',
    was: "value += single?.[1] ?? unescapeQuoted(double?.[1] ?? '');",
    becomes: "value += single?.[1] ?? unescapeQuoted(double[1] ?? '');",
    why: 'one of the two was found; the question is for the compiler',
  },
  {
    file: 'src/config/environment-file.ts',
    was: "value += unescapeBare(take(BARE)?.[1] ?? '');",
    becomes: "value += unescapeBare(take(BARE)[1] ?? '');",
    why: 'the pattern matches nothing as well, so it always matches; the question is for the compiler',
  },
  {
    file: 'src/config/environment-file.ts',
    was: 'const letters = text.match(/\\\\[^]|\\\\$|[^\\\\]/g) ?? [];',
    becomes: 'const letters = text.match(/\\\\[^]|\\\\|[^\\\\]/g) ?? [];',
    why: 'a backslash with nothing behind it is the last letter',
  },
  {
    file: 'src/config/environment-file.ts',
    was: "while (length > 0 && /^[ \\t]$/.test(letters[length - 1] ?? '')) {",
    becomes: "while (true && /^[ \\t]$/.test(letters[length - 1] ?? '')) {",
    why: 'there is no letter before the first, and no letter is no blank',
  },
  {
    file: 'src/config/environment-file.ts',
    was: "while (length > 0 && /^[ \\t]$/.test(letters[length - 1] ?? '')) {",
    becomes: "while (length >= 0 && /^[ \\t]$/.test(letters[length - 1] ?? '')) {",
    why: 'there is no letter before the first, and no letter is no blank',
  },
  {
    file: 'src/config/environment-file.ts',
    was: "while (length > 0 && /^[ \\t]$/.test(letters[length - 1] ?? '')) {",
    becomes: "while (length > 0 && /^[ \\t]/.test(letters[length - 1] ?? '')) {",
    why: 'only an escape has two letters, and it begins with a backslash',
  },
  {
    file: 'src/config/fragment.ts',
    was: 'if (value !== undefined) {',
    becomes: 'if (true) {',
    why: 'a key that was accepted has a value; the question is for the compiler',
  },
  {
    file: 'src/config/freezes.ts',
    was: 'if (!(value instanceof TomlDate)) {',
    becomes: 'if (false) {',
    why: 'nothing else has a text in the form of a date, so it is refused further down',
  },
  {
    file: 'src/config/freezes.ts',
    was: 'if (!(value instanceof TomlDate)) { return at.refuse(EXPECTED, value); }',
    becomes: 'if (!(value instanceof TomlDate)) {}',
    why: 'nothing else has a text in the form of a date, so it is refused further down',
  },
  {
    file: 'src/config/shown-settings.ts',
    was: "const isHidden = ADDRESS_KEY.test(key) && typeof value === 'string' && value !== '';",
    becomes: "const isHidden = ADDRESS_KEY.test(key) && true && value !== '';",
    why: 'an address that was accepted is a text; the question is for the compiler',
  },
  {
    file: 'src/config/shown-settings.ts',
    was: "return Array.isArray(value) && value.every((entry) => typeof entry === 'string');",
    becomes: 'return Array.isArray(value) && value.every((entry) => true);',
    why: 'no default is a list of anything else; the question is for the compiler',
  },
  {
    file: 'src/config/attribute-template.ts',
    was: "fillIn(value, () => 'x'),",
    becomes: 'fillIn(value, () => undefined),',
    why: 'it stands for one letter or for the word undefined, and no text is bounded by its length',
  },
];
