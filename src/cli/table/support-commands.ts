/** The command for people who report a bug. */
import { type CommandGroup, JSON_OPTION } from './command-spec.ts';

export const SUPPORT_COMMANDS = {
  support: {
    help: 'print all that a bug report needs, without secrets',
    about: [
      'Passwords, tokens, queries of addresses, the name of this host and most of its id are left out.',
      'Root sees more, such as the journal and files that others cannot read. Read it before it goes to others.',
    ],
    options: {
      output: { value: 'FILE', help: 'write it to a new file, for its owner alone' },
      ...JSON_OPTION,
    },
  },
} as const satisfies CommandGroup;
