/** A maintenance window in a few words, for warnings. Pure. */
import type { MaintenanceWindow } from '../config/window.ts';

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const ORDINALS: Readonly<Record<number, string>> = {
  [-1]: 'last ',
  1: '1st ',
  2: '2nd ',
  3: '3rd ',
  4: '4th ',
  5: '5th ',
};

/** `1st Sun, months 1 7, at 3:30 for 60 minutes`. */
export function describeWindow(window: MaintenanceWindow): string {
  const { days, months, daysOfMonth, startMinutes, lengthMinutes, timeZone } = window;
  const parts = [
    days
      ?.map(
        ({ weekday, nth }) =>
          `${nth === undefined ? '' : (ORDINALS[nth] ?? '')}${WEEKDAYS[weekday - 1] ?? ''}`,
      )
      .join(' '),
    daysOfMonth === undefined ? undefined : `day of month ${daysOfMonth.join(' ')}`,
    months === undefined ? undefined : `months ${months.join(' ')}`,
    `at ${Math.floor(startMinutes / 60)}:${String(startMinutes % 60).padStart(2, '0')} for ${lengthMinutes} minutes`,
    timeZone,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}
