/** One command of the fleet's program: what people type, and what does it. Types alone. */
export interface OptionSpec {
  /** In help: `N`, `FILE`. Left out: a flag. */
  readonly value?: string;
  /** For completion: what the value can be. */
  readonly choices?: readonly string[];
  readonly doc: string;
  /** It may be given several times, each with a value of its own. */
  readonly isList?: true;
}

export interface CommandSpec {
  /** One or two words. */
  readonly name: string;
  /** In capitals, in order; all of them are needed, but for those in brackets. */
  readonly words: readonly string[];
  /** For completion: what the first word can be. */
  readonly choices?: readonly string[];
  /** One line, without a dot. */
  readonly summary: string;
  /** Long names, without dashes. */
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Below the options in the help of the command. */
  readonly notes?: readonly string[];
  /** Resolves with the exit code. Rejects with UsageError, ConfigError or another error with a text for people. */
  readonly run: (given: Given) => Promise<number>;
}

export interface Given {
  readonly words: readonly string[];
  readonly values: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
  /** Of options that may be given several times: all values, in order. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
}
