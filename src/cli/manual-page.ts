/** The manual page zincati(8), in mdoc, from the table of commands. Pure. */
import { isFlag } from './command-line.ts';
import { EXIT, type ExitName } from './exit-codes.ts';
import { EXIT_HELP, needs, sentence, shownArgument, shownValue } from './help.ts';
import { paragraph, text } from './mdoc.ts';
import type { CommandSpec, OptionSpec } from './table/command-spec.ts';
import { COMMAND_NAMES, type CommandName, specOf } from './table/commands.ts';
import { COMMON_OPTIONS } from './table/common-options.ts';

/** Of the text, not of the build: the same sources give the same page. */
const DATE = 'November 25, 2026';

export function manualPage(): string {
  const listed = COMMAND_NAMES.filter((name) => specOf(name).isHidden !== true);
  const lines = [
    '.\\" Made from the table of commands in src/cli/table.',
    `.Dd ${DATE}`,
    '.Dt ZINCATI 8',
    '.Os',
    '.Sh NAME',
    '.Nm zincati',
    '.Nd update agent of rpm-ostree hosts, and what operators ask of it',
    '.Sh SYNOPSIS',
    '.Nm',
    '.Op Ar options',
    '.Ar command',
    '.Sh DESCRIPTION',
    'The agent runs as',
    '.Pa zincati.service .',
    'The other commands ask it over the system bus.',
    'They show what it does, and change what it does.',
    'Looking takes no reboot slot, asks no server and writes nothing.',
    '.Pp',
    'Options of every command:',
    ...optionList(COMMON_OPTIONS),
    '.Sh COMMANDS',
    ...listed.flatMap(commandSection),
    '.Sh ENVIRONMENT',
    '.Bl -tag -width Ds',
    '.It Ev DBUS_SYSTEM_BUS_ADDRESS',
    'Address of the system bus, where it is not the usual one.',
    '.It Ev NO_COLOR',
    'If it is not empty, nothing is coloured.',
    '.It Ev TZ',
    "Name of the time zone that people read, where it is not the host's.",
    '.El',
    '.Sh FILES',
    '.Bl -tag -width Ds',
    '.It Pa /etc/zincati/config.d/*.toml',
    'Configuration of this host.',
    '.El',
    '.Sh EXIT STATUS',
    '.Bl -tag -width Ds',
    ...exitNames().flatMap((name) => [`.It ${EXIT[name]}`, text(sentence(EXIT_HELP[name]))]),
    '.El',
    '.Sh SEE ALSO',
    '.Xr rpm-ostree 1 ,',
    '.Xr systemctl 1',
  ];
  return `${lines.join('\n')}\n`;
}

function exitNames(): readonly ExitName[] {
  return Object.keys(EXIT_HELP).filter((name): name is ExitName => name in EXIT);
}

function commandSection(name: CommandName): readonly string[] {
  const spec = specOf(name);
  return [
    `.Ss ${text(name)}`,
    '.Nm',
    `.Ic ${text(name)}`,
    ...synopsis(spec),
    ...[sentence(spec.help), ...(spec.about ?? []), ...needs(spec)].flatMap((one) => [
      '.Pp',
      ...paragraph(one),
    ]),
    ...argumentList(spec),
    ...(spec.options === undefined ? [] : ['.Pp', 'Options:', ...optionList(spec.options)]),
  ];
}

function synopsis({ options = {}, arguments: args = [] }: CommandSpec): readonly string[] {
  return [
    ...Object.entries(options).map(([name, option]) => {
      const shown = flag(name, option);
      return option.required === true ? `.${shown}` : `.Op ${shown}${option.many === true ? ' ...' : ''}`;
    }),
    ...args.map((argument) => {
      const shown = text(shownArgument(argument).replaceAll(/^\[|\]$/g, ''));
      return argument.optional === true ? `.Op Ar ${shown}` : `.Ar ${shown}`;
    }),
  ];
}

function argumentList({ arguments: args = [] }: CommandSpec): readonly string[] {
  if (args.length === 0) {
    return [];
  }
  const items = args.flatMap(({ name, help }) => [
    `.It Ar ${text(name.toUpperCase())}`,
    text(sentence(help)),
  ]);
  return ['.Pp', 'Arguments:', '.Bl -tag -width Ds', ...items, '.El'];
}

function optionList(options: Readonly<Record<string, OptionSpec>>): readonly string[] {
  const items = Object.entries(options).flatMap(([name, option]) => {
    const short = option.short === undefined ? '' : `Fl ${option.short} , `;
    return [
      `.It ${short}${flag(name, option)}`,
      ...paragraph(sentence(option.help)),
      ...choicesOf(name, option),
    ];
  });
  return ['.Bl -tag -width Ds', ...items, '.El'];
}

/** A list of choices that the option itself is too short for. */
function choicesOf(name: string, { choices }: OptionSpec): readonly string[] {
  const shown = choices?.join('|');
  if (choices === undefined || shown === shownValue(name, { help: '', choices })) {
    return [];
  }
  return paragraph(`It is one of ${choices.join(', ')}.`);
}

/** `Fl -until Ar TIME`. */
function flag(name: string, option: OptionSpec): string {
  return isFlag(option) ? `Fl -${name}` : `Fl -${name} Ar ${text(shownValue(name, option))}`;
}
