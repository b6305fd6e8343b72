/** A maintenance window as configured, before its time zone is looked up. */
import type { DateSelector } from './opens-on.ts';

/**
 * Opens at `startMinutes` on each date that its selector names, and stays open for `lengthMinutes`. It may cross
 * midnight and the end of the week. Lists are ascending and without repetitions; a window with an empty list never
 * opens.
 */
export interface MaintenanceWindow extends DateSelector {
  /** Minutes after local midnight, 0 to 1439. */
  readonly startMinutes: number;
  readonly lengthMinutes: number;
  /** An IANA name or `localtime`; without it, the zone of the calendar. */
  readonly timeZone?: string;
}
