/** The completion script of zsh. Pure. */
import type { CompletedOption, CompletedProgram, Paths } from './completed-program.ts';
import {
  commonCases,
  generated,
  groups,
  longestFirst,
  nextWords,
  optionsOf,
  quoted,
  takingPaths,
  valueCases,
  valueOptions,
  withChoices,
} from './completion-words.ts';

export function zshScript(program: CompletedProgram): string {
  const { name: called, commands, common } = program;
  return `#compdef ${called}
# Completion of ${called} for zsh. ${generated(program)}
_${called}() {
  local cur=\${words[CURRENT]} prev=\${words[CURRENT - 1]} said= command= i
  local -a found
  for ((i = 2; i < CURRENT; i++)); do
    case \${words[i]} in
      (${valueOptions(program).join('|')}) i=$((i + 1)) ;;
      (-*) ;;
      (*) said="$said\${said:+ }\${words[i]}" ;;
    esac
  done
  case "$said " in
${longestFirst(program)
  .map(({ name }) => `    ('${name} '*) command='${name}' ;;`)
  .join('\n')}
  esac
  case "$command $prev" in
${valueCases(program)
  .map(({ command, option }) => `    ('${command} --${option.name}') ${zshValue(option)}; return ;;`)
  .join('\n')}
${commonCases(program)
  .map((option) => `    (*' --${option.name}') ${zshValue(option)}; return ;;`)
  .join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case $command in
${commands.map((command) => `      ('${command.name}') ${zshOptions(optionsOf(program, command))} ;;`).join('\n')}
      (*) ${zshOptions(common)} ;;
    esac
    return
  fi
  case $said in
    ('') ${zshList('command', nextWords(program, ''))} ;;
${groups(program)
  .map((word) => `    ('${word}') ${zshList('command', nextWords(program, word))} ;;`)
  .join('\n')}
${withChoices(program)
  .map(({ name, choices }) => `    ('${name}') ${zshWords(choices)} ;;`)
  .join('\n')}
  esac
${pathArguments(program)}}
if [[ $funcstack[1] == _${called} ]]; then
  _${called} "$@"
else
  compdef _${called} ${called}
fi
`;
}

function pathArguments(program: CompletedProgram): string {
  const cases = (['files', 'folders'] as const)
    .map((paths) => ({ paths, names: takingPaths(program, paths) }))
    .filter(({ names }) => names.length > 0)
    .map(({ paths, names }) => `    (${names.map((name) => `'${name}'`).join('|')}) ${zshPaths(paths)} ;;\n`);
  return cases.length === 0 ? '' : `  case $command in\n${cases.join('')}  esac\n`;
}

function zshValue({ choices, paths }: CompletedOption): string {
  return choices === undefined && paths !== undefined ? zshPaths(paths) : zshWords(choices);
}

const zshPaths = (paths: Paths): string => (paths === 'folders' ? '_files -/' : '_files');

function zshWords(words: readonly string[] | undefined): string {
  return words === undefined ? ':' : `compadd -- ${words.join(' ')}`;
}

function zshOptions(options: readonly CompletedOption[]): string {
  return zshList(
    'option',
    options.map(({ name, help }) => [`--${name}`, help]),
  );
}

function zshList(what: string, rows: readonly (readonly [string, string])[]): string {
  const entries = rows.map(([word, help]) => quoted(`${word}:${help.replaceAll(':', String.raw`\:`)}`));
  return `found=(${entries.join(' ')}); _describe -t ${what}s ${what} found`;
}
