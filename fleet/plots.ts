/**
 * The plots of a simulation, as SVG. The only file that knows vega.
 *
 * Invariants:
 * - The same data gives the same bytes: no clock, no locale, no random names.
 * - Nothing is loaded from anywhere.
 */
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Outcome } from '../src/fleet/outcome.ts';
import type { Plan } from '../src/fleet/plan.ts';

const WIDTH = 720;
const HEIGHT = 220;
const HOURS = 24;
/** Monday first, as people plan. */
const WEEK = [
  ['Mon', 1],
  ['Tue', 2],
  ['Wed', 3],
  ['Thu', 4],
  ['Fri', 5],
  ['Sat', 6],
  ['Sun', 0],
] as const;
/** So many points of time are enough for the width. */
const MOST_POINTS = 360;

const CONFIG = {
  background: 'white',
  font: 'sans-serif',
  view: { stroke: '#ccc' },
  axis: { labelColor: '#333', titleColor: '#333', gridColor: '#eee' },
} as const;

const TIME_AXIS = { title: null, format: '%d %b', labelAngle: 0, tickCount: 10 } as const;

/** Nodes by the release that they have booted, over time. */
export function releasesPlot({ releases }: Plan, { samples }: Outcome): Promise<string> {
  const values = thinned(samples).flatMap(({ at, booted }) =>
    releases.flatMap(({ version, isBad }, place) => ({
      at,
      place,
      release: isBad ? `${version} (bad)` : version,
      nodes: booted[place] ?? 0,
    })),
  );
  const everSeen = new Set(values.filter(({ nodes }) => nodes > 0).map(({ place }) => place));
  return svg('releases', {
    data: { values: values.filter(({ place }) => everSeen.has(place)) },
    mark: { type: 'area', interpolate: 'step-after' },
    encoding: {
      x: { field: 'at', type: 'temporal', scale: { type: 'utc' }, axis: TIME_AXIS },
      y: { field: 'nodes', type: 'quantitative', aggregate: 'sum', stack: 'zero', title: 'nodes' },
      color: {
        field: 'release',
        type: 'nominal',
        sort: { field: 'place', op: 'min', order: 'ascending' },
        scale: { scheme: 'tableau10' },
        title: null,
      },
      order: { field: 'place', type: 'quantitative' },
    },
  });
}

/** The most nodes of each group that were down at once, against the slots where a lock limits them. */
export function downPlot({ groups, locks }: Plan, { samples }: Outcome): Promise<string> {
  const names = groups.map(({ name }) => name);
  const values = thinnedByMost(samples).flatMap(({ at, downByGroup }) =>
    names.map((group, index) => ({ at, group, down: downByGroup[index] ?? 0 })),
  );
  const limits = groups.flatMap(({ name, lock }) => {
    const slots = locks.find((one) => one.name === lock)?.slots;
    return slots === undefined ? [] : [{ group: name, slots }];
  });
  const colour = {
    field: 'group',
    type: 'nominal',
    scale: { domain: names, scheme: 'tableau10' },
    title: null,
  } as const;
  return svg('down', {
    layer: [
      {
        data: { values },
        mark: { type: 'line', interpolate: 'step-after', strokeWidth: 1.5 },
        encoding: {
          x: { field: 'at', type: 'temporal', scale: { type: 'utc' }, axis: TIME_AXIS },
          y: { field: 'down', type: 'quantitative', title: 'down at once' },
          color: colour,
        },
      },
      {
        data: { values: limits },
        mark: { type: 'rule', strokeDash: [4, 4] },
        encoding: { y: { field: 'slots', type: 'quantitative' }, color: colour },
      },
    ],
  });
}

/** Reboots by weekday and hour of local time. */
export function weekPlot({ groups }: Outcome): Promise<string> {
  const values = WEEK.flatMap(([day, weekday]) =>
    Array.from({ length: HOURS }, (_, hour) => ({
      day,
      hour,
      reboots: groups.reduce((sum, { week }) => sum + (week[weekday]?.[hour] ?? 0), 0),
    })),
  );
  return svg('week', {
    data: { values },
    mark: { type: 'rect', stroke: 'white' },
    encoding: {
      x: { field: 'hour', type: 'ordinal', title: 'hour, local time', axis: { labelAngle: 0 } },
      y: { field: 'day', type: 'ordinal', sort: WEEK.map(([day]) => day), title: null },
      color: { field: 'reboots', type: 'quantitative', scale: { scheme: 'blues' }, title: 'reboots' },
    },
  });
}

function thinned(samples: Outcome['samples']): Outcome['samples'] {
  const every = Math.max(1, Math.ceil(samples.length / MOST_POINTS));
  return samples.filter((_, index) => index % every === 0);
}

/** No peak is lost. */
function thinnedByMost(samples: Outcome['samples']): Outcome['samples'] {
  const every = Math.max(1, Math.ceil(samples.length / MOST_POINTS));
  return thinned(samples).map((sample, index) => {
    const some = samples.slice(index * every, (index + 1) * every);
    return {
      ...sample,
      downByGroup: sample.downByGroup.map((_, group) =>
        Math.max(...some.map(({ downByGroup }) => downByGroup[group] ?? 0)),
      ),
    };
  });
}

async function svg(name: string, spec: TopLevelSpec): Promise<string> {
  const whole: TopLevelSpec = { ...spec, width: WIDTH, height: HEIGHT, config: CONFIG };
  const view = new View(parse(compile(whole).spec), { renderer: 'none' });
  try {
    return withOwnIds(name, await view.toSVG());
  } finally {
    view.finalize();
  }
}

/** The library counts ids over all plots of a process; and two plots of one page must not share any. */
function withOwnIds(name: string, text: string): string {
  const ids = [...text.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id ?? '');
  return ids.reduce(
    (renamed, id, index) =>
      renamed
        .replaceAll(`id="${id}"`, `id="${name}-${index}"`)
        .replaceAll(`url(#${id})`, `url(#${name}-${index})`),
    text,
  );
}
