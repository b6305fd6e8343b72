/** The keys of a plan as rows of a table in its documentation. Pure. */
import type { KeyDescriptor } from '../src/config/read-keys.ts';

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Markdown, one row for each key. */
export function keyRows(
  schema: Readonly<Record<string, Pick<KeyDescriptor<unknown>, 'type' | 'fallback' | 'doc'>>>,
): readonly string[] {
  return Object.entries(schema).map(
    ([name, { type, fallback, doc }]) => `| \`${name}\` | ${type} | ${shown(fallback, type)} | ${doc} |`,
  );
}

function shown(fallback: unknown, type: string): string {
  if (fallback instanceof Set) {
    const days = [...fallback].map((day) => WEEKDAYS[Number(day)] ?? '');
    return days.length === WEEKDAYS.length ? 'all' : days.join(', ');
  }
  if (fallback === undefined || fallback === '' || (Array.isArray(fallback) && fallback.length === 0)) {
    return 'none';
  }
  if (typeof fallback === 'number' && type.startsWith('text')) {
    const hours = String(Math.floor(fallback / 60)).padStart(2, '0');
    return `${hours}:${String(fallback % 60).padStart(2, '0')}`;
  }
  return Array.isArray(fallback) ? fallback.join(', ') : JSON.stringify(fallback).replaceAll('"', '');
}
