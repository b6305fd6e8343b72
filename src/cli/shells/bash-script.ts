/** The completion script of bash. Pure. */
import { COMMAND_NAMES } from '../table/commands.ts';
import { COMMON_OPTIONS } from '../table/common-options.ts';
import {
  argumentChoices,
  GENERATED,
  groups,
  nextWords,
  optionsOf,
  valueCases,
  valueOptions,
} from './completion-words.ts';

export function bashScript(): string {
  const commands = [...COMMAND_NAMES].sort((x, y) => y.length - x.length);
  return `# Completion of zincati for bash. ${GENERATED}
_zincati() {
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
      ${valueOptions().join(' | ')})
        i=$((i + 1))
        [[ \${COMP_WORDS[i]} != = ]] || i=$((i + 1))
        ;;
      -*) ;;
      *) said="$said\${said:+ }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$said " in
${commands.map((name) => `    '${name} '*) command='${name}' ;;`).join('\n')}
  esac
  case "$command $prev" in
${valueCases()
  .map(({ name, option, spec }) => `    '${name} --${option}') ${bashReply(spec.choices)}; return ;;`)
  .join('\n')}
    *' --log-format') ${bashReply(COMMON_OPTIONS['log-format'].choices)}; return ;;
    *' --root') mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
  esac
  if [[ $cur == -* ]]; then
    case $command in
${COMMAND_NAMES.map((name) => `      '${name}') ${bashReply(optionsOf(name).map(([option]) => `--${option}`))} ;;`).join('\n')}
      *) ${bashReply(Object.keys(COMMON_OPTIONS).map((option) => `--${option}`))} ;;
    esac
    return
  fi
  case $said in
    '') ${bashReply(nextWords('').map(([word]) => word))} ;;
${groups()
  .map((word) => `    '${word}') ${bashReply(nextWords(word).map(([next]) => next))} ;;`)
  .join('\n')}
${COMMAND_NAMES.filter((name) => argumentChoices(name).length > 0)
  .map((name) => `    '${name}') ${bashReply(argumentChoices(name))} ;;`)
  .join('\n')}
  esac
}
complete -F _zincati zincati
`;
}

function bashReply(words: readonly string[] | undefined): string {
  return words === undefined ? ':' : `mapfile -t COMPREPLY < <(compgen -W '${words.join(' ')}' -- "$cur")`;
}
