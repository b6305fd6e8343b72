/**
 * Completion scripts of bash, zsh and fish, from the table of commands. Pure.
 *
 * Invariants:
 * - A script is all that is needed: nothing is run when somebody presses TAB.
 * - Hidden commands are completed only when their first word is there.
 */
import { isFlag } from './command-line.ts';
import type { OptionSpec } from './table/command-spec.ts';
import { COMMAND_NAMES, type CommandName, specOf } from './table/commands.ts';
import { COMMON_OPTIONS } from './table/common-options.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return bash();
    case 'zsh':
      return zsh();
    case 'fish':
      return fish();
  }
}

const optionsOf = (name: CommandName): readonly (readonly [string, OptionSpec])[] =>
  Object.entries<OptionSpec>({ ...specOf(name).options, ...COMMON_OPTIONS });

/** `--until`, `-n` and so on: the options that take the next word. */
function valueOptions(): readonly string[] {
  const all = new Set<string>();
  for (const name of COMMAND_NAMES) {
    for (const [option, spec] of optionsOf(name)) {
      if (!isFlag(spec)) {
        all.add(`--${option}`);
        if (spec.short !== undefined) {
          all.add(`-${spec.short}`);
        }
      }
    }
  }
  return [...all].sort();
}

/** What can follow these words: the next word of a command, with its help. `said`: "" or the first word. */
function nextWords(said: string): readonly (readonly [string, string])[] {
  const found = new Map<string, string>();
  for (const name of COMMAND_NAMES) {
    const spec = specOf(name);
    const rest = said === '' ? name : name.startsWith(`${said} `) ? name.slice(said.length + 1) : '';
    const [word = '', ...more] = rest.split(' ');
    if (word !== '' && !(said === '' && spec.isHidden === true) && !found.has(word)) {
      found.set(word, more.length === 0 ? spec.help : helpOfGroup(word));
    }
  }
  return [...found];
}

/** A first word with several commands behind it. */
function helpOfGroup(word: string): string {
  const below = COMMAND_NAMES.filter((name) => name.startsWith(`${word} `));
  return below.map((name) => name.slice(word.length + 1)).join(', ');
}

/** First words with more behind them. */
function groups(): readonly string[] {
  return [
    ...new Set(COMMAND_NAMES.filter((name) => name.includes(' ')).map((name) => name.split(' ')[0] ?? '')),
  ];
}

/** Choices of the first argument: `bash zsh fish`, or the commands for `help`. */
function argumentChoices(name: CommandName): readonly string[] {
  const [first] = specOf(name).arguments ?? [];
  return name === 'help' ? nextWords('').map(([word]) => word) : (first?.choices ?? []);
}

/** Each command with a word and the choices of its value; `undefined`: a folder for --root, nothing otherwise. */
function valueCases(): readonly {
  readonly name: CommandName;
  readonly option: string;
  readonly spec: OptionSpec;
}[] {
  return COMMAND_NAMES.flatMap((name) =>
    Object.entries(specOf(name).options ?? {})
      .filter(([, spec]) => !isFlag(spec))
      .map(([option, spec]) => ({ name, option, spec })),
  );
}

const GENERATED = 'Made from the table of commands; `zincati completion` prints it.';

function bash(): string {
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

function zsh(): string {
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

function fish(): string {
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

/** For a shell; help texts may have apostrophes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
