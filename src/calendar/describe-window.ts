/** A maintenance window in a few words, for warnings. Pure. */
import type { MaintenanceWindow } from './maintenance-window.ts';

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
  const names = days?.map(
    ({ weekday, nth }) => `${nth === undefined ? '' : (ORDINALS[nth] ?? '')}${WEEKDAYS[weekday - 1] ?? ''}`,
  );
  const parts = [
    listed('', names, 'no days'),
    listed('day of month ', daysOfMonth, 'no day of month'),
    listed('months ', months, 'no months'),
    `at ${Math.floor(startMinutes / 60)}:${String(startMinutes % 60).padStart(2, '0')} for ${lengthMinutes} minutes`,
    timeZone,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

function listed(before: string, list: readonly unknown[] | undefined, empty: string): string | undefined {
  return list?.length === 0 ? empty : list && `${before}${list.join(' ')}`;
}
