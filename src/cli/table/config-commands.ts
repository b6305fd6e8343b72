/** The commands about what is configured. None of them needs the agent where the caller may read all files. */
import { UsageError } from '../usage-error.ts';
import { type CommandGroup, JSON_OPTION } from './command-spec.ts';

const MOST_DAYS = 366;

/** A whole number of days. Throws UsageError. */
export function parseDays(text: string): number {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (days < 1 || days > MOST_DAYS) {
    throw new UsageError(`it must be a whole number from 1 to ${MOST_DAYS}, got "${text}"`);
  }
  return days;
}

export const CONFIG_COMMANDS = {
  'config check': {
    help: 'check the configuration of this host, or the drop-ins in folders',
    about: [
      'All errors are told at once. Nothing is run, and no server is asked.',
      'Folders are checked on their own, as in a working copy or in a CI job. What only a host has is told as a note.',
      'Of several folders the last one counts most, as /etc does on a host: /usr/lib, /run, /etc.',
    ],
    arguments: [
      { name: 'folder', help: 'with drop-ins; without any, those of this host', optional: true, rest: true },
    ],
    options: JSON_OPTION,
    exits: ['notPermitted', 'config'],
  },
  'config show': {
    help: 'print every setting that is in force, as TOML',
    about: ['Of an address no password is shown.', 'Where a file is not for the caller, the agent is asked.'],
    options: {
      origin: { help: 'say which file set each value, and which files it replaced' },
      ...JSON_OPTION,
    },
    exits: ['notPermitted', 'config'],
  },
  'config schema': {
    help: 'print a JSON Schema of the configuration, for editors',
    about: [
      'A first line such as `#:schema ./zincati.schema.json` in a drop-in tells an editor where it is.',
    ],
  },
  calendar: {
    help: 'show the maintenance windows and freezes that come',
    about: [
      'Times are those of `updates.periodic.time_zone`.',
      'Where a file is not for the caller, the agent is asked.',
    ],
    options: {
      days: { value: 'DAYS', parse: parseDays, help: 'how far to look ahead; 14, if it is not given' },
      ics: { help: 'print iCalendar, for calendar programs' },
      ...JSON_OPTION,
    },
    exits: ['notPermitted', 'config'],
  },
} as const satisfies CommandGroup;
