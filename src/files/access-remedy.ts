/** What to do where the system does not let the agent have a file. Pure. */
import { errorCode } from './error-code.ts';

/** What is said where the agent itself is refused. Another user needs another remedy. */
export const ACCESS_REMEDY = '; let user zincati read it, and enter the folders above it';

/** As the end of a sentence that names the file; "" where nobody has refused anything. */
export function accessRemedy(error: unknown): string {
  switch (errorCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return ACCESS_REMEDY;
    default:
      return '';
  }
}
