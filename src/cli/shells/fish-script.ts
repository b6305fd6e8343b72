/** The completion script of fish. Pure. */
import type { OptionSpec } from '../table/command-spec.ts';
import { COMMAND_NAMES, specOf } from '../table/commands.ts';
import { COMMON_OPTIONS } from '../table/common-options.ts';
import { isFlag } from '../command-line.ts';
import { argumentChoices, GENERATED, groups, nextWords, quoted, valueOptions } from './completion-words.ts';

export function fishScript(): string {
  const lines = [
    `# Completion of zincati for fish. ${GENERATED}`,
    'function __zincati_said',
    '    set -l said',
    '    set -l skip 0',
    '    for word in (commandline -opc)[2..-1]',
    '        if test $skip = 1',
    '            set skip 0',
    '            continue',
    '        end',
    '        switch $word',
    `            case ${valueOptions().join(' ')}`,
    '                set skip 1',
    "            case '-*'",
    "            case '*'",
    '                set -a said $word',
    '        end',
    '    end',
    '    string join " " -- $said',
    'end',
    'function __zincati_at',
    '    test "$(__zincati_said)" = "$argv"',
    'end',
    'function __zincati_in',
    '    string match -q -- "$argv *" "$(__zincati_said) "',
    'end',
    'complete -c zincati -f',
    ...fishOptions('', Object.entries(COMMON_OPTIONS)),
    ...['', ...groups()].flatMap((said) =>
      nextWords(said).map(
        ([word, help]) =>
          `complete -c zincati -n ${quoted(`__zincati_at ${said}`.trim())} -a ${word} -d ${quoted(help)}`,
      ),
    ),
    ...COMMAND_NAMES.flatMap((name) => [
      ...fishOptions(name, Object.entries(specOf(name).options ?? {})),
      ...(argumentChoices(name).length === 0
        ? []
        : [
            `complete -c zincati -n ${quoted(`__zincati_at ${name}`)} -a ${quoted(argumentChoices(name).join(' '))}`,
          ]),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

function fishOptions(name: string, options: readonly (readonly [string, OptionSpec])[]): readonly string[] {
  const where = name === '' ? '' : ` -n ${quoted(`__zincati_in ${name}`)}`;
  return options.map(([option, spec]) => {
    const short = spec.short === undefined ? '' : ` -s ${spec.short}`;
    const choices = spec.choices === undefined ? '' : ` -a ${quoted(spec.choices.join(' '))}`;
    const value = isFlag(spec)
      ? ''
      : option === 'root'
        ? ' -r -a "(__fish_complete_directories)"'
        : ` -x${choices}`;
    return `complete -c zincati${where} -l ${option}${short}${value} -d ${quoted(spec.help)}`;
  });
}
