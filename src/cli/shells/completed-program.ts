/** A program as completion scripts see it, whatever its table of commands looks like. Types alone. */

/** Names of files, or of folders alone. */
export type Paths = 'files' | 'folders';

export interface CompletedOption {
  /** Without dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string | undefined;
  /** It takes no value. */
  readonly isFlag: boolean;
  /** The only values. */
  readonly choices?: readonly string[] | undefined;
  readonly paths?: Paths | undefined;
  readonly help: string;
}

export interface CompletedCommand {
  /** One or two words. */
  readonly name: string;
  readonly help: string;
  /** Offered only when its first word is there. */
  readonly isHidden: boolean;
  readonly options: readonly CompletedOption[];
  /** The only values of its first argument; empty: any. */
  readonly choices: readonly string[];
  /** What its arguments are, where they have no choices. */
  readonly paths?: Paths | undefined;
}

export interface CompletedProgram {
  /** As it is typed. */
  readonly name: string;
  readonly commands: readonly CompletedCommand[];
  /** Options of every command, and of the program itself. */
  readonly common: readonly CompletedOption[];
}
