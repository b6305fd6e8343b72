/** From the outcome of a small command to an exit code. */
import { messageOf } from '../errors.ts';
import { EXIT } from './exit-codes.ts';
import { err } from './standard-streams.ts';

/** Does `work`. If it fails, says why on standard error, in one line. Never rejects. */
export async function exitCodeOf(work: () => Promise<void>): Promise<number> {
  try {
    await work();
    return EXIT.ok;
  } catch (error) {
    err(`${messageOf(error)}\n`);
    return EXIT.failure;
  }
}
