/** An instant as systemd prints it, in UTC. Pure. */

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

/** `Thu 2021-08-05 10:48:44 UTC`. */
export function longDate(at: number): string {
  const date = new Date(at);
  const iso = date.toISOString();
  return `${WEEKDAYS[date.getUTCDay()] ?? ''} ${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}
