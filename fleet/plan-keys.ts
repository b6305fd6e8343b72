/** The keys of a plan, as people write them: how each is read, its default, and what the documentation says. Pure. */
import { isList, isTable, REFUSED, type Checker, type Refused } from '../src/config/checker.ts';
import { fraction, timeZone, wholeNumber, type Parser } from '../src/config/checks.ts';
import { clockTime } from '../src/config/maintenance-windows.ts';
import { integer, FRACTION, TEXT, TEXTS, type JsonShape } from '../src/config/json-shapes.ts';
import { INSTANT_RANGE, isInRange } from './instant-option.ts';
import type { KeyDescriptor, Schema } from '../src/config/read-keys.ts';
import { TomlDate, type TomlValue } from '../src/config/toml.ts';

/** More nodes than any fleet has. */
export const MOST_NODES = 1_000_000;
export const MOST_DAYS = 366;
export const MOST_RELEASES = 1000;
/** Node numbers of SQL and of shells hold it. */
const LARGEST_SEED = 2 ** 31 - 1;

export interface PlanValues {
  /** Undefined: the midnight that comes. */
  from: number | undefined;
  days: number;
  seed: number;
  'releases.every_days': number;
  'releases.first_day': number;
  'releases.rollout_hours': number;
  'releases.bad_every': number;
  'releases.halt_hours': number;
  'releases.barrier_every': number;
  'releases.graph': string;
  'releases.stream': string;
  'releases.arch': string;
  group: readonly TomlValue[];
}

export interface GroupValues {
  name: string;
  nodes: number;
  config: readonly string[];
  time_zones: readonly string[];
  slots: number;
  booted: string;
  'download.megabytes': number;
  'download.megabits': number;
  'download.fails': number;
  'reboot.seconds': number;
  'reboot.fails': number;
  'reboot.hangs': number;
  'reboot.repair_hours': number;
  'logins.per_day': number;
  'logins.minutes': number;
  'logins.from': number;
  'logins.until': number;
  'logins.days': ReadonlySet<number>;
  'power.from': number;
  'power.until': number;
  'power.days': ReadonlySet<number>;
}

const SCOPE_NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;

const instant: Parser<number | undefined> = (value, at) => {
  const text = value instanceof TomlDate ? value.text : undefined;
  const hasOffset =
    text !== undefined && (/(?:Z|[+-]\d\d:\d\d)$/i.test(text) || /^\d{4}-\d\d-\d\d$/.test(text));
  const parsed = hasOffset ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(parsed)) {
    return at.refuse(
      'a date such as 2026-12-01, or a date and time with offset such as 2026-12-01T00:00:00Z',
      value,
    );
  }
  return isInRange(parsed) ? parsed : at.refuse(`a date ${INSTANT_RANGE}`, value);
};

function number(least: number, most: number, unit: string): Parser<number> {
  return (value, at) => {
    const found = typeof value === 'bigint' ? Number(value) : value;
    return typeof found === 'number' && found >= least && found <= most
      ? found
      : at.refuse(`a number of ${unit} from ${least} to ${most}`, value);
  };
}

function text(pattern: RegExp, expected: string): Parser<string> {
  return (value, at) =>
    typeof value === 'string' && pattern.test(value) ? value : at.refuse(expected, value);
}

function oneOrMore<T>(
  one: (value: TomlValue, at: Checker) => T | Refused,
  expected: string,
): Parser<readonly T[]> {
  return (value, at) => {
    const entries = isList(value) ? value : [value];
    if (entries.length === 0) {
      return at.refuse(expected, value);
    }
    const read = entries.map((entry, index) => one(entry, isList(value) ? at.inList(index) : at));
    const good = read.filter((entry): entry is Exclude<typeof entry, Refused> => entry !== REFUSED);
    return good.length === read.length ? good : REFUSED;
  };
}

/** A node of a plan has no zone of its own that `localtime` could mean. */
const zoneName: Parser<string> = (value, at) =>
  value === '' || value === 'localtime'
    ? at.refuse('a time zone name such as "Europe/Berlin"', value)
    : timeZone(value, at);

const tables: Parser<readonly TomlValue[]> = (value, at) =>
  isList(value) && value.length > 0 && value.every(isTable)
    ? value
    : at.refuse('a list of tables, each opened by [[group]]', value);

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const weekdays: Parser<ReadonlySet<number>> = (value, at) => {
  const read = oneOrMore<number>((entry, here) => {
    const found = typeof entry === 'string' ? WEEKDAYS.indexOf(entry.toLowerCase().slice(0, 3)) : -1;
    return found < 0 ? here.refuse('a weekday such as "Mon"', entry) : found;
  }, 'a list of weekdays such as ["Mon", "Tue"]')(value, at);
  return read === REFUSED ? REFUSED : new Set(read);
};

const endOfDay: Parser<number> = (value, at) => (value === '24:00' ? 24 * 60 : clockTime(value, at));

const EVERY_DAY: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 5, 6]);
const WORKDAYS: ReadonlySet<number> = new Set([1, 2, 3, 4, 5]);

function key<T>(type: string, parse: Parser<T>, json: JsonShape, fallback: T, doc: string): KeyDescriptor<T> {
  return { type, parse, json, fallback, doc };
}

