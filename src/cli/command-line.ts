/** The command line: words in, a command as data out. Pure. */
import type { ParseArgsOptionsConfig } from 'node:util';

import { nearestKey } from '../config/nearest-key.ts';
import { messageOf, printable } from '../errors.ts';
import { LOG_FORMATS, type LogFormat } from '../log/log-format.ts';
import { givenOptions } from './given-options.ts';
import type { ArgumentSpec, CommandSpec, OptionSpec } from './table/command-spec.ts';
import { COMMAND_NAMES, type CommandName, keyOf, specOf, type Words } from './table/commands.ts';
import { COMMON_OPTIONS } from './table/common-options.ts';
import { UsageError } from './usage-error.ts';

export interface Common {
  /** 0 = warnings, 1 = info, 2 = debug, 3 and more = trace. */
  readonly verbosity: number;
  readonly logFormat: LogFormat;
  /** Prefix of every path that is read or written; "/" on a host. */
  readonly root: string;
}

export type CommandOf<Name extends CommandName> = Common & Words<Name>;

type RealName = Exclude<CommandName, 'help'>;
export type Command =
  | { [Name in RealName]: CommandOf<Name> }[RealName]
  /** `of`: left out for all commands. */
  | { readonly command: 'help'; readonly of?: CommandName }
  | { readonly command: 'version' };

type Given = string | boolean | undefined | readonly (string | boolean)[];

/** `args`: without Node and the program. Throws UsageError. */
export function parseCommandLine(args: readonly string[]): Command {
  const { values, words } = split(args);
  if (values['version'] === true) {
    return { command: 'version' };
  }
  const { name, rest } = findCommand(words);
  if (name === 'help' || values['help'] === true) {
    return helpFor(name === 'help' ? rest : words);
  }
  if (name === undefined) {
    throw unknownCommand(words);
  }
  const spec = specOf(name);
  // The table has the types of what it checks, so this is what CommandOf<name> says.
  return {
    command: name,
    ...commonOf(values, name),
    ...optionsOf(values, name, spec),
    ...argumentsOf(rest, name, spec),
  } as unknown as Command;
}

/** Options and words, each wherever it stands. */
function split(args: readonly string[]): {
  readonly values: Readonly<Record<string, Given>>;
  readonly words: readonly string[];
} {
  const options: ParseArgsOptionsConfig = {};
  for (const spec of [COMMON_OPTIONS, ...COMMAND_NAMES.map((name) => specOf(name).options ?? {})]) {
    for (const [name, option] of Object.entries<OptionSpec>(spec)) {
      options[name] = {
        type: isFlag(option) ? 'boolean' : 'string',
        ...(option.short === undefined ? {} : { short: option.short }),
        ...(option.many === undefined ? {} : { multiple: true }),
      };
    }
  }
  const { values, positionals } = givenOptions(
    { args: [...args], allowPositionals: true, options },
    (message) => {
      throw new UsageError(message);
    },
  );
  return { values, words: positionals };
}

/** Whether an option is given without a value. */
export function isFlag(option: OptionSpec): boolean {
  return option.value === undefined && option.choices === undefined;
}

/** The longest row of the table that the words begin with. */
function findCommand(words: readonly string[]): { name?: CommandName; rest: readonly string[] } {
  for (let count = Math.min(words.length, 2); count > 0; count -= 1) {
    const said = words.slice(0, count).join(' ');
    const name = COMMAND_NAMES.find((known) => known === said);
    if (name !== undefined) {
      return { name, rest: words.slice(count) };
    }
  }
  return { rest: words };
}

function helpFor(words: readonly string[]): Command {
  const { name, rest } = findCommand(words);
  if (name === undefined && words.length > 0) {
    throw unknownCommand(words);
  }
  if (name !== undefined && rest.length > 0 && (specOf(name).arguments ?? []).length === 0) {
    throw unknownCommand(words);
  }
  return name === undefined ? { command: 'help' } : { command: 'help', of: name };
}

function unknownCommand(words: readonly string[]): UsageError {
  if (words.length === 0) {
    return new UsageError('a command must be given');
  }
  const said = printable(words.join(' '));
  const below = COMMAND_NAMES.filter((name) => name.startsWith(`${said} `));
  if (below.length > 0) {
    return new UsageError(`the command "${said}" must go on: ${below.join(', ')}`);
  }
  const listed = COMMAND_NAMES.filter((name) => specOf(name).isHidden !== true);
  const near = nearestKey(words.slice(0, 2).join(' '), listed) ?? nearestKey(words[0] ?? '', listed);
  return new UsageError(`unknown command "${said}"${near === undefined ? '' : `; did you mean "${near}"?`}`);
}

