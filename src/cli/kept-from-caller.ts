/** Files of the configuration that the caller may not read, though the agent may: drop-ins with secrets are like that. */
import type { ConfigError } from '../errors.ts';
import { errorCode } from '../files/error-code.ts';
import type { Common } from './command-line.ts';
import { Failure } from './failure.ts';
import { runClient } from './run-client.ts';
import { sudoLine } from './sudo-line.ts';

const REFUSALS: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM']);

/** False for root: what root cannot read is a fault of the host. */
export function isKeptFromCaller(error: ConfigError): boolean {
  return process.geteuid?.() !== 0 && causesOf(error).some((cause) => REFUSALS.has(errorCode(cause)));
}

function causesOf(error: unknown): readonly Error[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : [];
}

/** Says which line may read them. Resolves with the exit code. */
export function tellKeptFromCaller(command: Common & { readonly json?: boolean }): Promise<number> {
  return runClient(command, ({ args }) => {
    throw new Failure('notPermitted', 'you are not permitted to read all files of the configuration', {
      todo: sudoLine(args),
    });
  });
}
