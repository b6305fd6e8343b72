/** Command `calendar`: what comes, as a table and a drawn week, as iCalendar, or as JSON. Needs no agent. */
import { createHash } from 'node:crypto';

import { drawnWeek } from '../calendar/drawn-week.ts';
import { icalendar, type IcalEvent } from '../calendar/icalendar.ts';
import type { ZoneRules } from '../calendar/zone-rules.ts';
import { loadSettings } from '../config/load-settings.ts';
import { ConfigError, IdentityError, linesOf } from '../errors.ts';
import { loadIdentity } from '../identity/identity.ts';
import { createPeriodicGate } from '../strategies/periodic.ts';
import type { PeriodicSchedule } from '../strategies/periodic-schedule.ts';
import { upcoming, type UpcomingSpan } from '../strategies/upcoming.ts';
import { DAY_MS } from '../text/units.ts';
import type { CommandOf } from './command-line.ts';
import { EXIT } from './exit-codes.ts';
import { document } from './json-document.ts';
import { isKeptFromCaller, tellKeptFromCaller } from './kept-from-caller.ts';

const DEFAULT_DAYS = 14;
/** Of the drawn week, whatever is asked for. */
const WEEK_DAYS = 7;

/** Never rejects for a configuration that cannot be used. */
export async function showCalendar(command: CommandOf<'calendar'>): Promise<number> {
  const { root, days = DEFAULT_DAYS, ics, json } = command;
  const nowAt = Date.now();
  let found: Found;
  try {
    found = await find(root);
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof IdentityError)) {
      throw error;
    }
    if (error instanceof ConfigError && isKeptFromCaller(error)) {
      return tellKeptFromCaller(command);
    }
    process.stderr.write(`${linesOf(error)}\n\`zincati config check\` says more.\n`);
    return EXIT.config;
  }
  const { schedule, nodeUuid, strategies } = found;
  const spans = schedule === undefined ? [] : upcoming(schedule, nowAt, nowAt + days * DAY_MS);
  if (ics) {
    process.stdout.write(icalendar(eventsOf(spans, nodeUuid, nowAt + days * DAY_MS), nowAt));
  } else if (json) {
    const zone = schedule?.zone.name;
    process.stdout.write(document('Calendar', { ...(zone !== undefined && { timeZone: zone }), spans }));
  } else {
    const { showInstant } = await import('../calendar/luxon-zone.ts');
    process.stdout.write(
      schedule === undefined
        ? `there are no maintenance windows: updates.strategy is ${strategies.join(', ')}\n`
        : tableOf(
            spans,
            (at) => showInstant(schedule.zone, at),
            schedule.zone,
            nowAt,
            days,
            process.stdout.columns,
          ),
    );
  }
  return EXIT.ok;
}

interface Found {
  /** Undefined: strategy `periodic` is not in use. */
  readonly schedule: PeriodicSchedule | undefined;
  readonly nodeUuid: string;
  readonly strategies: readonly string[];
}

async function find(root: string): Promise<Found> {
  const { settings } = await loadSettings(root);
  const { nodeUuid } = await loadIdentity(root, settings);
  const { strategies, periodic } = settings.updates;
  if (!strategies.includes('periodic')) {
    return { schedule: undefined, nodeUuid, strategies };
  }
  const warn = (text: string): void => void process.stderr.write(`${text}\n`);
  const gate = await createPeriodicGate({ settings: periodic, nodeUuid, root, warn });
  return { schedule: await gate.schedule(), nodeUuid, strategies };
}

/** Columns: what, from, to. `show` writes an instant; `width`: of the terminal; undefined where there is none. */
export function tableOf(
  spans: readonly UpcomingSpan[],
  show: (at: number) => string,
  zone: ZoneRules,
  nowAt: number,
  days: number,
  width = 80,
): string {
  const rows = spans.map(({ text, startAt, endAt }) => [
    startAt <= nowAt ? `since ${show(startAt)}` : show(startAt),
    endAt === undefined ? 'no end in sight' : show(endAt),
    text,
  ]);
  const first = Math.max(0, ...rows.map(([from = '']) => from.length));
  const second = Math.max(0, ...rows.map(([, to = '']) => to.length));
  const wide = first + second + 22 <= width;
  const listed = rows.map(([from = '', to = '', text = '']) =>
    wide ? `${from.padEnd(first)}  to  ${to.padEnd(second)}  ${text}` : `${from}\n  to ${to}\n  ${text}`,
  );
  const none = `nothing in the next ${days === 1 ? 'day' : `${days} days`}`;
  const drawn = drawnWeek(
    spans.flatMap(({ kind, ...span }) => (kind === 'turn' ? [] : [{ kind, ...span }])),
    zone,
    nowAt,
    width,
  );
  const legend = '# open, + open for a part of it, x frozen, . closed';
  const list = listed.length === 0 ? [none] : listed;
  return `${[...list, '', ...drawn.slice(0, 1 + Math.min(days, WEEK_DAYS)), legend].join('\n')}\n`;
}

/** One event for each span. Its name is made of the node, the kind and the start, so that reading it again adds none. */
export function eventsOf(
  spans: readonly UpcomingSpan[],
  nodeUuid: string,
  horizonAt: number,
): readonly IcalEvent[] {
  return spans.map(({ kind, startAt, endAt, text }) => ({
    uid: `${createHash('sha256').update(`${nodeUuid} ${kind} ${startAt}`).digest('hex').slice(0, 32)}@zincati`,
    startAt,
    endAt: endAt ?? horizonAt,
    summary: text,
    isBusy: kind !== 'freeze',
  }));
}