function commonOf(values: Readonly<Record<string, Given>>, command: CommandName): Common {
  const format = String(values['log-format'] ?? 'auto');
  const logFormat = LOG_FORMATS.find((known) => known === format);
  if (logFormat === undefined) {
    throw notOneOf('--log-format', format, LOG_FORMATS, command);
  }
  const root = String(values['root'] ?? '/');
  if (!root.startsWith('/')) {
    throw new UsageError(`--root must be an absolute path, got "${printable(root)}"`, command);
  }
  const { verbose } = values;
  return { verbosity: Array.isArray(verbose) ? verbose.length : 0, logFormat, root };
}

function optionsOf(
  values: Readonly<Record<string, Given>>,
  command: CommandName,
  { options = {} }: CommandSpec,
): Record<string, unknown> {
  const stray = Object.keys(values).find((name) => !(name in options) && !(name in COMMON_OPTIONS));
  if (stray !== undefined) {
    throw new UsageError(`--${stray} does not go with the command "${command}"`, command);
  }
  const result: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(options)) {
    const value = values[name];
    checkCompany(name, option, values, command);
    if (option.required === true && value === undefined) {
      const shown = option.value ?? option.choices?.join('|') ?? '';
      throw new UsageError(`the command "${command}" must come with --${name} ${shown}`, command);
    }
    if (isFlag(option)) {
      result[keyOf(name)] = value === true;
    } else if (option.many === true) {
      const all = Array.isArray(value) ? value : [];
      result[keyOf(name)] = all.map((one) => valueOf(name, option, String(one), command));
    } else {
      result[keyOf(name)] = value === undefined ? undefined : valueOf(name, option, String(value), command);
    }
  }
  return result;
}

/** Throws UsageError where an option is given without the one it belongs to, or with one that says the same. */
function checkCompany(
  name: string,
  { goesWith, excludes }: OptionSpec,
  values: Readonly<Record<string, Given>>,
  command: CommandName,
): void {
  if (values[name] === undefined) {
    return;
  }
  if (goesWith !== undefined && values[goesWith] === undefined) {
    throw new UsageError(`--${name} must come with --${goesWith}`, command);
  }
  if (excludes !== undefined && values[excludes] !== undefined) {
    throw new UsageError(`--${name} and --${excludes} do not go together`, command);
  }
}

function valueOf(name: string, option: OptionSpec, text: string, command: CommandName): unknown {
  if (option.choices?.includes(text) === false) {
    throw notOneOf(`--${name}`, text, option.choices, command);
  }
  try {
    return option.parse === undefined ? text : option.parse(text);
  } catch (error) {
    throw new UsageError(`--${name}: ${messageOf(error)}`, command);
  }
}

function argumentsOf(
  words: readonly string[],
  command: CommandName,
  { arguments: specs = [] }: CommandSpec,
): Record<string, unknown> {
  const takesRest = specs.at(-1)?.rest === true;
  if (words.length > specs.length && !takesRest) {
    const said = printable([command, ...words].join(' '));
    throw specs.length === 0
      ? new UsageError(`unknown command "${said}"`, command)
      : new UsageError(`too many words in "${said}"`, command);
  }
  const result: Record<string, unknown> = {};
  for (const [index, argument] of specs.entries()) {
    result[argument.name] =
      argument.rest === true ? words.slice(index) : argumentOf(words[index], argument, command);
    if (argument.rest === true && argument.optional !== true && words.length <= index) {
      throw mustCome(argument, command);
    }
  }
  return result;
}

function argumentOf(
  word: string | undefined,
  argument: ArgumentSpec,
  command: CommandName,
): string | undefined {
  if (word === undefined && argument.optional !== true) {
    throw mustCome(argument, command);
  }
  if (word !== undefined && argument.choices?.includes(word) === false) {
    throw notOneOf(argument.name, word, argument.choices, command);
  }
  return word;
}

function mustCome({ name, choices }: ArgumentSpec, command: CommandName): UsageError {
  const shown = choices?.join('|') ?? name.toUpperCase();
  return new UsageError(`the command "${command}" must come with ${shown}`, command);
}

function notOneOf(what: string, got: string, choices: readonly string[], command: CommandName): UsageError {
  return new UsageError(`${what} must be ${choices.join(', ')}, got "${printable(got)}"`, command);
}
