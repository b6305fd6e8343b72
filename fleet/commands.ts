/** All commands of the fleet's program, in the order of its help. */
import type { CommandSpec } from './command-spec.ts';
import { completionCommand } from './completion.ts';
import { GRAPH_CHECK } from './graph/graph-check.ts';
import { GRAPH_DIFF } from './graph/graph-diff.ts';
import { GRAPH_MIRROR } from './graph/graph-mirror.ts';
import { GRAPH_PATH } from './graph/graph-path.ts';
import { GRAPH_SERVE } from './graph/graph-serve.ts';
import { LOCKD, LOCKD_CHECK, LOCKD_TOKEN } from './lockd/lockd.ts';
import { LOCKS } from './lockd/locks.ts';
import { SEARCH } from './search.ts';
import { SIMULATE } from './simulate.ts';

export const COMMANDS: readonly CommandSpec[] = [
  SIMULATE,
  SEARCH,
  GRAPH_CHECK,
  GRAPH_PATH,
  GRAPH_DIFF,
  GRAPH_MIRROR,
  GRAPH_SERVE,
  LOCKD,
  LOCKD_CHECK,
  LOCKD_TOKEN,
  ...LOCKS,
  completionCommand(() => COMMANDS),
];
