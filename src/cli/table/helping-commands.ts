/** The commands about the command line itself. */
import type { CommandGroup } from './command-spec.ts';

export const HELPING_COMMANDS = {
  completion: {
    help: 'print the completion script of a shell',
    arguments: [{ name: 'shell', choices: ['bash', 'zsh', 'fish'], help: 'the shell' }],
  },
  help: {
    help: 'explain a command',
    arguments: [{ name: 'command', help: 'the words of the command', optional: true, rest: true }],
  },
} as const satisfies CommandGroup;