function count(
  least: number,
  most: number,
  unit: string,
  fallback: number,
  doc: string,
): KeyDescriptor<number> {
  return key('integer', wholeNumber(least, most, unit), integer(least, most), fallback, doc);
}

function amount(
  least: number,
  most: number,
  unit: string,
  fallback: number,
  doc: string,
): KeyDescriptor<number> {
  return key(
    'number',
    number(least, most, unit),
    { type: 'number', minimum: least, maximum: most },
    fallback,
    doc,
  );
}

function odds(doc: string): KeyDescriptor<number> {
  return key('number', fraction, FRACTION, 0, doc);
}

function clock(parse: Parser<number>, fallback: number, doc: string): KeyDescriptor<number> {
  return key('text "h:mm"', parse, TEXT, fallback, doc);
}

export const PLAN_KEYS: Schema<PlanValues> = {
  from: key(
    'date or date-time',
    instant,
    {},
    undefined,
    'when it begins; without it, at the next midnight UTC',
  ),
  days: count(1, MOST_DAYS, 'days', 30, 'how long it goes on'),
  seed: count(0, LARGEST_SEED, 'the seed', 1, 'the luck: the same seed gives the same result'),
  'releases.every_days': amount(0.1, MOST_DAYS, 'days', 14, 'a release is published so often'),
  'releases.first_day': amount(
    0,
    MOST_DAYS,
    'days',
    1,
    'when the first one is published, days after the beginning',
  ),
  'releases.rollout_hours': amount(
    0,
    24 * 60,
    'hours',
    48,
    'each reaches the whole fleet within so long; 0: at once',
  ),
  'releases.bad_every': count(
    0,
    MOST_RELEASES,
    'releases',
    0,
    'one in so many does harm, the last of them; 0: none',
  ),
  'releases.halt_hours': amount(
    0,
    24 * MOST_DAYS,
    'hours',
    24,
    'a bad one is halted so long after its publication',
  ),
  'releases.barrier_every': count(
    0,
    MOST_RELEASES,
    'releases',
    0,
    'one in so many must be booted by every node; 0: none',
  ),
  'releases.graph': key(
    'text',
    text(/./, 'the path or the address of an update graph'),
    TEXT,
    '',
    'an update graph in place of made-up releases: a path beside the plan, or the address of a server',
  ),
  'releases.stream': key(
    'text',
    text(SCOPE_NAME, 'the name of a stream'),
    TEXT,
    'stable',
    'of a graph with an address: what is asked for',
  ),
  'releases.arch': key(
    'text',
    text(SCOPE_NAME, 'the name of an architecture'),
    TEXT,
    'x86_64',
    'of a graph with an address: what is asked for',
  ),
  group: key('list of tables', tables, { type: 'array' }, [], 'the nodes, see below'),
};

export const GROUP_KEYS: Schema<GroupValues> = {
  name: key(
    'text',
    text(/^[\w. -]{1,64}$/, 'a text of 1 to 64 letters, digits, dots, blanks, - and _'),
    TEXT,
    '',
    'its name',
  ),
  nodes: count(1, MOST_NODES, 'nodes', 1, 'how many'),
  config: key(
    'text or list of texts',
    oneOrMore(text(/./, 'the path of a folder'), 'the path of a folder, or a list of them'),
    TEXTS,
    [],
    'folders of drop-ins, as on the nodes, the weakest first; paths beside the plan',
  ),
  time_zones: key(
    'text or list of texts',
    oneOrMore(zoneName, 'a time zone name, or a list of them'),
    TEXTS,
    ['UTC'],
    'local time of the nodes, which take turns',
  ),
  slots: count(1, MOST_NODES, 'slots', 1, 'of its lock, where the configuration asks a lock server'),
  booted: key(
    'text',
    text(/./, 'a version of the graph'),
    TEXT,
    '',
    'the version that they have booted at the beginning; without it, the oldest',
  ),
  'download.megabytes': amount(0, 1e6, 'megabytes', 700, 'of each release'),
  'download.megabits': amount(0.001, 1e6, 'megabits', 100, 'a second, of each node'),
  'download.fails': odds('how likely a staging fails, 0 to 1'),
  'reboot.seconds': count(0, 86_400, 'seconds', 180, 'from the reboot until the agent runs again'),
  'reboot.fails': odds('how likely a reboot leads back to the release before, 0 to 1'),
  'reboot.hangs': odds('how likely the node does not come up, until somebody repairs it, 0 to 1'),
  'reboot.repair_hours': amount(0, 24 * MOST_DAYS, 'hours', 24, 'until it is repaired'),
  'logins.per_day': amount(0, 100, 'logins', 0, 'on an average day, of each node'),
  'logins.minutes': count(1, 10_080, 'minutes', 30, 'how long each lasts'),
  'logins.from': clock(clockTime, 9 * 60, 'the first begin, local time'),
  'logins.until': clock(endOfDay, 17 * 60, 'no one begins later'),
  'logins.days': key('list of weekdays', weekdays, TEXTS, WORKDAYS, 'days with logins'),
  'power.from': clock(clockTime, 0, 'the node is switched on, local time'),
  'power.until': clock(endOfDay, 24 * 60, 'the node is switched off'),
  'power.days': key('list of weekdays', weekdays, TEXTS, EVERY_DAY, 'days on which it is switched on'),
};
