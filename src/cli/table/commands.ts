/**
 * The table of commands: every word of the command line that the program knows.
 *
 * Invariant: parsing, help, completion, manual pages and docs/commands.md are made of this table alone.
 */
import { ACTING_COMMANDS } from './acting-commands.ts';
import type { ArgumentSpec, CommandSpec, OptionSpec } from './command-spec.ts';
import { CONFIG_COMMANDS } from './config-commands.ts';
import { HELPING_COMMANDS } from './helping-commands.ts';
import { HISTORY_COMMANDS } from './history-commands.ts';
import { LOOKING_COMMANDS } from './looking-commands.ts';
import { PROGRAM_COMMANDS } from './program-commands.ts';
import { SUPPORT_COMMANDS } from './support-commands.ts';
import { ZINCATI_COMMANDS } from './zincati-commands.ts';

/** By their words, in the order in which help lists them. */
export const COMMANDS = {
  ...LOOKING_COMMANDS,
  ...HISTORY_COMMANDS,
  ...ACTING_COMMANDS,
  ...CONFIG_COMMANDS,
  ...PROGRAM_COMMANDS,
  ...SUPPORT_COMMANDS,
  ...HELPING_COMMANDS,
  ...ZINCATI_COMMANDS,
} as const;

type Table = typeof COMMANDS;
export type CommandName = keyof Table;
export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];

/** The row of a command, in its general form. */
export function specOf(name: CommandName): CommandSpec {
  return COMMANDS[name];
}

/** `ignore-rollout` as a key: `ignoreRollout`. */
type Key<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Key<Tail>>}`
  : Name;

type Value<Spec extends OptionSpec, One> = Spec extends { readonly many: true }
  ? readonly One[]
  : Spec extends { readonly required: true }
    ? One
    : One | undefined;

type OptionValue<Spec extends OptionSpec> = Spec extends { readonly parse: (text: string) => infer Parsed }
  ? Value<Spec, Parsed>
  : Spec extends { readonly choices: readonly (infer Choice)[] }
    ? Value<Spec, Choice>
    : Spec extends { readonly value: string }
      ? Value<Spec, string>
      : boolean;

type ArgumentValue<Spec extends ArgumentSpec> = Spec extends { readonly rest: true }
  ? readonly string[]
  : Spec extends { readonly choices: readonly (infer Choice)[] }
    ? Choice
    : Spec extends { readonly optional: true }
      ? string | undefined
      : string;

type OptionsOf<Row> = Row extends {
  readonly options: infer Options extends Readonly<Record<string, OptionSpec>>;
}
  ? { readonly [Name in keyof Options & string as Key<Name>]: OptionValue<Options[Name]> }
  : unknown;

type ArgumentsOf<Row> = Row extends { readonly arguments: readonly (infer Argument extends ArgumentSpec)[] }
  ? { readonly [One in Argument as One['name']]: ArgumentValue<One> }
  : unknown;

/** What the command line says besides the common options: `{ command: 'hold', until: '18:00', ... }`. */
export type Words<Name extends CommandName> = Name extends CommandName
  ? { readonly command: Name } & OptionsOf<Table[Name]> & ArgumentsOf<Table[Name]>
  : never;

/** The key of an option in a command. */
export function keyOf(option: string): string {
  return option.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
