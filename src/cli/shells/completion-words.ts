/** What a completion script knows, whatever the shell: from the table of commands. Pure. */
import { isFlag } from '../command-line.ts';
import type { OptionSpec } from '../table/command-spec.ts';
import { COMMAND_NAMES, type CommandName, specOf } from '../table/commands.ts';
import { COMMON_OPTIONS } from '../table/common-options.ts';

export const optionsOf = (name: CommandName): readonly (readonly [string, OptionSpec])[] =>
  Object.entries<OptionSpec>({ ...specOf(name).options, ...COMMON_OPTIONS });

/** `--until`, `-n` and so on: the options that take the next word. */
export function valueOptions(): readonly string[] {
  const all = new Set<string>();
  for (const name of COMMAND_NAMES) {
    for (const [option, spec] of optionsOf(name)) {
      if (!isFlag(spec)) {
        all.add(`--${option}`);
        if (spec.short !== undefined) {
          all.add(`-${spec.short}`);
        }
      }
    }
  }
  return [...all].sort();
}

/** What can follow these words: the next word of a command, with its help. `said`: "" or the first word. */
export function nextWords(said: string): readonly (readonly [string, string])[] {
  const found = new Map<string, string>();
  for (const name of COMMAND_NAMES) {
    const spec = specOf(name);
    const rest = said === '' ? name : name.startsWith(`${said} `) ? name.slice(said.length + 1) : '';
    const [word = '', ...more] = rest.split(' ');
    if (word !== '' && !(said === '' && spec.isHidden === true) && !found.has(word)) {
      found.set(word, more.length === 0 ? spec.help : helpOfGroup(word));
    }
  }
  return [...found];
}

/** A first word with several commands behind it. */
function helpOfGroup(word: string): string {
  const below = COMMAND_NAMES.filter((name) => name.startsWith(`${word} `));
  return below.map((name) => name.slice(word.length + 1)).join(', ');
}

/** First words with more behind them. */
export function groups(): readonly string[] {
  return [
    ...new Set(COMMAND_NAMES.filter((name) => name.includes(' ')).map((name) => name.split(' ')[0] ?? '')),
  ];
}

/** Choices of the first argument: `bash zsh fish`, or the commands for `help`. */
export function argumentChoices(name: CommandName): readonly string[] {
  const [first] = specOf(name).arguments ?? [];
  return name === 'help' ? nextWords('').map(([word]) => word) : (first?.choices ?? []);
}

/** Each command with a word and the choices of its value; `undefined`: a folder for --root, nothing otherwise. */
export function valueCases(): readonly {
  readonly name: CommandName;
  readonly option: string;
  readonly spec: OptionSpec;
}[] {
  return COMMAND_NAMES.flatMap((name) =>
    Object.entries(specOf(name).options ?? {})
      .filter(([, spec]) => !isFlag(spec))
      .map(([option, spec]) => ({ name, option, spec })),
  );
}

export const GENERATED = 'Made from the table of commands; `zincati completion` prints it.';

/** For a shell; help texts may have apostrophes. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
