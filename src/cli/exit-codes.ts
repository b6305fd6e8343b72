/** Exit codes of the program; docs/errors.md explains them. */
export const EXIT = {
  ok: 0,
  /** Something went wrong; the last line on standard error says what. */
  failure: 1,
  /** The command line cannot be understood. */
  usage: 2,
  /** Configuration or identity cannot be used: a restart would not help (sysexits' EX_CONFIG). */
  config: 78,
} as const;
