/** Lengths of virtual time as transcripts write them. */
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/text/units.ts';

const SPAN = /^([+-]?)(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;

/** `90s`, `+2h`, `1d12h`, `-30m` in milliseconds; undefined for anything else. */
export function spanMs(text: string): number | undefined {
  const match = SPAN.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, sign, ...parts] = match;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.map((part: string | undefined) =>
    Number(part ?? 0),
  );
  const ms = days * DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS + seconds * SECOND_MS;
  return sign === '-' ? -ms : ms;
}

/** `+0:05:00`, and `+2d 0:05:00` from the second day on. Whole seconds. */
export function sinceStart(ms: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const days = Math.floor(ms / DAY_MS);
  const clock = `${Math.floor((ms % DAY_MS) / HOUR_MS)}:${two((ms % HOUR_MS) / MINUTE_MS)}:${two((ms % MINUTE_MS) / SECOND_MS)}`;
  return days === 0 ? `+${clock}` : `+${days}d ${clock}`;
}
