/** All commands of the fleet's program, in the order of its help. */
import type { CommandSpec } from './command-spec.ts';
import { SEARCH } from './search.ts';
import { SIMULATE } from './simulate.ts';

export const COMMANDS: readonly CommandSpec[] = [SIMULATE, SEARCH];
