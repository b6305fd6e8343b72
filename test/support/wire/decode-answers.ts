/** Answers and signals of encode.ts, read by a client; see decode.ts. Pure. */
import type { BusValue } from '../../../src/dbus/types.ts';
import type { Explanation } from '../../../src/why/explanation.ts';
import type { CalendarSpan, HistoryEntry, ShownSetting } from '../../../src/service/agent-port.ts';
import { decodeBound, decodeGate } from './decode.ts';
import { Fields, known, listOf } from './fields.ts';

const STAGES = ['none', 'available', 'staged', 'finalized'] as const satisfies Explanation['stage'][];
const SPANS = ['window', 'freeze', 'turn'] as const satisfies CalendarSpan['kind'][];

/** The answer of `Explain`. */
export function decodeExplanation(value: BusValue | undefined): Explanation {
  const fields = new Fields(value, 'Explain');
  return {
    asOfAt: fields.instant('as-of'),
    release: fields.maybeText('release'),
    stage: fields.word('stage', STAGES),
    lower: decodeBound(fields.fields('lower')),
    upper: decodeBound(fields.fields('upper')),
    assumptions: fields.texts('assumptions'),
    gates: fields.list('gates').map(decodeGate),
  };
}

/** The answer of `History`. */
export function decodeHistory(value: BusValue | undefined): readonly HistoryEntry[] {
  return listOf(value, 'History').map(decodeEntry);
}

/** The body of `Happened`. */
export function decodeHappened(value: BusValue | undefined): HistoryEntry {
  return decodeEntry(new Fields(value, 'Happened'));
}

function decodeEntry(fields: Fields): HistoryEntry {
  return {
    at: fields.instant('at'),
    kind: fields.text('kind'),
    text: fields.text('text'),
    fields: fields.plain(['at', 'kind', 'text']),
  };
}

/** The answer of `Calendar`. */
export function decodeCalendar(value: BusValue | undefined): readonly CalendarSpan[] {
  return listOf(value, 'Calendar').map((fields) => ({
    kind: fields.word('kind', SPANS),
    startAt: fields.instant('start'),
    ...known({ endAt: fields.maybeInstant('end') }),
    text: fields.text('text'),
  }));
}

/** The answer of `ShowConfiguration`. */
export function decodeSettings(value: BusValue | undefined): readonly ShownSetting[] {
  return listOf(value, 'ShowConfiguration').map((fields) => ({
    key: fields.text('key'),
    value: fields.text('value'),
    file: fields.text('file'),
    masked: fields.texts('masked'),
  }));
}
