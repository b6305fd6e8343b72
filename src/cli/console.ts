/** Where a command prints, and how. Tests hand in one of their own. */
import { isatty } from 'node:tty';

import { hostZone } from './host-zone.ts';
import { err, out } from './standard-streams.ts';
import type { Terms } from './terms.ts';
import { hostUsers } from './user-name.ts';

/** Terminals that do not say how wide they are. */
const USUAL_WIDTH = 80;
const NARROWEST = 20;

const STDIN = 0;
const STDERR = 2;

export interface Console {
  /** Prints to standard output. A text ends with its line break. */
  out(text: string): void;
  /** Prints to standard error. */
  err(text: string): void;
  /** How people read standard output, as of now. */
  terms(): Terms;
  /** Standard output is a terminal that can move its cursor. */
  readonly canRedraw: boolean;
  /** Lines that the terminal shows at a time; undefined: it does not say, or there is none. */
  height(): number | undefined;
  /** Calls `listener` whenever the terminal gets another size. */
  onResize(listener: () => void): void;
  /** A person sits there who can be asked for a password. */
  readonly canAsk: boolean;
  /** The words of the command line, without Node and the program. */
  readonly args: readonly string[];
  readonly isRoot: boolean;
}

/** `root`: prefix of the host's paths. */
export async function hostConsole(root: string): Promise<Console> {
  const { stdout, env } = process;
  const zone = await hostZone(root);
  const users = hostUsers(root);
  // Nobody knows what a terminal without a name can do.
  const isDumb = ['', 'dumb'].includes(env['TERM'] ?? '');
  const colour = stdout.isTTY && !isDumb && (env['NO_COLOR'] ?? '') === '';
  const isRoot = process.geteuid?.() === 0;
  return {
    out,
    err,
    terms: () => ({
      now: Date.now(),
      zone,
      width: stdout.isTTY ? Math.max(NARROWEST, stdout.columns || USUAL_WIDTH) : undefined,
      colour,
      users,
    }),
    canRedraw: stdout.isTTY && !isDumb,
    height: () => (stdout.isTTY ? stdout.rows || undefined : undefined),
    onResize: (listener) => void stdout.on('resize', listener),
    canAsk: !isRoot && isatty(STDIN) && isatty(STDERR),
    args: process.argv.slice(2),
    isRoot,
  };
}
