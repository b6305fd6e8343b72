/** Commands `locks ...`: what lockd has lent, and what people do about it. */
import { UsageError } from '../../src/cli/usage-error.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import type { CommandSpec, Given, OptionSpec } from '../command-spec.ts';
import { ADMIN_OPTIONS, adminClient, whoAsks } from './admin-client.ts';
import { fieldOf } from './client-params.ts';
import { groupsOf, groupsText, historyText, listOf } from './locks-text.ts';

const JSON_OPTION: Readonly<Record<string, OptionSpec>> = {
  json: { doc: 'print the answer as JSON instead' },
};
const REASON: Readonly<Record<string, OptionSpec>> = {
  reason: { value: 'TEXT', doc: 'why; the history has it, and nodes tell it' },
};
const MOST_SHOWN = 1000;

const LIST: CommandSpec = {
  name: 'locks list',
  words: ['[GROUP]'],
  summary: 'who holds a slot and since when, who waits, and which groups are paused or closed',
  options: { ...ADMIN_OPTIONS, ...JSON_OPTION },
  run: (given) =>
    asked(given, '/admin/v1/groups', undefined, (answer) => {
      const [group] = given.words;
      if (group !== undefined && groupsOf(answer, group).length === 0) {
        throw new UsageError(`lockd has no group ${JSON.stringify(group)}`);
      }
      return [{ groups: groupsOf(answer, group) }, groupsText(answer, group, Date.now()), EXIT.ok];
    }),
};

const HISTORY: CommandSpec = {
  name: 'locks history',
  words: ['GROUP'],
  summary: 'who took, gave back, freed and paused what, the latest last',
  options: {
    ...ADMIN_OPTIONS,
    lines: { value: 'N', doc: 'how many; 50 if it is left out' },
    ...JSON_OPTION,
  },
  run: (given) => {
    const lines = given.values.get('lines') ?? '50';
    if (!/^[1-9]\d{0,3}$/.test(lines)) {
      throw new UsageError(`--lines must be a whole number from 1 to 9999, got ${JSON.stringify(lines)}`);
    }
    return asked(given, pathOf(given, 'history'), undefined, (answer) => {
      const entries = listOf(fieldOf(answer, 'entries')).slice(0, Math.min(Number(lines), MOST_SHOWN));
      return [{ entries }, historyText(entries), entries.length === 0 ? EXIT.nothing : EXIT.ok];
    });
  },
};

const RELEASE: CommandSpec = {
  name: 'locks release',
  words: ['GROUP', 'NODE'],
  summary: 'free the slot of a node that does not come back',
  options: { ...ADMIN_OPTIONS, ...REASON, ...JSON_OPTION },
  notes: ['A node that still holds it believes that it does. Exit code 3: it held none.'],
  run: (given) => act(given, 'release', 'freed', 'it held no slot'),
};

const PAUSE: CommandSpec = {
  name: 'locks pause',
  words: ['GROUP'],
  summary: 'lend no new slot of a group; nodes are told why',
  options: { ...ADMIN_OPTIONS, ...REASON, ...JSON_OPTION },
  notes: ['Who holds a slot keeps it.'],
  run: (given) => act(given, 'pause', 'paused', 'it was paused already; the new reason counts'),
};

const RESUME: CommandSpec = {
  name: 'locks resume',
  words: ['GROUP'],
  summary: 'lend slots of a paused group again',
  options: { ...ADMIN_OPTIONS, ...REASON, ...JSON_OPTION },
  run: (given) => act(given, 'resume', 'resumed', 'it was not paused'),
};

export const LOCKS: readonly CommandSpec[] = [LIST, RELEASE, PAUSE, RESUME, HISTORY];

function act(given: Given, action: string, done: string, otherwise: string): Promise<number> {
  const [, id] = given.words;
  const body = {
    by: whoAsks(process.env),
    reason: given.values.get('reason') ?? '',
    ...(id !== undefined && { id }),
  };
  return asked(given, pathOf(given, action), body, (answer) => {
    const isNew = fieldOf(answer, 'changed') === true;
    return [answer, `${isNew ? done : otherwise}\n`, isNew || action === 'pause' ? EXIT.ok : EXIT.nothing];
  });
}

function pathOf({ words: [group = ''] }: Given, action: string): string {
  return `/admin/v1/groups/${encodeURIComponent(group)}/${action}`;
}

async function asked(
  { values, flags }: Given,
  path: string,
  body: object | undefined,
  shown: (answer: unknown) => readonly [json: unknown, text: string, code: number],
): Promise<number> {
  const client = await adminClient(values);
  try {
    const [json, text, code] = shown(await client.ask(path, body));
    process.stdout.write(flags.has('json') ? `${JSON.stringify(json, null, 2)}\n` : text);
    return code;
  } finally {
    await client.close();
  }
}
