/**
 * Command `calendar`: what comes, as a table and a drawn week, as iCalendar, or as JSON. The agent is
 * asked only where the caller may not read all files.
 */
import { createHash } from 'node:crypto';
import os from 'node:os';

import { drawnWeek } from '../calendar/drawn-week.ts';
import { icalendar, type IcalEvent } from '../calendar/icalendar.ts';
import type { ZoneRules } from '../calendar/zone-rules.ts';
import { loadSettings } from '../config/load-settings.ts';
import { ConfigError, isSetupError, linesOf } from '../errors.ts';
import { loadIdentity, needsOf } from '../identity/identity.ts';
import { nodeUuid } from '../identity/node-uuid.ts';
import { createPeriodicGate } from '../strategies/periodic.ts';
import { upcoming } from '../strategies/upcoming.ts';
import { DAY_MS } from '../text/units.ts';
import { agentCalendar } from './agent-calendar.ts';
import type { SpanFacts } from './agent-facts.ts';
import type { CommandOf } from './command-line.ts';
import { EXIT } from './exit-codes.ts';
import { document } from './json-document.ts';
import { isKeptFromCaller, tellKeptFromCaller } from './kept-from-caller.ts';
import { err, out } from './standard-streams.ts';

const DEFAULT_DAYS = 14;
/** Of the drawn week, whatever is asked for. */
const WEEK_DAYS = 7;

/** Never rejects for a configuration that cannot be used. */
export async function showCalendar(command: CommandOf<'calendar'>): Promise<number> {
  const { root, days = DEFAULT_DAYS, ics, json } = command;
  const nowAt = Date.now();
  const untilAt = nowAt + days * DAY_MS;
  let found: Found;
  try {
    found = await find(root, nowAt, untilAt);
  } catch (error) {
    if (!isSetupError(error)) {
      throw error;
    }
    const isKept = error instanceof ConfigError && isKeptFromCaller(error);
    const known = isKept ? await fromAgent(root, days) : undefined;
    if (known === undefined && isKept) {
      return tellKeptFromCaller(command);
    }
    if (known === undefined) {
      err(`${linesOf(error)}\n\`zincati config check\` says more.\n`);
      return EXIT.config;
    }
    found = known;
  }
  const { spans, zone, node, strategies } = found;
  if (ics) {
    out(icalendar(eventsOf(spans, node, untilAt), nowAt));
  } else if (json) {
    out(document('Calendar', { ...(zone !== undefined && { timeZone: zone.name }), spans }));
  } else {
    const { showInstant } = await import('../calendar/luxon-zone.ts');
    out(
      zone === undefined
        ? `there are no maintenance windows: updates.strategy is ${strategies.join(', ')}\n`
        : tableOf(spans, (at) => showInstant(zone, at), zone, nowAt, days, process.stdout.columns),
    );
  }
  return EXIT.ok;
}

interface Found {
  readonly spans: readonly SpanFacts[];
  /** Undefined: strategy `periodic` is not in use. */
  readonly zone: ZoneRules | undefined;
  /** What tells the events of this node from those of others. */
  readonly node: string;
  readonly strategies: readonly string[];
}

async function find(root: string, fromAt: number, untilAt: number): Promise<Found> {
  const { settings } = await loadSettings(root);
  const { nodeUuid } = await loadIdentity(root, settings, needsOf(undefined));
  const { strategies, periodic } = settings.updates;
  if (!strategies.includes('periodic')) {
    return { spans: [], zone: undefined, node: nodeUuid, strategies };
  }
  const warn = (text: string): void => err(`${text}\n`);
  const gate = await createPeriodicGate({ settings: periodic, nodeUuid, root, warn });
  const schedule = await gate.schedule();
  return { spans: upcoming(schedule, fromAt, untilAt), zone: schedule.zone, node: nodeUuid, strategies };
}

/** Undefined where the agent does not say. */
async function fromAgent(root: string, days: number): Promise<Found | undefined> {
  const calendar = await agentCalendar(root, days);
  // Every user may read the machine's id. A host without any has one calendar all the same.
  return calendar && { ...calendar, node: await nodeUuid(root).catch(() => os.hostname()) };
}

/** Columns: what, from, to. `show` writes an instant; `width`: of the terminal; undefined where there is none. */
export function tableOf(
  spans: readonly SpanFacts[],
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
    spans.flatMap(({ kind, ...span }) => (kind === 'window' || kind === 'freeze' ? [{ kind, ...span }] : [])),
    zone,
    nowAt,
    width,
  );
  const legend = '# open, + open for a part of it, x frozen, . closed';
  const list = listed.length === 0 ? [none] : listed;
  return `${[...list, '', ...drawn.slice(0, 1 + Math.min(days, WEEK_DAYS)), legend].join('\n')}\n`;
}

/** One event for each span. Its name is made of the node, the kind and the start, so that reading it again adds none. */
export function eventsOf(spans: readonly SpanFacts[], node: string, horizonAt: number): readonly IcalEvent[] {
  return spans.map(({ kind, startAt, endAt, text }) => ({
    uid: `${createHash('sha256').update(`${node} ${kind} ${startAt}`).digest('hex').slice(0, 32)}@zincati`,
    startAt,
    endAt: endAt ?? horizonAt,
    summary: text,
    isBusy: kind !== 'freeze',
  }));
}
