/** Instants for people who read about nodes of many time zones. Pure. */

/** `2026-12-01 02:00 UTC`. What no calendar has is `beyond all calendars`. */
export function utcMinute(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime())
    ? 'beyond all calendars'
    : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** RFC 3339; undefined where no calendar has it. */
export function utcInstant(at: number): string | undefined {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
