/** What `--help` prints: of all commands, of those that begin with one word, of one. Pure. */
import { below, PROGRAM, type Parsed } from './command-line.ts';
import type { CommandSpec } from './command-spec.ts';

export function helpText(
  { command, group }: Parsed & { readonly kind: 'help' },
  commands: readonly CommandSpec[],
): string {
  if (group !== undefined) {
    return groupHelp(group, commands);
  }
  return command === undefined ? overview(commands) : helpOf(command);
}

export function overview(commands: readonly CommandSpec[]): string {
  return [
    `${PROGRAM}: a fleet of nodes, tried and served from a workstation or a server`,
    '',
    `usage: ${PROGRAM} COMMAND [OPTIONS]`,
    '',
    ...summaries(commands),
    '',
    `${PROGRAM} help COMMAND says more about one. ${PROGRAM} --version says which version this is.`,
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** Commands that begin with the word `group`; one of them may be that word alone. */
export function groupHelp(group: string, commands: readonly CommandSpec[]): string {
  const alone = commands.find(({ name }) => name === group);
  const others = below(group, commands);
  const head =
    alone === undefined
      ? [`usage: ${PROGRAM} ${group} COMMAND [OPTIONS]`, '', ...summaries(others)]
      : [...helpOf(alone).trimEnd().split('\n'), '', 'There are also:', '', ...summaries(others)];
  return [...head, '', `${PROGRAM} help ${group} COMMAND says more about one.`]
    .map((line) => `${line}\n`)
    .join('');
}

function summaries(commands: readonly CommandSpec[]): readonly string[] {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
}

export function helpOf({ name, words, summary, options, notes = [] }: CommandSpec): string {
  const shown = Object.entries(options).map(
    ([option, { value, doc, isList }]) =>
      [
        `--${option}${value === undefined ? '' : ` ${value}`}`,
        isList === true ? `${doc}; may be repeated` : doc,
      ] as const,
  );
  const width = Math.max(0, ...shown.map(([option]) => option.length));
  return [
    `usage: ${[PROGRAM, name, ...words].join(' ')}${shown.length === 0 ? '' : ' [OPTIONS]'}`,
    '',
    summary,
    ...(shown.length === 0 ? [] : ['', ...shown.map(([option, doc]) => `  ${option.padEnd(width)}  ${doc}`)]),
    ...(notes.length === 0 ? [] : ['', ...notes]),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
