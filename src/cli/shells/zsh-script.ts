/** The completion script of zsh. Pure. */
import type { OptionSpec } from '../table/command-spec.ts';
import { COMMAND_NAMES } from '../table/commands.ts';
import { COMMON_OPTIONS } from '../table/common-options.ts';
import {
  argumentChoices,
  GENERATED,
  groups,
  nextWords,
  optionsOf,
  quoted,
  valueCases,
  valueOptions,
} from './completion-words.ts';

export function zshScript(): string {
  const commands = [...COMMAND_NAMES].sort((x, y) => y.length - x.length);
  const options = (entries: readonly (readonly [string, OptionSpec])[]): string =>
    zshList(
      'option',
      entries.map(([option, spec]) => [`--${option}`, spec.help]),
    );
  return `#compdef zincati
# Completion of zincati for zsh. ${GENERATED}
_zincati() {
  local cur=\${words[CURRENT]} prev=\${words[CURRENT - 1]} said= command= i
  local -a found
  for ((i = 2; i < CURRENT; i++)); do
    case \${words[i]} in
      (${valueOptions().join('|')}) i=$((i + 1)) ;;
      (-*) ;;
      (*) said="$said\${said:+ }\${words[i]}" ;;
    esac
  done
  case "$said " in
${commands.map((name) => `    ('${name} '*) command='${name}' ;;`).join('\n')}
  esac
  case "$command $prev" in
${valueCases()
  .map(({ name, option, spec }) => `    ('${name} --${option}') ${zshWords(spec.choices)}; return ;;`)
  .join('\n')}
    (*' --log-format') ${zshWords(COMMON_OPTIONS['log-format'].choices)}; return ;;
    (*' --root') _files -/; return ;;
  esac
  if [[ $cur == -* ]]; then
    case $command in
${COMMAND_NAMES.map((name) => `      ('${name}') ${options(optionsOf(name))} ;;`).join('\n')}
      (*) ${options(Object.entries(COMMON_OPTIONS))} ;;
    esac
    return
  fi
  case $said in
    ('') ${zshList('command', nextWords(''))} ;;
${groups()
  .map((word) => `    ('${word}') ${zshList('command', nextWords(word))} ;;`)
  .join('\n')}
${COMMAND_NAMES.filter((name) => argumentChoices(name).length > 0)
  .map((name) => `    ('${name}') ${zshWords(argumentChoices(name))} ;;`)
  .join('\n')}
  esac
}
if [[ $funcstack[1] == _zincati ]]; then
  _zincati "$@"
else
  compdef _zincati zincati
fi
`;
}

function zshWords(words: readonly string[] | undefined): string {
  return words === undefined ? ':' : `compadd -- ${words.join(' ')}`;
}

function zshList(what: string, rows: readonly (readonly [string, string])[]): string {
  const entries = rows.map(([word, help]) => quoted(`${word}:${help.replaceAll(':', String.raw`\:`)}`));
  return `found=(${entries.join(' ')}); _describe -t ${what}s ${what} found`;
}
