/** Command `completion`: the completion scripts of the fleet's program, from its table of commands. */
import { completionIn, SHELLS, type Shell } from '../src/cli/shells/completion-in.ts';
import type {
  CompletedCommand,
  CompletedOption,
  CompletedProgram,
  Paths,
} from '../src/cli/shells/completed-program.ts';
import { nextWords } from '../src/cli/shells/completion-words.ts';
import { UsageError } from '../src/cli/usage-error.ts';
import { printable } from '../src/errors.ts';
import { PROGRAM } from './command-line.ts';
import type { CommandSpec, OptionSpec } from './command-spec.ts';

const COMMON: readonly CompletedOption[] = [
  { name: 'help', short: 'h', isFlag: true, help: 'explain the command' },
  { name: 'version', isFlag: true, help: 'print the version' },
];

/** `commands`: the whole table, which this one is a row of. */
export function completionCommand(commands: () => readonly CommandSpec[]): CommandSpec {
  return {
    name: 'completion',
    words: ['SHELL'],
    choices: SHELLS,
    summary: `print the completion script of a shell: ${SHELLS.join(', ')}`,
    options: {},
    notes: [
      'The package has installed these scripts. A shell that does not find them can read them from here.',
    ],
    run: ({ words: [word = ''] }) => {
      const shell = SHELLS.find((known) => known === word);
      if (shell === undefined) {
        throw new UsageError(
          `SHELL must be ${SHELLS.join(', ')}, got ${printable(JSON.stringify(word.slice(0, 100)))}`,
        );
      }
      process.stdout.write(completionScript(shell, commands()));
      return Promise.resolve(0);
    },
  };
}

/** A script is all that is needed: nothing is run when somebody presses TAB. Pure. */
export function completionScript(shell: Shell, commands: readonly CommandSpec[]): string {
  const listed = commands.map((command): CompletedCommand => {
    const { name, words, choices = [], summary, options } = command;
    return {
      name,
      help: summary,
      isHidden: false,
      options: Object.entries(options).map(([option, spec]) => optionOf(option, spec)),
      choices,
      paths: pathsOf(words.join(' ')),
    };
  });
  const program: CompletedProgram = { name: PROGRAM, commands: listed, common: COMMON };
  const topics = nextWords(program, '').map(([word]) => word);
  const help = { name: 'help', help: 'explain a command', isHidden: false, options: [], choices: topics };
  return completionIn(shell, { ...program, commands: [...listed, help] });
}

function optionOf(name: string, { value, doc, choices }: OptionSpec): CompletedOption {
  return {
    name,
    isFlag: value === undefined,
    choices,
    paths: value === undefined ? undefined : pathsOf(value),
    help: doc,
  };
}

/** `names`: of values, as help has them. An address is often a file, and no shell completes addresses. */
function pathsOf(names: string): Paths | undefined {
  if (/FILE|PATH|PLAN|CONFIG/.test(names)) {
    return 'files';
  }
  return names.includes('FOLDER') ? 'folders' : undefined;
}
