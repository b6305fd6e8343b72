/**
 * Limits for what a test starts. No test is about them: they only tell a program that hangs from one that a busy
 * machine runs slowly.
 */

/** For a program that takes seconds on a quiet machine. A test may take longer, so the failure names the program. */
export const PROGRAM_LIMIT_MS = 100_000;
