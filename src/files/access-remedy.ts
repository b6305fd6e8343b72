/** What to do where the system does not let the agent have a file. Pure. */
import { errorCode } from './error-code.ts';

/** As the end of a sentence that names the file; "" where nobody has refused anything. */
export function accessRemedy(error: unknown): string {
  switch (errorCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return '; let user zincati read it, and enter the folders above it';
    default:
      return '';
  }
}
