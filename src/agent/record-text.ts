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
  const format = whole(value['format']);
  if (format !== undefined && format > FORMAT) {
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
    ...optionally('bootedSinceAt', instant(value['bootedSinceAt'])),
    ...optionally('hopsDone', whole(value['hopsDone'])),
    ...optionally('stalledSinceAt', whole(value['stalledSinceAt'])),
    ...optionally('installation', text(value['installation'])),
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

function optionally<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, T>);
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= LONGEST_TEXT ? value : undefined;
}

/** Instants and counts: whole and not negative. */
function whole(value: unknown): number | undefined {
  // Adding 0 makes a plain zero of a negative one.
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value + 0 : undefined;
}

/** One that a date can be shown for. */
function instant(value: unknown): number | undefined {
  const at = whole(value);
  return at === undefined || !isInstant(at) ? undefined : at;
}

function target(value: Table): Target | undefined {
  const payload = value['payload'];
  if (!isTable(payload)) {
    return undefined;
  }
  const scheme = SCHEMES.find((known) => known === payload['scheme']);
  const id = text(payload['value']);
  const version = text(value['version']);
  return scheme === undefined || id === undefined || version === undefined
    ? undefined
    : { payload: { scheme, value: id }, version };
}

function stagedTarget(value: Table): StagedTarget | undefined {
  const of = target(value);
  const terms = isTable(value['terms']) ? stageTerms(value['terms']) : undefined;
  const deploymentId = text(value['deploymentId']);
  return (
    of && {
      ...of,
      ...(terms && { terms }),
      ...(deploymentId !== undefined && { deploymentId }),
      ...optionally('sinceAt', instant(value['sinceAt'])),
    }
  );
}

function stageTerms(value: Table): StageTerms {
  const to = text(value['to']);
  return {
    ...(value['ignoreRollout'] === true && { ignoreRollout: true }),
    ...(to !== undefined && { to }),
  };
}

function asker(value: unknown): Asker | undefined {
  const uid = isTable(value) ? whole(value['uid']) : undefined;
  return uid === undefined || uid < 0 ? undefined : { uid };
}

function hold(value: Table): Hold | undefined {
  const id = text(value['id']);
  const what = HOLDABLE.find((known) => known === value['what']);
  const by = asker(value['by']);
  const reason = text(value['reason']);
  const sinceAt = whole(value['sinceAt']);
  const untilAt = whole(value['untilAt']);
  // A hold whose end cannot be read is left out, and named.
  const isDamaged = value['untilAt'] !== undefined && (untilAt === undefined || !isInstant(untilAt));
  if (id === undefined || !HOLD_ID.test(id) || what === undefined || by === undefined || isDamaged) {
    return undefined;
  }
  return reason === undefined || sinceAt === undefined
    ? undefined
    : {
        ...{ id, what, by, reason: reason.slice(0, LONGEST_REASON), sinceAt },
        ...(untilAt !== undefined && { untilAt }),
      };
}

function adminDenial(value: Table): AdminDenial | undefined {
  const release = text(value['release']);
  const by = asker(value['by']);
  const reason = text(value['reason']);
  const sinceAt = whole(value['sinceAt']);
  if (release === undefined || release === '' || release.length > LONGEST_RELEASE) {
    return undefined;
  }
  return by === undefined || reason === undefined || sinceAt === undefined
    ? undefined
    : { release, by, reason: reason.slice(0, LONGEST_REASON), sinceAt };
}

function denial(value: Table): Denial | undefined {
  const of = target(value);
  const reason = DENIAL_REASONS.find((known) => known === value['reason']);
  const sinceAt = whole(value['sinceAt']);
  const strikes = whole(value['strikes']);
  const untilAt = whole(value['untilAt']);
  if (of === undefined || reason === undefined || sinceAt === undefined || strikes === undefined) {
    return undefined;
  }
  if (value['untilAt'] !== undefined && untilAt === undefined) {
    return undefined;
  }
  return { ...of, reason, sinceAt, ...(untilAt === undefined ? {} : { untilAt }), strikes };
}

function attempts(value: Table): Attempts | undefined {
  const of = target(value);
  const stages = whole(value['stages']);
  const reboots = whole(value['reboots']);
  const sinceAt = whole(value['sinceAt']);
  if (of === undefined || stages === undefined || reboots === undefined || sinceAt === undefined) {
    return undefined;
  }
  return { ...of, stages, reboots, sinceAt };
}

function asked(value: Table): Asked | undefined {
  const of = target(value);
  const at = whole(value['at']);
  const bootId = text(value['bootId']);
  return of === undefined || at === undefined || bootId === undefined ? undefined : { ...of, at, bootId };
}

function slot(value: Table): MayHold | undefined {
  const lender = text(value['lender']);
  const address = text(value['address']);
  const group = text(value['group']);
  const id = text(value['id']);
  const sinceAt = whole(value['sinceAt']);
  const grantedAt = whole(value['grantedAt']);
  if (
    lender === undefined ||
    address === undefined ||
    group === undefined ||
    id === undefined ||
    sinceAt === undefined
  ) {
    return undefined;
  }
  const files = isTable(value['files']) ? slotFiles(value['files']) : undefined;
  return {
    lender,
    address,
    group,
    id,
    ...(files !== undefined && { files }),
    sinceAt,
    ...(grantedAt !== undefined && { grantedAt }),
  };
}

function slotFiles(value: Table): SlotFiles {
  const [ca, cert, key, bearer] = ['ca', 'cert', 'key', 'bearer'].map((name) => text(value[name]));
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(bearer !== undefined && { bearer }),
  };
}
