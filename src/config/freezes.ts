/** Parses `[[updates.periodic.freeze]]`: times without reboots. A lock server's groups have them too. Pure. */
import type { Freeze, FreezeEdge } from '../calendar/freeze.ts';
import { DAY_MS } from '../text/units.ts';
import { REFUSED, isList, isTable } from './checker.ts';
import type { Parser } from './checks.ts';
import { DATE_SHAPE, TEXT } from './json-shapes.ts';
import { isKeyOf, readKeys, type Schema } from './read-keys.ts';
import { TomlDate } from './toml.ts';

const DATE = /^\d{4}-\d\d-\d\d$/;
const DATE_TIME = /^\d{4}-\d\d-\d\dT[\d:.]+$/i;
const WITH_OFFSET = /^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/i;
const EXPECTED = 'a date such as 2026-12-20 or a date-time such as 2026-12-20T18:00:00, without quotes';
/** It has to fit one line of the journal and of the status text. */
const LONGEST_REASON = 200;

/** `wholeDays`: how many days to add to a plain date. An end needs one, so that it includes its day. */
function edge(wholeDays: 0 | 1): Parser<FreezeEdge> {
  return (value, at) => {
    if (!(value instanceof TomlDate)) {
      return at.refuse(EXPECTED, value);
    }
    const { text } = value;
    if (DATE.test(text)) {
      return { kind: 'local', ms: Date.parse(`${text}T00:00:00Z`) + wholeDays * DAY_MS };
    }
    if (WITH_OFFSET.test(text)) {
      return { kind: 'instant', ms: Date.parse(text) };
    }
    return DATE_TIME.test(text) ? { kind: 'local', ms: Date.parse(`${text}Z`) } : at.refuse(EXPECTED, value);
  };
}

const reason: Parser<string> = (value, at) =>
  typeof value === 'string' && value.trim() !== '' && value.length <= LONGEST_REASON && !/\p{Cc}/u.test(value)
    ? value.trim()
    : at.refuse(`a text of one line and at most ${LONGEST_REASON} characters`, value);

interface FreezeValues {
  from: FreezeEdge;
  until: FreezeEdge;
  reason: string;
}

const UNSET: FreezeEdge = { kind: 'instant', ms: 0 };

export const FREEZE_FIELDS: Schema<FreezeValues> = {
  from: {
    type: 'date or date-time',
    parse: edge(0),
    json: DATE_SHAPE,
    fallback: UNSET,
    doc: 'when it begins; a date means the beginning of that day',
  },
  until: {
    type: 'date or date-time',
    parse: edge(1),
    json: DATE_SHAPE,
    fallback: UNSET,
    doc: 'when it ends; a date means the end of that day, which is frozen as well',
  },
  reason: {
    type: 'text',
    parse: reason,
    json: TEXT,
    fallback: '',
    doc: 'why, for whoever asks why the node does not reboot',
  },
};

/** All freezes of one file. One bad freeze makes the whole list refused. */
export const freezes: Parser<readonly Freeze[]> = (value, at) => {
  if (!isList(value)) {
    return at.refuse(`a list of tables, each opened by ${at.header}`, value);
  }
  const all = value.map((entry, index) => freeze(entry, at.inList(index)));
  const good = all.filter((each) => each !== REFUSED);
  return good.length === all.length ? good : REFUSED;
};

const freeze: Parser<Freeze> = (value, at) => {
  if (!isTable(value)) {
    return at.refuse('a table', value);
  }
  const { from, until, reason: why } = readKeys(FREEZE_FIELDS, value, at);
  for (const name of Object.keys(FREEZE_FIELDS)) {
    if (isKeyOf(FREEZE_FIELDS, name) && !value.has(name)) {
      at.inTable(name).refuseText(`must be given: ${FREEZE_FIELDS[name].doc}`);
    }
  }
  if (from === undefined || until === undefined || why === undefined) {
    return REFUSED;
  }
  if (from.kind === until.kind && until.ms <= from.ms) {
    return at.inTable('until').refuseText('must be after from');
  }
  return { from, until, reason: why };
};
