/** The command line: words in, a command as data out. Pure. The words are Zincati's. */
import { parseArgs } from 'node:util';

import { LOG_FORMATS, type LogFormat } from '../log/log-format.ts';

export interface Common {
  /** 0 = warnings, 1 = info, 2 = debug, 3 and more = trace. */
  readonly verbosity: number;
  readonly logFormat: LogFormat;
  /** Prefix of every path that is read or written; "/" on a host. */
  readonly root: string;
}

export type Command =
  | (Common & { readonly command: 'agent' })
  | (Common & { readonly command: 'deadend-motd set'; readonly reason: string })
  | (Common & { readonly command: 'deadend-motd unset' })
  | (Common & { readonly command: 'ex moo'; readonly talkative: boolean })
  | (Common & { readonly command: 'ex last-refresh-time' })
  | { readonly command: 'help' }
  | { readonly command: 'version' };

export type CommandOf<Name extends Command['command']> = Extract<Command, { readonly command: Name }>;

export const USAGE = `Usage: zincati [OPTIONS] COMMAND

Commands:
  agent   run the update agent

Options:
  -v                    say more: -v info, -vv debug, -vvv trace
  --log-format FORMAT   auto (default), journal, text or json
  --root DIRECTORY      prefix of every path that is read or written (default /)
  -h, --help            this text
  -V, --version         the version
`;

/** The words cannot be understood. The message says which ones and why. */
export class UsageError extends Error {}

/** `args`: without Node and the program. Throws UsageError. */
export function parseCommandLine(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  if (values.help) {
    return { command: 'help' };
  }
  if (values.version) {
    return { command: 'version' };
  }
  const common: Common = {
    verbosity: values.verbose.length,
    logFormat: oneOf(values['log-format']),
    root: values.root,
  };
  if (!common.root.startsWith('/')) {
    throw new UsageError(`--root must be an absolute path, got "${common.root}"`);
  }
  const command = positionals.join(' ');
  const refuse = (option: string, given: boolean): void => {
    if (given) {
      throw new UsageError(`--${option} does not go with the command "${command}"`);
    }
  };
  refuse('reason', values.reason !== undefined && command !== 'deadend-motd set');
  refuse('talkative', values.talkative && command !== 'ex moo');
  switch (command) {
    case 'agent':
    case 'deadend-motd unset':
    case 'ex last-refresh-time':
      return { ...common, command };
    case 'ex moo':
      return { ...common, command, talkative: values.talkative };
    case 'deadend-motd set':
      if (values.reason === undefined) {
        throw new UsageError('the command "deadend-motd set" must come with --reason TEXT');
      }
      return { ...common, command, reason: values.reason };
    case 'help':
      return { command: 'help' };
    case '':
      throw new UsageError('a command must be given');
    default:
      throw new UsageError(`unknown command "${command}"`);
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        verbose: { type: 'boolean', short: 'v', multiple: true, default: [] },
        'log-format': { type: 'string', default: 'auto' },
        root: { type: 'string', default: '/' },
        reason: { type: 'string' },
        talkative: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', short: 'V', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function oneOf(text: string): LogFormat {
  const format = LOG_FORMATS.find((known) => known === text);
  if (format === undefined) {
    throw new UsageError(`--log-format must be ${LOG_FORMATS.join(', ')}, got "${text}"`);
  }
  return format;
}
