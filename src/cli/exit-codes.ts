/** Exit codes of the program; docs/errors.md explains them. */
export const EXIT = {
  ok: 0,
  /** Something went wrong; the last line on standard error says what. */
  failure: 1,
  /** The command line cannot be understood. */
  usage: 2,
  /** There was nothing to do, or nothing to show. */
  nothing: 3,
  /** A gate, a hold or the state of the agent does not allow it; what blocks is printed. */
  blocked: 4,
  /** The agent is needed, and cannot be reached. */
  noAgent: 5,
  /** The caller may not do it; the command that may is printed. */
  notPermitted: 6,
  /** What was waited for did not come in time. */
  gaveUp: 7,
  /** Of `status --exit-code`: health is DEGRADED. */
  degraded: 10,
  /** Of `status --exit-code`: health is STUCK. */
  stuck: 11,
  /** Configuration or identity cannot be used: a restart would not help (sysexits' EX_CONFIG). */
  config: 78,
} as const;

export type ExitName = keyof typeof EXIT;
