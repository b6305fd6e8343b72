#!/usr/bin/env node
/** The fleet's program: words in, exit code out. */
import { EXIT } from '../src/cli/exit-codes.ts';
import { UsageError } from '../src/cli/usage-error.ts';
import { ConfigError, linesOf, reasonOf } from '../src/errors.ts';
import { VERSION } from '../src/version.ts';
import { parseCommandLine, PROGRAM } from './command-line.ts';
import { COMMANDS } from './commands.ts';
import { helpText } from './help-text.ts';

async function main(args: readonly string[]): Promise<number> {
  try {
    const parsed = parseCommandLine(args, COMMANDS);
    switch (parsed.kind) {
      case 'help':
        process.stdout.write(helpText(parsed, COMMANDS));
        return EXIT.ok;
      case 'version':
        process.stdout.write(`${PROGRAM} ${VERSION}\n`);
        return EXIT.ok;
      case 'run':
        return await parsed.command.run(parsed.given);
    }
  } catch (error) {
    process.stderr.write(`${linesOf(error)}\n`);
    if (error instanceof UsageError) {
      process.stderr.write(`\n${PROGRAM} help says what there is\n`);
      return EXIT.usage;
    }
    return error instanceof ConfigError ? EXIT.config : EXIT.failure;
  }
}

// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') {
    process.exit();
  }
  process.stderr.write(`cannot write to standard output: ${reasonOf(error)}\n`);
  process.exit(EXIT.failure);
});
process.exitCode = await main(process.argv.slice(2));
