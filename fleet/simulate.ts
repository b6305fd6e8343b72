/** Command `simulate`: what a plan does to a fleet, before the fleet hears of it. */
import { writeFile } from 'node:fs/promises';
import { UsageError } from '../src/cli/usage-error.ts';
import { messageOf, printable } from '../src/errors.ts';
import { simulateFleet } from '../src/fleet/simulate-fleet.ts';
import { HOUR_MS } from '../src/text/units.ts';
import type { CommandSpec, Given } from './command-spec.ts';
import { calendarOf } from './calendar-report.ts';
import { instantOption } from './instant-option.ts';
import { jsonReport } from './json-report.ts';
import { MOST_DAYS } from './plan-keys.ts';
import { readPlan, type PlanOverrides } from './read-plan.ts';
import { textReport } from './text-report.ts';

export const SIMULATE: CommandSpec = {
  name: 'simulate',
  words: ['PLAN.toml'],
  summary: 'try a plan: who updates when, what is down at once, who never updates and why',
  options: {
    from: { value: 'DATE', doc: 'when it begins, in place of the plan: 2026-12-01 or 2026-12-01T00:00:00Z' },
    days: { value: 'N', doc: 'how long it goes on, in place of the plan' },
    seed: { value: 'N', doc: 'the luck, in place of the plan; the same seed gives the same bytes' },
    html: { value: 'FILE', doc: 'also write one page with three plots' },
    ics: { value: 'FILE', doc: 'also write the windows of each group as a calendar' },
    json: { doc: 'print everything as JSON instead' },
  },
  run: simulate,
};

async function simulate({ words, values, flags }: Given): Promise<number> {
  const [file = ''] = words;
  const { plan, warnings } = await readPlan(file, overridesOf(values), Date.now());
  for (const warning of warnings) {
    process.stderr.write(`warning: ${warning}\n`);
  }
  const hours = (plan.untilAt - plan.fromAt) / HOUR_MS;
  const outcome = simulateFleet(plan, {
    onHour: (hour) => {
      if (process.stderr.isTTY && hour % 24 === 0) {
        process.stderr.write(`\rsimulating: ${Math.round((hour / hours) * 100)} %`);
      }
    },
  });
  if (process.stderr.isTTY) {
    process.stderr.write('\r\u001b[K');
  }
  const html = values.get('html');
  if (html !== undefined) {
    const { htmlReport } = await import('./html-report.ts');
    await write(html, await htmlReport(plan, outcome));
  }
  const ics = values.get('ics');
  if (ics !== undefined) {
    await write(ics, calendarOf(plan));
  }
  process.stdout.write(flags.has('json') ? jsonReport(plan, outcome) : textReport(plan, outcome));
  return 0;
}

function overridesOf(values: ReadonlyMap<string, string>): PlanOverrides {
  const from = values.get('from');
  const days = values.get('days');
  const seed = values.get('seed');
  return {
    ...(from !== undefined && { fromAt: instantOption('from', from) }),
    ...(days !== undefined && { days: whole('days', days, 1, MOST_DAYS) }),
    ...(seed !== undefined && { seed: whole('seed', seed, 0, 2 ** 31 - 1) }),
  };
}

function whole(name: string, text: string, least: number, most: number): number {
  const number = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= least && number <= most)) {
    throw new UsageError(
      `--${name} must be a whole number from ${least} to ${most}, got ${printable(JSON.stringify(text.slice(0, 100)))}`,
    );
  }
  return number;
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new Error(`cannot write ${printable(file)}: ${messageOf(error)}`, { cause: error });
  }
}
