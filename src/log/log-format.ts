/**
 * The forms of the log that an operator can choose. Pure, and apart so that a command line costs no logging library.
 */

/** `auto`: the journal's where standard error leads to the journal, text otherwise. */
export const LOG_FORMATS = ['auto', 'journal', 'text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];
