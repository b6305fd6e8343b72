/** The texts of `zincati help` and `zincati help COMMAND`, from the table of commands. Pure. */
import { isFlag } from './command-line.ts';
import { EXIT, type ExitName } from './exit-codes.ts';
import type { ArgumentSpec, CommandSpec, OptionSpec } from './table/command-spec.ts';
import { COMMAND_NAMES, type CommandName, specOf } from './table/commands.ts';
import { COMMON_OPTIONS } from './table/common-options.ts';
import type { UsageError } from './usage-error.ts';

const PROGRAM = 'zincati';
/** Every command may end with these. */
const ALWAYS: readonly ExitName[] = ['ok', 'failure', 'usage'];

/** What each exit code says of a command. */
export const EXIT_HELP: Readonly<Record<ExitName, string>> = {
  ok: 'done',
  failure: 'failed',
  usage: 'the command line cannot be understood',
  nothing: 'nothing to do',
  blocked: 'not allowed now; what blocks is printed',
  noAgent: 'the agent is needed, and cannot be reached',
  notPermitted: 'not permitted; the command that is permitted is printed',
  gaveUp: 'gave up waiting',
  degraded: 'updates are DEGRADED',
  stuck: 'updates are STUCK',
  config: 'the configuration cannot be used',
};

/** Exit codes of a command, in order. */
export function exitsOf(spec: CommandSpec): readonly ExitName[] {
  return [...ALWAYS, ...(spec.exits ?? [])];
}

/** `RELEASE`, `[ID]`, `bash|zsh|fish`, `CMD...`. */
export function shownArgument({ name, choices, optional, rest }: ArgumentSpec): string {
  const shown = choices?.join('|') ?? name.toUpperCase();
  const many = rest === true ? `${shown}...` : shown;
  return optional === true ? `[${many}]` : many;
}

/** `--until TIME`, `--what reboot|stage`, `--json`. A long list of choices is one word. */
export function shownOption(name: string, option: OptionSpec): string {
  const flag = `--${name}`;
  return isFlag(option) ? flag : `${flag} ${shownValue(name, option)}`;
}

export function shownValue(name: string, { value, choices = [] }: OptionSpec): string {
  return (
    value ?? (choices.length > MOST_SHOWN ? (SHORT_NAMES[name] ?? name.toUpperCase()) : choices.join('|'))
  );
}

/** A longer list of choices is told below the options. */
const MOST_SHOWN = 4;
const SHORT_NAMES: Readonly<Record<string, string>> = { override: 'GATE' };

/** `zincati deny [--reason TEXT] [--json] RELEASE`. */
export function usageOf(name: CommandName): string {
  const { options = {}, arguments: args = [] } = specOf(name);
  const shown = Object.entries(options).map(([option, spec]) => {
    const one = shownOption(option, spec);
    return spec.required === true ? one : `[${one}]${spec.many === true ? '...' : ''}`;
  });
  return [PROGRAM, name, ...shown, ...args.map(shownArgument)].join(' ');
}

/** For `zincati help`. */
export function overview(): string {
  const listed = COMMAND_NAMES.filter((name) => specOf(name).isHidden !== true);
  return [
    `Usage: ${PROGRAM} [OPTIONS] COMMAND`,
    '',
    'Commands:',
    ...table(listed.map((name) => [name, specOf(name).help])),
    '',
    'Options of every command:',
    ...table(optionRows(COMMON_OPTIONS)),
    '',
    `\`${PROGRAM} help COMMAND\` says more about one.`,
    '',
  ].join('\n');
}

/** For `zincati help COMMAND`. */
export function helpOf(name: CommandName): string {
  const spec = specOf(name);
  const { about = [], arguments: args = [], options = {} } = spec;
  const paragraphs = [sentence(spec.help), ...about, ...needs(spec)];
  const lists: readonly (readonly string[])[] = Object.entries(options)
    .filter(([, { choices = [] }]) => choices.length > MOST_SHOWN)
    .map(([option, { choices = [] }]) => [
      `${shownValue(option, { help: '', choices })}: ${choices.join(', ')}`,
    ]);
  return [
    `Usage: ${usageOf(name)}`,
    '',
    ...paragraphs.flatMap((text) => [text, '']),
    ...section(
      'Arguments',
      args.map((one) => [one.name.toUpperCase(), one.help]),
    ),
    ...section('Options', optionRows(options)),
    ...lists.flatMap((lines) => [...lines, '']),
    ...section(
      'Exit codes',
      exitsOf(spec).map((exit) => [String(EXIT[exit]), EXIT_HELP[exit]]),
    ),
  ].join('\n');
}

/** What a command says about who may use it. */
export function needs({ needs: who }: CommandSpec): readonly string[] {
  if (who === undefined) {
    return [];
  }
  return [who === 'root' ? 'Only root may do this.' : 'Root may do this, and whom polkit allows it.'];
}

/** What follows the message of an error: how the command is used, and where more is said. */
export function usageAfter({ command }: UsageError): string {
  const name = COMMAND_NAMES.find((known) => known === command);
  return name === undefined
    ? `\`${PROGRAM} help\` lists the commands.\n`
    : `Usage: ${usageOf(name)}\n\`${PROGRAM} help ${name}\` says more.\n`;
}

export function sentence(help: string): string {
  return `${help.slice(0, 1).toUpperCase()}${help.slice(1)}.`;
}

function section(title: string, rows: readonly (readonly [string, string])[]): readonly string[] {
  return rows.length === 0 ? [] : [`${title}:`, ...table(rows), ''];
}

function optionRows(options: Readonly<Record<string, OptionSpec>>): readonly (readonly [string, string])[] {
  return Object.entries(options).map(([name, option]) => {
    const short = option.short === undefined ? '' : `-${option.short}, `;
    return [`${short}${shownOption(name, option)}`, option.help];
  });
}

function table(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.min(28, Math.max(0, ...rows.map(([left]) => left.length)));
  return rows.map(([left, right]) =>
    left.length > width ? `  ${left}\n  ${' '.repeat(width)}  ${right}` : `  ${left.padEnd(width)}  ${right}`,
  );
}
