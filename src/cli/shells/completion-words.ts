/** What a completion script knows, whatever the shell: from the commands of a program. Pure. */
import type { CompletedCommand, CompletedOption, CompletedProgram, Paths } from './completed-program.ts';

export const optionsOf = (
  { common }: CompletedProgram,
  { options }: CompletedCommand,
): readonly CompletedOption[] => [...options, ...common];

/** `--until`, `-n` and so on: the options that take the next word. */
export function valueOptions(program: CompletedProgram): readonly string[] {
  const all = [...program.commands.flatMap(({ options }) => options), ...program.common]
    .filter(({ isFlag }) => !isFlag)
    .flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]);
  return [...new Set(all)].sort();
}

/** What can follow these words: the next word of a command, with its help. `said`: "" or the first word. */
export function nextWords(
  { commands }: CompletedProgram,
  said: string,
): readonly (readonly [string, string])[] {
  const found = new Map<string, string>();
  for (const { name, help, isHidden } of commands) {
    const rest = said === '' ? name : name.startsWith(`${said} `) ? name.slice(said.length + 1) : '';
    const [word = '', ...more] = rest.split(' ');
    if (word !== '' && !(said === '' && isHidden) && !found.has(word)) {
      found.set(word, more.length === 0 ? help : helpOfGroup(commands, word));
    }
  }
  return [...found];
}

/** A first word with several commands behind it. */
function helpOfGroup(commands: readonly CompletedCommand[], word: string): string {
  const below = commands.filter(({ name }) => name.startsWith(`${word} `));
  return below.map(({ name }) => name.slice(word.length + 1)).join(', ');
}

/** First words with more behind them. */
export function groups({ commands }: CompletedProgram): readonly string[] {
  const first = commands.filter(({ name }) => name.includes(' ')).map(({ name }) => name.split(' ')[0] ?? '');
  return [...new Set(first)];
}

/** Those whose first argument has choices. */
export function withChoices({ commands }: CompletedProgram): readonly CompletedCommand[] {
  return commands.filter(({ choices }) => choices.length > 0);
}

/** The longest first: one command may begin as another one. */
export function longestFirst({ commands }: CompletedProgram): readonly CompletedCommand[] {
  return commands.toSorted((x, y) => y.name.length - x.name.length);
}

/** Each command with an option of its own that takes a value. */
export function valueCases({ commands }: CompletedProgram): readonly {
  readonly command: string;
  readonly option: CompletedOption;
}[] {
  return commands.flatMap(({ name, options }) =>
    options.filter(({ isFlag }) => !isFlag).map((option) => ({ command: name, option })),
  );
}

/** Options of every command whose values are known: choices or paths. */
export function commonCases({ common }: CompletedProgram): readonly CompletedOption[] {
  return common.filter(({ choices, paths }) => choices !== undefined || paths !== undefined);
}

/** Names of the commands whose arguments are such paths. */
export function takingPaths({ commands }: CompletedProgram, wanted: Paths): readonly string[] {
  return commands.filter(({ paths }) => paths === wanted).map(({ name }) => name);
}

export const generated = (program: CompletedProgram): string =>
  `Made from the table of commands; \`${program.name} completion\` prints it.`;

/** For a shell; help texts may have apostrophes. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
