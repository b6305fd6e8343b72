/**
 * What a row of the table of commands says. Parsing, help, completion, manual pages and docs/commands.md are made of
 * it. Types, and the few options that many commands have.
 */
import type { ExitName } from '../exit-codes.ts';

export interface OptionSpec {
  /** A phrase without a full stop. */
  readonly help: string;
  /** What help calls the value: `TIME`. Left out: the option is a flag, or has `choices`. */
  readonly value?: string;
  /** The only values. */
  readonly choices?: readonly string[];
  /** From the text of the value; throws UsageError. */
  readonly parse?: (text: string) => unknown;
  /** May be given several times. */
  readonly many?: true;
  readonly required?: true;
  /** An option without which this one means nothing. */
  readonly goesWith?: string;
  /** An option that says the same in another way. */
  readonly excludes?: string;
  /** One letter. */
  readonly short?: string;
}

export interface ArgumentSpec {
  /** Its key in the command, and in capitals its name in help. */
  readonly name: string;
  readonly help: string;
  readonly choices?: readonly string[];
  readonly optional?: true;
  /** All words that are left, after `--` too. Only the last argument. */
  readonly rest?: true;
}

export interface CommandSpec {
  /** A phrase without a full stop, in the imperative. */
  readonly help: string;
  /** Paragraphs of plain text for `--help` and the manual; a code span is written `like this`. */
  readonly about?: readonly string[];
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: Readonly<Record<string, OptionSpec>>;
  /** `root`: nobody else may. `polkit`: root, and whom polkit lets. Left out: everybody. */
  readonly needs?: 'root' | 'polkit';
  /** Besides `ok`, `failure` and `usage`, which every command has. */
  readonly exits?: readonly ExitName[];
  /** Words that are Zincati's own for tools; help does not list them. */
  readonly isHidden?: true;
}

export type CommandGroup = Readonly<Record<string, CommandSpec>>;

/** Of every command that prints something. */
export const JSON_OPTION = {
  json: { help: 'print JSON, for programs' },
} as const satisfies CommandSpec['options'];
