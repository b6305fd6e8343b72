/**
 * Completion scripts, from the table of commands. Pure.
 *
 * Invariants:
 * - A script is all that is needed: nothing is run when somebody presses TAB.
 * - Hidden commands are completed only when their first word is there.
 */
import { isFlag } from './command-line.ts';
import { completionIn, type Shell } from './shells/completion-in.ts';
import type { CompletedOption, CompletedProgram } from './shells/completed-program.ts';
import { nextWords } from './shells/completion-words.ts';
import type { OptionSpec } from './table/command-spec.ts';
import { COMMAND_NAMES, specOf } from './table/commands.ts';
import { COMMON_OPTIONS } from './table/common-options.ts';

export { SHELLS } from './shells/completion-in.ts';

export function completionScript(shell: Shell): string {
  const listed = COMMAND_NAMES.map((name) => {
    const { help, options = {}, isHidden = false, arguments: words = [] } = specOf(name);
    const [first] = words;
    return { name, help, isHidden, options: optionsOf(options), choices: first?.choices ?? [] };
  });
  const zincati: CompletedProgram = { name: 'zincati', commands: listed, common: optionsOf(COMMON_OPTIONS) };
  const topics = nextWords(zincati, '').map(([word]) => word);
  return completionIn(shell, {
    ...zincati,
    commands: listed.map((command) => (command.name === 'help' ? { ...command, choices: topics } : command)),
  });
}

function optionsOf(options: Readonly<Record<string, OptionSpec>>): readonly CompletedOption[] {
  return Object.entries(options).map(([name, spec]) => ({
    name,
    short: spec.short,
    isFlag: isFlag(spec),
    choices: spec.choices,
    paths: spec.value === 'DIRECTORY' ? 'folders' : undefined,
    help: spec.help,
  }));
}
