/**
 * Which user the agent runs as. On a host that is the unit's and nobody else, since the unit cannot read a record that root
 * has written.
 */
import { userInfo } from 'node:os';

import { StartError } from '../errors.ts';

export const USER = 'zincati';

/** Undefined: the user has no name. */
export function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** With another root than "/" any user will do. Throws StartError, in the words of Zincati. */
export function requireUser(root: string, name: string | undefined): void {
  if (/^\/+$/.test(root) && name !== USER) {
    throw new StartError(`update agent not running as \`${USER}\` user`);
  }
}
