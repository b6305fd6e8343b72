/** What a command line gives, with each mistake told in the words of this project instead of Node's. Pure. */
import { parseArgs, type ParseArgsConfig, type ParseArgsOptionsConfig } from 'node:util';

import { nearestKey } from '../config/nearest-key.ts';
import { printable } from '../errors.ts';

type Given<Config extends ParseArgsConfig> = ReturnType<typeof parseArgs<Config>>;

/** Options and words. `refuse` throws an error with the message: which option, what was expected, what was given. */
export function givenOptions<const Config extends ParseArgsConfig>(
  config: Config,
  refuse: (message: string) => never,
): Given<Config> {
  const mistake = mistakeIn(config);
  return mistake === undefined ? parseArgs(config) : refuse(mistake);
}

function mistakeIn({
  args = [],
  options = {},
  allowPositionals = false,
}: ParseArgsConfig): string | undefined {
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === 'positional' && !allowPositionals) {
      return `there must be nothing but options, got "${printable(token.value)}"`;
    }
    if (token.kind !== 'option') {
      continue;
    }
    const { name, rawName, value, inlineValue } = token;
    const spec = Object.hasOwn(options, name) ? options[name] : undefined;
    if (spec === undefined) {
      return unknownOption(rawName, options);
    }
    if (spec.type === 'boolean') {
      if (value !== undefined) {
        return `${rawName} takes no value, got "${printable(value)}"`;
      }
    } else if (value === undefined || (!inlineValue && looksLikeOption(value))) {
      return missingValue(rawName, value);
    }
  }
  return undefined;
}

function unknownOption(said: string, options: ParseArgsOptionsConfig): string {
  const near = said.startsWith('--') ? nearestKey(said.slice(2), Object.keys(options)) : undefined;
  return `unknown option "${printable(said)}"${near === undefined ? '' : `; did you mean --${near}?`}`;
}

function missingValue(said: string, next: string | undefined): string {
  const spelled = said.startsWith('--') ? `${said}=` : said;
  return next === undefined
    ? `${said} must have a value`
    : `${said} must have a value, got "${printable(next)}"; a value that begins with "-" is written as ${spelled}${printable(next)}`;
}

function looksLikeOption(text: string): boolean {
  return text.length > 1 && text.startsWith('-');
}
