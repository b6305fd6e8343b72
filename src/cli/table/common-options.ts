/** The options that every command has. */
import { LOG_FORMATS } from '../../log/log-format.ts';
import type { OptionSpec } from './command-spec.ts';

export const COMMON_OPTIONS = {
  verbose: { short: 'v', many: true, help: 'say more: -v info, -vv debug, -vvv trace' },
  'log-format': { choices: LOG_FORMATS, help: 'form of the log; auto, if it is not given' },
  root: { value: 'DIRECTORY', help: 'prefix of every path that is read or written; /, if it is not given' },
  help: { short: 'h', help: 'explain the command' },
  version: { short: 'V', help: 'print the version' },
} as const satisfies Readonly<Record<string, OptionSpec>>;
