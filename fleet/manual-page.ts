/** The manual page zincati-fleet(1), in mdoc, from the table of commands. Pure. */
import { EXIT } from '../src/cli/exit-codes.ts';
import { paragraph, text } from '../src/cli/mdoc.ts';
import { PROGRAM } from './command-line.ts';
import type { CommandSpec } from './command-spec.ts';

/** Of the text, not of the build: the same sources give the same page. */
const DATE = 'November 26, 2026';

export function manualPage(commands: readonly CommandSpec[]): string {
  const lines = [
    String.raw`.\" Made from the table of commands in fleet/commands.ts.`,
    `.Dd ${DATE}`,
    '.Dt ZINCATI-FLEET 1',
    '.Os',
    '.Sh NAME',
    `.Nm ${PROGRAM}`,
    '.Nd a fleet of nodes, tried and served from a workstation or a server',
    '.Sh SYNOPSIS',
    '.Nm',
    '.Ar command',
    '.Op Ar options',
    '.Sh DESCRIPTION',
    'It is for whoever runs a fleet of rpm-ostree hosts.',
    'It uses the code of the update agent, so that it decides as the nodes do.',
    '.Sh COMMANDS',
    ...commands.flatMap(section),
    '.Sh EXIT STATUS',
    '.Bl -tag -width Ds',
    `.It ${EXIT.ok}`,
    'The command did what it was asked for.',
    `.It ${EXIT.failure}`,
    'It failed, or what it looked at is not as it must be.',
    `.It ${EXIT.usage}`,
    'The command line is wrong.',
    `.It ${EXIT.config}`,
    'A file that was given is wrong.',
    '.El',
    '.Sh SEE ALSO',
    '.Xr zincati 8',
  ];
  return `${lines.join('\n')}\n`;
}

function section({ name, words, summary, options, notes = [] }: CommandSpec): readonly string[] {
  const items = Object.entries(options).flatMap(([option, { value, doc, isList }]) => [
    `.It Fl -${option}${value === undefined ? '' : ` Ar ${text(value)}`}`,
    ...paragraph(sentence(isList === true ? `${doc}; may be repeated` : doc)),
  ]);
  return [
    `.Ss ${text(name)}`,
    '.Nm',
    `.Ic ${text(name)}`,
    ...words.map((word) =>
      word.startsWith('[') ? `.Op Ar ${text(word.slice(1, -1))}` : `.Ar ${text(word)}`,
    ),
    ...(items.length === 0 ? [] : ['.Op Ar options']),
    '.Pp',
    ...paragraph(sentence(summary)),
    ...notes.filter((note) => note !== '').flatMap((note) => ['.Pp', ...paragraph(sentence(note))]),
    ...(items.length === 0 ? [] : ['.Pp', 'Options:', '.Bl -tag -width Ds', ...items, '.El']),
  ];
}

/** `a table` becomes `A table.` */
function sentence(from: string): string {
  const begun = `${from.slice(0, 1).toUpperCase()}${from.slice(1)}`;
  return /[.!?:]$/.test(begun) ? begun : `${begun}.`;
}
