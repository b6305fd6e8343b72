/** docs/commands.md, from the table of commands and from what the commands print. */
import { EXIT, type ExitName } from '../../src/cli/exit-codes.ts';
import { EXIT_HELP, exitsOf, needs, sentence, shownValue, usageOf } from '../../src/cli/help.ts';
import { KINDS } from '../../src/cli/json-document.ts';
import { block, type Printed } from './walk-page.ts';
import { COMMAND_NAMES, type CommandName, specOf } from '../../src/cli/table/commands.ts';

/** A command line, and what it prints, without the last line break. */
export type Example = Printed;

const HEAD = `# Commands

\`zincati\` shows what the agent does on this node, and changes what it does. \`zincati help COMMAND\` and \`man zincati\` say
the same as this page. Looking takes no reboot slot, asks no server, writes nothing, and needs no root.

The commands ask the agent over the [system bus](dbus.md). Where it does not run, \`zincati status\` says so first, with what
the service manager knows, and what to do.

* Times are those of the host's zone, or of \`TZ\`. Their zone is named.
* Colours, progress and redrawing are for terminals alone. \`NO_COLOR\` turns colours off.
* \`--json\` prints one document a line: \`{"apiVersion":"zincati.v1","kind":"Status",...}\`. Its instants are RFC 3339, in UTC.
  What is not known is left out. Later versions add keys. The kinds are ${KINDS.map((kind) => `\`${kind}\``).join(', ')}; their schemas are in
  \`/usr/share/zincati/schemas/v1\`.
* Who may not do something gets the \`sudo\` line that may. On a terminal, polkit may ask for a password.

## Exit codes

| code | what it means |
|---|---|
`;

/** `examples`: at most one a command, by its words. */
export function commandsPage(examples: Readonly<Partial<Record<CommandName, Example>>>): string {
  const names = Object.keys(EXIT_HELP).filter((name): name is ExitName => name in EXIT);
  const codes = names.map((name) => `| ${EXIT[name]} | ${EXIT_HELP[name]} |\n`).join('');
  const listed = COMMAND_NAMES.filter((name) => specOf(name).isHidden !== true);
  return `${HEAD}${codes}\n${listed.map((name) => section(name, examples[name])).join('\n')}`;
}

function section(name: CommandName, example: Example | undefined): string {
  const spec = specOf(name);
  const { about = [], options = {}, arguments: args = [] } = spec;
  const rows = [
    ...args.map((one) => [one.name.toUpperCase(), one.help]),
    ...Object.entries(options).map(([option, one]) => {
      const isLong = one.choices !== undefined && shownValue(option, one) !== one.choices.join('|');
      const choices = isLong ? `: ${(one.choices ?? []).map((word) => `\`${word}\``).join(', ')}` : '';
      const short = one.short === undefined ? '' : `-${one.short}, `;
      return [`${short}--${option}`, `${one.help}${choices}`];
    }),
  ];
  const table = rows
    .map(([left = '', right = '']) => `| \`${left}\` | ${right.replaceAll('|', String.raw`\|`)} |\n`)
    .join('');
  const exits = exitsOf(spec).map((exit) => EXIT[exit]);
  return [
    `## ${name}\n`,
    `\`\`\`\n${usageOf(name)}\n\`\`\`\n`,
    ...[[sentence(spec.help), ...about, ...needs(spec)].join('\n')].map((text) => `${text}\n`),
    ...(table === '' ? [] : [`| option | what |\n|---|---|\n${table}`]),
    `Exit codes: ${exits.join(', ')}.\n`,
    ...(example === undefined ? [] : [`${block(example)}\n`]),
  ].join('\n');
}
