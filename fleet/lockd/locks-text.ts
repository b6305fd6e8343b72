/** What `zincati-fleet locks` prints of groups and their history. Pure. */
import { describeDuration } from '../../src/cli/duration.ts';
import { printable } from '../../src/errors.ts';
import { fieldOf } from './client-params.ts';

/** A line has room for them. */
const MOST_WAITERS_NAMED = 3;

/** `answer`: of the admin interface. `only`: one group; undefined: all. */
export function groupsText(answer: unknown, only: string | undefined, nowAt: number): string {
  const lines: string[] = [];
  for (const group of groupsOf(answer, only)) {
    const holders = listOf(fieldOf(group, 'holders'));
    const pause = fieldOf(group, 'pause');
    const stored = fieldOf(group, 'storedSlots') ?? fieldOf(group, 'slots');
    const differs = stored === fieldOf(group, 'slots') ? '' : `, configured ${textOf(group, 'slots')}`;
    lines.push(`${textOf(group, 'name')}: ${holders.length} of ${String(stored)} slots lent${differs}`);
    if (pause !== undefined) {
      lines.push(
        `  paused by ${textOf(pause, 'by')} ${ago(pause, 'at', nowAt)} ago: ${textOf(pause, 'reason')}`,
      );
    }
    const closed = fieldOf(group, 'closed');
    if (closed !== undefined) {
      const opens = instantOf(closed, 'opensAt');
      const frozen = textOf(closed, 'frozen');
      const when =
        opens === '' ? 'no window is in sight' : `opens ${opens}, in ${until(closed, 'opensAt', nowAt)}`;
      lines.push(`  closed, ${when}${frozen === '' ? '' : `; frozen: ${frozen}`}`);
    }
    for (const holder of holders) {
      const guessed = fieldOf(holder, 'isGuessed') === true ? 'at least ' : '';
      const long = fieldOf(holder, 'isTooLong') === true ? '  TOO LONG' : '';
      const since = instantOf(holder, 'sinceAt');
      lines.push(
        `  ${textOf(holder, 'id')}  since ${since}, ${guessed}${ago(holder, 'sinceAt', nowAt)}${long}`,
      );
    }
    const waiters = listOf(fieldOf(group, 'waiters'));
    if (waiters.length > 0) {
      const names = waiters
        .slice(0, MOST_WAITERS_NAMED)
        .map((waiter) => textOf(waiter, 'id'))
        .join(', ');
      const [first] = waiters;
      const more = Number(textOf(group, 'waiting')) > MOST_WAITERS_NAMED ? ', ...' : '';
      lines.push(
        `  ${textOf(group, 'waiting')} wait, the first for ${ago(first, 'sinceAt', nowAt)}: ${names}${more}`,
      );
    }
  }
  return lines.map((line) => `${printable(line)}\n`).join('');
}

export function groupsOf(answer: unknown, only: string | undefined): readonly unknown[] {
  return listOf(fieldOf(answer, 'groups')).filter(
    (group) => only === undefined || fieldOf(group, 'name') === only,
  );
}

/** The latest last, as logs are read. */
export function historyText(entries: readonly unknown[]): string {
  return entries
    .toReversed()
    .map((entry) => {
      const [id, text] = [textOf(entry, 'id'), textOf(entry, 'text')];
      const parts = [
        instantOf(entry, 'at'),
        textOf(entry, 'kind').padEnd(10),
        id,
        `by ${textOf(entry, 'by')}`,
        text,
      ];
      return `${printable(parts.filter((part) => part !== '').join('  '))}\n`;
    })
    .join('');
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown, name: string): string {
  const found = fieldOf(value, name);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
}

function instantOf(value: unknown, name: string): string {
  const at = fieldOf(value, name);
  return typeof at === 'number' && Math.abs(at) <= 8.64e15
    ? new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
    : '';
}

function ago(value: unknown, name: string, nowAt: number): string {
  const at = fieldOf(value, name);
  return describeDuration(typeof at === 'number' ? Math.max(nowAt - at, 0) : 0);
}

function until(value: unknown, name: string, nowAt: number): string {
  const at = fieldOf(value, name);
  return describeDuration(typeof at === 'number' ? Math.max(at - nowAt, 0) : 0);
}
