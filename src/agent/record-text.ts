/**
 * The record as text and back. Pure: src/history/record-store.ts reads and writes the file.
 *
 * Invariants:
 * - Whatever text is given, reading ends in an answer, never in an exception.
 * - Entries that are not what they should be are left out one by one, and each is named.
 * - What a version before this one kept and this one does not, such as `events`, is passed over.
 * - `readText(toText(record))` finds the record and drops nothing.
 */
import {
  DENIAL_REASONS,
  EMPTY_RECORD,
  type AgentRecord,
  type Asked,
  type Attempts,
  type Denial,
  type StagedTarget,
  type StageTerms,
} from './record.ts';
import { JsonLimitError, parseJsonText, RECORD_JSON } from '../text/bounded-json.ts';
import { SCHEMES, type Target } from './release.ts';
import {
  HOLD_ID,
  HOLDABLE,
  isInstant,
  LONGEST_REASON,
  LONGEST_RELEASE,
  MOST_ADMIN_DENIALS,
  MOST_HOLDS,
  type AdminDenial,
  type Asker,
  type Hold,
} from './requests.ts';
import { MOST_SLOTS, type MayHold, type SlotFiles } from './slot-place.ts';

/** A later format has a higher number, and is told from damage by it. */
export const FORMAT = 1;
const LONGEST_TEXT = 2000;
const LONGEST_LIST = 1000;

export function toText(record: AgentRecord): string {
  return `${JSON.stringify({ format: FORMAT, ...record }, undefined, 1)}\n`;
}

export type ReadText =
  /** `dropped`: what was left out, each as `denials[2]`. */
  | { readonly kind: 'record'; readonly record: AgentRecord; readonly dropped: readonly string[] }
  /** A version of this program after this one wrote it. */
  | { readonly kind: 'newer'; readonly format: number }
  /** `why`: a sentence that goes on from the name of the file. */
  | { readonly kind: 'none'; readonly why: string };

const NO_RECORD: ReadText = { kind: 'none', why: 'it is not a record that this program wrote' };

export function readText(source: string): ReadText {
  let value: unknown;
  try {
    value = parseJsonText(source, RECORD_JSON);
  } catch (error) {
    return error instanceof JsonLimitError ? { kind: 'none', why: error.message } : NO_RECORD;
  }
  if (!isTable(value)) {
    return NO_RECORD;
  }
  const format = whole(value['format']) ?? 0;
  if (format > FORMAT) {
    return { kind: 'newer', format };
  }
  if (format !== FORMAT) {
    return NO_RECORD;
  }
  const dropped: string[] = [];
  const record: AgentRecord = {
    ...EMPTY_RECORD,
    denials: list(value, 'denials', denial, dropped),
    boots: list(value, 'boots', target, dropped),
    attempts: list(value, 'attempts', attempts, dropped),
    asked: single(value, 'asked', asked, dropped),
    staged: single(value, 'staged', stagedTarget, dropped),
    holds: list(value, 'holds', hold, dropped).slice(-MOST_HOLDS),
    adminDenials: list(value, 'adminDenials', adminDenial, dropped).slice(-MOST_ADMIN_DENIALS),
    slots: list(value, 'slots', slot, dropped).slice(-MOST_SLOTS),
    ...known({
      stalledSinceAt: whole(value['stalledSinceAt']),
      installation: text(value['installation']),
    }),
  };
  return { kind: 'record', record, dropped };
}

type Table = Readonly<Record<string, unknown>>;

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list<T>(table: Table, key: string, read: (entry: Table) => T | undefined, dropped: string[]): T[] {
  const value = table[key];
  if (!Array.isArray(value)) {
    if (isPresent(value)) {
      dropped.push(key);
    }
    return [];
  }
  const entries: readonly unknown[] = value;
  const skipped = Math.max(entries.length - LONGEST_LIST, 0);
  if (skipped > 0) {
    dropped.push(`the first ${skipped} of ${key}`);
  }
  return entries.slice(skipped).flatMap((entry, at) => {
    const good = isTable(entry) ? read(entry) : undefined;
    if (good !== undefined) {
      return [good];
    }
    dropped.push(`${key}[${skipped + at}]`);
    return [];
  });
}

function single<T>(
  table: Table,
  key: string,
  read: (entry: Table) => T | undefined,
  dropped: string[],
): T | undefined {
  const value = table[key];
  const good = isTable(value) ? read(value) : undefined;
  if (good === undefined && isPresent(value)) {
    dropped.push(key);
  }
  return good;
}

