/**
 * What the programs for developers have in common: options in, exit code out, usage on request. A mistake is one sentence,
 * and where the usage is.
 */

import type { parseArgs, ParseArgsConfig } from 'node:util';

import { givenOptions } from '../src/cli/given-options.ts';

/** The command line cannot be parsed. The message names the option, what was expected and what was found. */
export class UsageError extends Error {}

const USAGE_EXIT = 2;

export interface Program<Options> {
  /** As people start it: `npm run demo --`. */
  readonly name: string;
  readonly usage: string;
  /** Returns undefined if help was requested. Throws UsageError. */
  readonly parse: (args: readonly string[]) => Options | undefined;
  /**
   * Resolves with the exit code. Rejects with an error of `mistakes` if the request cannot be carried out.
   */
  readonly run: (options: Options) => Promise<number>;
  readonly mistakes?: readonly (new (...args: never[]) => Error)[];
}

/** Options and words; throws UsageError. */
export function given<const Config extends ParseArgsConfig>(
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  return givenOptions(config, (message) => {
    throw new UsageError(message);
  });
}

export async function runProgram<Options>(
  args: readonly string[],
  { name, usage, parse, run, mistakes = [] }: Program<Options>,
): Promise<number> {
  let options: Options | undefined;
  try {
    options = parse(args);
  } catch (error) {
    if (!(error instanceof UsageError)) {
      throw error;
    }
    process.stderr.write(`${error.message}\n${name} --help says what there is\n`);
    return USAGE_EXIT;
  }
  if (options === undefined) {
    process.stdout.write(usage);
    return 0;
  }
  try {
    return await run(options);
  } catch (error) {
    if (!(error instanceof Error) || ![UsageError, ...mistakes].some((kind) => error instanceof kind)) {
      throw error;
    }
    process.stderr.write(`${error.message}\n`);
    return USAGE_EXIT;
  }
}
