/** The completion script of bash. Pure. */
import type { CompletedOption, CompletedProgram, Paths } from './completed-program.ts';
import {
  commonCases,
  generated,
  groups,
  longestFirst,
  nextWords,
  optionsOf,
  takingPaths,
  valueCases,
  valueOptions,
  withChoices,
} from './completion-words.ts';

export function bashScript(program: CompletedProgram): string {
  const { name: called, commands, common } = program;
  return `# Completion of ${called} for bash. ${generated(program)}
_${called}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} said= command= i
  COMPREPLY=()
  # bash takes "=" for a word of its own.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${valueOptions(program).join(' | ')})
        i=$((i + 1))
        [[ \${COMP_WORDS[i]} != = ]] || i=$((i + 1))
        ;;
      -*) ;;
      *) said="$said\${said:+ }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$said " in
${longestFirst(program)
  .map(({ name }) => `    '${name} '*) command='${name}' ;;`)
  .join('\n')}
  esac
  case "$command $prev" in
${valueCases(program)
  .map(({ command, option }) => `    '${command} --${option.name}') ${bashValue(option)}; return ;;`)
  .join('\n')}
${commonCases(program)
  .map((option) => `    *' --${option.name}') ${bashValue(option)}; return ;;`)
  .join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case $command in
${commands.map((command) => `      '${command.name}') ${bashOptions(optionsOf(program, command))} ;;`).join('\n')}
      *) ${bashOptions(common)} ;;
    esac
    return
  fi
  case $said in
    '') ${bashReply(nextWords(program, '').map(([word]) => word))} ;;
${groups(program)
  .map((word) => `    '${word}') ${bashReply(nextWords(program, word).map(([next]) => next))} ;;`)
  .join('\n')}
${withChoices(program)
  .map(({ name, choices }) => `    '${name}') ${bashReply(choices)} ;;`)
  .join('\n')}
  esac
${pathArguments(program)}}
complete -F _${called} ${called}
`;
}

/** Where no word is offered, a command's arguments are files or folders. */
function pathArguments(program: CompletedProgram): string {
  const cases = (['files', 'folders'] as const)
    .map((paths) => ({ paths, names: takingPaths(program, paths) }))
    .filter(({ names }) => names.length > 0)
    .map(
      ({ paths, names }) => `    ${names.map((name) => `'${name}'`).join(' | ')}) ${bashPaths(paths)} ;;\n`,
    );
  return cases.length === 0
    ? ''
    : `  [[ \${#COMPREPLY[@]} == 0 ]] || return 0\n  case $command in\n${cases.join('')}  esac\n`;
}

function bashValue({ choices, paths }: CompletedOption): string {
  return choices === undefined && paths !== undefined ? bashPaths(paths) : bashReply(choices);
}

function bashPaths(paths: Paths): string {
  return `mapfile -t COMPREPLY < <(compgen ${paths === 'folders' ? '-d' : '-f'} -- "$cur")`;
}

function bashOptions(options: readonly CompletedOption[]): string {
  return bashReply(options.map(({ name }) => `--${name}`));
}

function bashReply(words: readonly string[] | undefined): string {
  return words === undefined ? ':' : `mapfile -t COMPREPLY < <(compgen -W '${words.join(' ')}' -- "$cur")`;
}