/** `parts` without those that are undefined. */
function known<T extends Table>(parts: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** `parts`, if there are all of them. */
function complete<T extends Table>(parts: T): { [K in keyof T]: Exclude<T[K], undefined> } | undefined {
  return Object.values(parts).includes(undefined)
    ? undefined
    : (parts as { [K in keyof T]: Exclude<T[K], undefined> });
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= LONGEST_TEXT ? value : undefined;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** Instants and counts: whole and not negative. */
function whole(value: unknown): number | undefined {
  // Adding 0 makes a plain zero of a negative one.
  return isWhole(value) && value >= 0 ? value + 0 : undefined;
}

function target(value: Table): Target | undefined {
  const of = isTable(value['payload']) ? value['payload'] : {};
  const payload = complete({
    scheme: SCHEMES.find((scheme) => scheme === of['scheme']),
    value: text(of['value']),
  });
  return complete({ payload, version: text(value['version']) });
}

function stagedTarget(value: Table): StagedTarget | undefined {
  const of = target(value);
  const terms = isTable(value['terms']) ? stageTerms(value['terms']) : undefined;
  return of && { ...of, ...known({ terms, deploymentId: text(value['deploymentId']) }) };
}

function stageTerms(value: Table): StageTerms {
  return {
    ...(value['ignoreRollout'] === true && { ignoreRollout: true }),
    ...known({ to: text(value['to']) }),
  };
}

function asker(value: unknown): Asker | undefined {
  return isTable(value) ? complete({ uid: whole(value['uid']) }) : undefined;
}

/** Whether there is no end, or one that can be read: otherwise the entry is none, since it would last for good. */
function hasGoodEnd({ untilAt }: Table): boolean {
  return untilAt === undefined || whole(untilAt) !== undefined;
}

function shortReason(value: unknown): string | undefined {
  return text(value)?.slice(0, LONGEST_REASON);
}

function hold(value: Table): Hold | undefined {
  const { id } = value;
  const untilAt = whole(value['untilAt']);
  const of = complete({
    id: typeof id === 'string' && HOLD_ID.test(id) ? id : undefined,
    what: HOLDABLE.find((what) => what === value['what']),
    by: asker(value['by']),
    reason: shortReason(value['reason']),
    sinceAt: whole(value['sinceAt']),
  });
  return of && hasGoodEnd(value) && isInstant(untilAt ?? 0) ? { ...of, ...known({ untilAt }) } : undefined;
}

function adminDenial(value: Table): AdminDenial | undefined {
  const release = text(value['release']);
  const isName = release !== undefined && release !== '' && release.length <= LONGEST_RELEASE;
  return complete({
    release: isName ? release : undefined,
    by: asker(value['by']),
    reason: shortReason(value['reason']),
    sinceAt: whole(value['sinceAt']),
  });
}

function denial(value: Table): Denial | undefined {
  const of = target(value);
  const more = complete({
    reason: DENIAL_REASONS.find((reason) => reason === value['reason']),
    sinceAt: whole(value['sinceAt']),
    strikes: whole(value['strikes']),
  });
  return of && more && hasGoodEnd(value)
    ? { ...of, ...more, ...known({ untilAt: whole(value['untilAt']) }) }
    : undefined;
}

function attempts(value: Table): Attempts | undefined {
  const of = target(value);
  const more = complete({
    stages: whole(value['stages']),
    reboots: whole(value['reboots']),
    sinceAt: whole(value['sinceAt']),
  });
  return of && more && { ...of, ...more };
}

function asked(value: Table): Asked | undefined {
  const of = target(value);
  const more = complete({ at: whole(value['at']), bootId: text(value['bootId']) });
  return of && more && { ...of, ...more };
}

function slot(value: Table): MayHold | undefined {
  const of = complete({
    lender: text(value['lender']),
    address: text(value['address']),
    group: text(value['group']),
    id: text(value['id']),
    sinceAt: whole(value['sinceAt']),
  });
  const files = isTable(value['files']) ? slotFiles(value['files']) : undefined;
  return of && { ...of, ...known({ files, grantedAt: whole(value['grantedAt']) }) };
}

function slotFiles(value: Table): SlotFiles {
  return known({
    ca: text(value['ca']),
    cert: text(value['cert']),
    key: text(value['key']),
    bearer: text(value['bearer']),
  });
}
