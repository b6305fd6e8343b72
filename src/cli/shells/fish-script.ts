/** The completion script of fish. Pure. */
import type { CompletedOption, CompletedProgram } from './completed-program.ts';
import { generated, groups, nextWords, quoted, takingPaths, valueOptions } from './completion-words.ts';

export function fishScript(program: CompletedProgram): string {
  const { name: called, commands, common } = program;
  const at = (said: string): string => quoted(`__${called}_at ${said}`.trim());
  const inside = (name: string): string => quoted(`__${called}_in ${name}`);
  const optionLines = (name: string, options: readonly CompletedOption[]): readonly string[] => {
    const where = name === '' ? '' : ` -n ${inside(name)}`;
    return options.map((option) => `complete -c ${called}${where} ${fishOption(option)}`);
  };
  const lines = [
    `# Completion of ${called} for fish. ${generated(program)}`,
    `function __${called}_said`,
    '    set -l said',
    '    set -l skip 0',
    '    for word in (commandline -opc)[2..-1]',
    '        if test $skip = 1',
    '            set skip 0',
    '            continue',
    '        end',
    '        switch $word',
    `            case ${valueOptions(program).join(' ')}`,
    '                set skip 1',
    "            case '-*'",
    "            case '*'",
    '                set -a said $word',
    '        end',
    '    end',
    '    string join " " -- $said',
    'end',
    `function __${called}_at`,
    `    test "$(__${called}_said)" = "$argv"`,
    'end',
    `function __${called}_in`,
    `    string match -q -- "$argv *" "$(__${called}_said) "`,
    'end',
    `complete -c ${called} -f`,
    ...optionLines('', common),
    ...['', ...groups(program)].flatMap((said) =>
      nextWords(program, said).map(
        ([word, help]) => `complete -c ${called} -n ${at(said)} -a ${word} -d ${quoted(help)}`,
      ),
    ),
    ...commands.flatMap(({ name, options, choices }) => [
      ...optionLines(name, options),
      ...(choices.length === 0
        ? []
        : [`complete -c ${called} -n ${at(name)} -a ${quoted(choices.join(' '))}`]),
    ]),
    ...takingPaths(program, 'files').map((name) => `complete -c ${called} -n ${inside(name)} -F`),
    ...takingPaths(program, 'folders').map(
      (name) => `complete -c ${called} -n ${inside(name)} -a "(__fish_complete_directories)"`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function fishOption({ name, short, isFlag, choices, paths, help }: CompletedOption): string {
  const letter = short === undefined ? '' : ` -s ${short}`;
  return `-l ${name}${letter}${isFlag ? '' : fishValue({ choices, paths })} -d ${quoted(help)}`;
}

function fishValue({ choices, paths }: Pick<CompletedOption, 'choices' | 'paths'>): string {
  if (choices !== undefined) {
    return ` -x -a ${quoted(choices.join(' '))}`;
  }
  switch (paths) {
    case 'files':
      return ' -r -F';
    case 'folders':
      return ' -r -a "(__fish_complete_directories)"';
    case undefined:
      return ' -x';
  }
}
