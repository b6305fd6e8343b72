/** Words in, exit code out. */
import { parseCommandLine, type Command, type CommandOf } from './cli/command-line.ts';
import { EXIT } from './cli/exit-codes.ts';
import { runCommand } from './cli/run-command.ts';
import { err, out } from './cli/standard-streams.ts';
import { UsageError } from './cli/usage-error.ts';
import { ConfigError, isSetupError, linesOf } from './errors.ts';
import { VERSION } from './version.ts';

async function main(args: readonly string[]): Promise<number> {
  let command: Command;
  try {
    command = parseCommandLine(args);
  } catch (error) {
    if (!(error instanceof UsageError)) {
      throw error;
    }
    const { usageAfter } = await import('./cli/help.ts');
    err(`${error.message}\n\n${usageAfter(error)}`);
    return EXIT.usage;
  }
  switch (command.command) {
    case 'help': {
      const { helpOf, overview } = await import('./cli/help.ts');
      out(command.of === undefined ? overview() : helpOf(command.of));
      return EXIT.ok;
    }
    case 'version':
      out(`zincati ${VERSION}\n`);
      return EXIT.ok;
    case 'agent':
      return agent(command);
    default:
      return runCommand(command);
  }
}

async function agent(command: CommandOf<'agent'>): Promise<number> {
  const [
    { runAgent },
    { createLogger, levelOf },
    { Doorbell },
    { setProcessName },
    { requireUser, userName },
  ] = await Promise.all([
    import('./daemon/run-agent.ts'),
    import('./log/log.ts'),
    import('./host/doorbell.ts'),
    import('./host/process-name.ts'),
    import('./host/process-user.ts'),
  ]);
  setProcessName('zincati');
  const { root, verbosity, logFormat } = command;
  const log = createLogger({ level: levelOf(verbosity), format: logFormat, env: process.env });
  const life = new AbortController();
  const reloads = new Doorbell();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => life.abort(signal));
  }
  process.on('SIGHUP', () => reloads.ring());
  try {
    requireUser(root, userName());
    await runAgent({ root, log, env: process.env, pid: process.pid, signal: life.signal, reloads });
    return EXIT.ok;
  } catch (error) {
    const isSetUp = isSetupError(error);
    const text = linesOf(error);
    log.error(isSetUp ? text : `critical error: ${text}`);
    if (error instanceof ConfigError) {
      for (const note of error.notes) {
        log.warn(note);
      }
    }
    if (!isSetUp && error instanceof Error && error.stack !== undefined) {
      log.debug(error.stack);
    }
    return isSetUp ? EXIT.config : EXIT.failure;
  }
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
