/** The commands that Zincati has, word for word. */
import type { CommandGroup } from './command-spec.ts';

export const ZINCATI_COMMANDS = {
  agent: {
    help: 'run the update agent',
    about: ['The service manager starts it as `zincati.service`. It refuses to run twice on one host.'],
    exits: ['config'],
  },
  'deadend-motd set': {
    help: 'show a login notice that this release is a dead end',
    options: { reason: { value: 'TEXT', help: 'what the notice says', required: true } },
    needs: 'root',
    isHidden: true,
  },
  'deadend-motd unset': {
    help: 'remove the login notice of a dead end',
    needs: 'root',
    isHidden: true,
  },
  'ex moo': {
    help: 'ask the agent whether it is there',
    options: { talkative: { help: 'more of it' } },
    needs: 'root',
    isHidden: true,
  },
  'ex last-refresh-time': {
    help: 'print when the agent last went to work, in seconds since 1970 UTC',
    needs: 'root',
    isHidden: true,
  },
} as const satisfies CommandGroup;
