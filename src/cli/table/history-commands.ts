/** The command that shows what happened to this node. */
import { UsageError } from '../usage-error.ts';
import { type CommandGroup, JSON_OPTION } from './command-spec.ts';

/** As many as the agent sends at most. */
const MOST_ENTRIES = 500;

/** A number of entries. Throws UsageError. */
export function parseNewest(text: string): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > MOST_ENTRIES) {
    throw new UsageError(`it must be a whole number from 1 to ${MOST_ENTRIES}, got ${JSON.stringify(text)}`);
  }
  return count;
}

export const HISTORY_COMMANDS = {
  history: {
    help: 'show what happened to this node: updates, refusals, requests',
    about: [
      'Where the agent does not run, root reads the file of the history instead.',
      'TIME is local: `18:00`, `2026-11-28` or `"2026-11-28 18:00"`; or RFC 3339 with an offset; or a duration, `2d` ago.',
    ],
    options: {
      newest: { value: 'N', short: 'n', parse: parseNewest, help: 'so many entries; 50, if it is not given' },
      since: { value: 'TIME', help: 'only what happened since then' },
      follow: { short: 'f', help: 'go on with what happens from now on, until Ctrl-C' },
      ...JSON_OPTION,
    },
    exits: ['noAgent'],
  },
} as const satisfies CommandGroup;
