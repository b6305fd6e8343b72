/**
 * Writes iCalendar (RFC 5545), for people who want a node's windows in their own calendar. Pure.
 *
 * Invariants:
 * - All instants are in UTC, so that no definition of a time zone is needed, and none can be wrong.
 * - Lines have at most 75 octets, and no character is cut.
 */
export interface IcalEvent {
  /** Names the event for ever: a calendar that reads the file again changes it instead of adding one. */
  readonly uid: string;
  /** Milliseconds since 1970 UTC; whole seconds count. */
  readonly startAt: number;
  readonly endAt: number;
  readonly summary: string;
  /** Whether it takes up the time: a freeze does not. */
  readonly isBusy: boolean;
}

const LONGEST_LINE = 75;

export function icalendar(events: readonly IcalEvent[], nowAt: number): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//zincati//calendar//EN',
    ...events.flatMap(({ uid, startAt, endAt, summary, isBusy }) => [
      'BEGIN:VEVENT',
      `UID:${escaped(uid)}`,
      `DTSTAMP:${stamp(nowAt)}`,
      `DTSTART:${stamp(startAt)}`,
      `DTEND:${stamp(endAt)}`,
      `SUMMARY:${escaped(summary)}`,
      `TRANSP:${isBusy ? 'OPAQUE' : 'TRANSPARENT'}`,
      'END:VEVENT',
    ]),
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join('');
}

function stamp(at: number): string {
  return new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

function escaped(text: string): string {
  return text.replaceAll(/[\\;,]/g, (character) => `\\${character}`).replaceAll(/\r?\n|\r/g, '\\n');
}

function folded(line: string): string {
  const parts: string[] = [];
  let part = '';
  let length = 0;
  for (const character of line) {
    const octets = Buffer.byteLength(character);
    if (length + octets > LONGEST_LINE) {
      parts.push(part);
      part = '';
      // The blank at the beginning of what continues a line counts.
      length = 1;
    }
    part += character;
    length += octets;
  }
  return [...parts, part].join('\r\n ');
}
