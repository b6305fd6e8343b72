/** The command line of the fleet's program: words in, a command with what was given out. Pure. */
import { UsageError } from '../src/cli/usage-error.ts';
import { nearestKey } from '../src/config/nearest-key.ts';
import { printable } from '../src/errors.ts';
import type { CommandSpec, Given } from './command-spec.ts';

export const PROGRAM = 'zincati-fleet';

export type Parsed =
  | { readonly kind: 'run'; readonly command: CommandSpec; readonly given: Given }
  /** Of one command, of all that begin with the word `group`, or of all. */
  | { readonly kind: 'help'; readonly command?: CommandSpec; readonly group?: string }
  | { readonly kind: 'version' };

/** `args`: without Node and the program. Throws UsageError. */
export function parseCommandLine(args: readonly string[], commands: readonly CommandSpec[]): Parsed {
  const [first] = args;
  if (first === '--version' || first === 'version') {
    return { kind: 'version' };
  }
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    return helpFor(args.slice(1), commands);
  }
  const command = commandIn(args, commands);
  if (command === undefined) {
    if (args.length === 2 && (args[1] === '--help' || args[1] === '-h')) {
      return helpFor([first], commands);
    }
    throw unknownCommand(args, commands);
  }
  const rest = args.slice(command.name.split(' ').length);
  const beforeWords = rest.slice(0, rest.includes('--') ? rest.indexOf('--') : undefined);
  if (beforeWords.includes('--help') || beforeWords.includes('-h')) {
    return helpFor(command.name.split(' '), commands);
  }
  return { kind: 'run', command, given: givenOf(rest, command) };
}

/** `asked`: words of a command, or the first word of several. Throws UsageError for any other. */
function helpFor(asked: readonly string[], commands: readonly CommandSpec[]): Parsed {
  const [first] = asked;
  if (first === undefined) {
    return { kind: 'help' };
  }
  const command = commandIn(asked, commands);
  const group = asked.length === 1 && below(first, commands).length > 0 ? { group: first } : {};
  if (command === undefined && group.group === undefined) {
    throw unknownCommand(asked, commands);
  }
  return { kind: 'help', ...(command !== undefined && { command }), ...group };
}

/** Those that begin with that word, and have another one. */
export function below(group: string, commands: readonly CommandSpec[]): readonly CommandSpec[] {
  return commands.filter(({ name }) => name.startsWith(`${group} `));
}

function commandIn(args: readonly string[], commands: readonly CommandSpec[]): CommandSpec | undefined {
  const begins = ({ name }: CommandSpec): boolean =>
    name.split(' ').every((word, index) => args[index] === word);
  // The longer name first: one command may begin as another one.
  return commands.toSorted((a, b) => b.name.length - a.name.length).find(begins);
}

function unknownCommand(args: readonly string[], commands: readonly CommandSpec[]): UsageError {
  const [first = ''] = args;
  const names = commands.map(({ name }) => name);
  const after = below(first, commands).map(({ name }) => name.slice(first.length + 1));
  if (after.length > 0) {
    const got = args[1] === undefined ? '' : `, got ${quoted(args[1])}`;
    return new UsageError(`${first} must be followed by ${listed(after)}${got}`);
  }
  const nearest = nearestKey(first, [...new Set(names.map((name) => name.split(' ')[0] ?? name))]);
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return new UsageError(`${quoted(first)} is no command${hint}`);
}

function givenOf(args: readonly string[], command: CommandSpec): Given {
  const words: string[] = [];
  const values = new Map<string, string>();
  const flags = new Set<string>();
  const lists = new Map<string, string[]>();
  let areOptions = true;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (areOptions && arg === '--') {
      areOptions = false;
    } else if (!areOptions || !arg.startsWith('-') || arg === '-') {
      words.push(arg);
    } else {
      index += readOption(arg, args[index + 1], command, { values, flags, lists });
    }
  }
  checkWords(words, command);
  return { words, values, flags, lists };
}

/** How many of the arguments after it belong to the option. */
function readOption(
  arg: string,
  next: string | undefined,
  { name: of, options }: CommandSpec,
  {
    values,
    flags,
    lists,
  }: {
    readonly values: Map<string, string>;
    readonly flags: Set<string>;
    readonly lists: Map<string, string[]>;
  },
): 0 | 1 {
  const equals = arg.indexOf('=');
  const name = (equals < 0 ? arg : arg.slice(0, equals)).replace(/^--/, '');
  const inline = equals < 0 ? undefined : arg.slice(equals + 1);
  const spec = arg.startsWith('--') && Object.hasOwn(options, name) ? options[name] : undefined;
  if (spec === undefined) {
    const nearest = nearestKey(name, Object.keys(options));
    const hint = nearest === undefined ? '' : `; did you mean --${nearest}?`;
    throw new UsageError(`${of} has no option ${quoted(arg)}${hint}`);
  }
  if (values.has(name) || flags.has(name)) {
    throw new UsageError(`--${name} must be given once`);
  }
  if (spec.value === undefined) {
    if (inline !== undefined) {
      throw new UsageError(`--${name} takes no value, got ${quoted(inline)}`);
    }
    flags.add(name);
    return 0;
  }
  const value = inline ?? next;
  if (value === undefined || (inline === undefined && value.startsWith('--'))) {
    throw new UsageError(`--${name} must be followed by ${spec.value}: ${spec.doc}`);
  }
  if (spec.isList === true) {
    lists.set(name, [...(lists.get(name) ?? []), value]);
  } else {
    values.set(name, value);
  }
  return inline === undefined ? 1 : 0;
}

function checkWords(words: readonly string[], { name, words: wanted }: CommandSpec): void {
  const needed = wanted.filter((word) => !word.startsWith('['));
  const missing = needed[words.length];
  if (missing !== undefined) {
    throw new UsageError(`${name} must be followed by ${missing}`);
  }
  const extra = words[wanted.length];
  if (extra !== undefined) {
    throw new UsageError(
      `${name} takes ${wanted.length === 0 ? 'no words' : wanted.join(' ')}, got ${quoted(extra)} as well`,
    );
  }
}

function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} or ${last}`;
}

function quoted(text: string): string {
  return printable(JSON.stringify(text.slice(0, 100)));
}
