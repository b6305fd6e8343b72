/** All commands of the fleet's program, in the order of its help. */
import type { CommandSpec } from './command-spec.ts';
import { LOCKD, LOCKD_CHECK, LOCKD_TOKEN } from './lockd/lockd.ts';
import { LOCKS } from './lockd/locks.ts';
import { SIMULATE } from './simulate.ts';

export const COMMANDS: readonly CommandSpec[] = [SIMULATE, LOCKD, LOCKD_CHECK, LOCKD_TOKEN, ...LOCKS];
