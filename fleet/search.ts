/** Command `search`: the agent's own machine in a small fleet, in every state that it can get into. */
import { UsageError } from '../src/cli/usage-error.ts';
import { printable } from '../src/errors.ts';
import { DEFAULT_SEARCHES, ONE_NODE, TWO_NODES, type Bounds } from '../src/fleet/search/bounds.ts';
import { search, type Found } from '../src/fleet/search/search.ts';
import type { CommandSpec, Given } from './command-spec.ts';
import { searchJson, searchText } from './search-report.ts';

/** A bit of a number says which node holds a slot, and more than three nodes take too long. */
const MOST_NODES = 4;
/** A hash counts up to so many of each. */
const MOST_OF_EACH = 15;
/** Numbers of states fit into 31 bits; memory ends before. */
const MOST_STATES = 50_000_000;

export const SEARCH: CommandSpec = {
  name: 'search',
  words: [],
  summary: 'look at every state of the agent in a small fleet, and at what must never happen',
  options: {
    nodes: { value: 'N', doc: 'how many nodes share the lock' },
    slots: { value: 'N', doc: 'slots of the lock; without it, one' },
    crashes: { value: 'N', doc: 'agents that are killed, and nodes that lose power or are rebooted' },
    faults: { value: 'N', doc: 'answers that fail, reboots that do not come or lead back' },
    requests: { value: 'N', doc: 'of people: reboot, hold, deny, cancel and so on' },
    states: { value: 'N', doc: 'stop at so many states; without it, five million' },
    full: { doc: 'nodes take turns at every step, not only where they can notice each other' },
    json: { doc: 'print everything as JSON instead' },
  },
  notes: [
    'Without a bound it runs the searches that its documentation shows, about a minute.',
    'Exit code 1: something was found that must never happen. The shortest way to it is printed.',
  ],
  run,
};

async function run({ values, flags }: Given): Promise<number> {
  const most = values.get('states');
  const limits = most === undefined ? {} : { mostStates: whole('states', most, 1, MOST_STATES) };
  const found: Found[] = [];
  for (const bounds of boundsOf(values, flags)) {
    found.push(search({ ...bounds, ...limits }, tellProgress));
    if (process.stderr.isTTY) {
      process.stderr.write('\r\u001b[K');
    }
  }
  process.stdout.write(flags.has('json') ? searchJson(found) : searchText(found));
  return Promise.resolve(found.some(({ violation }) => violation !== undefined) ? 1 : 0);
}

/** Those that are asked for; otherwise those that every version is to pass. */
export function boundsOf(values: ReadonlyMap<string, string>, flags: ReadonlySet<string>): readonly Bounds[] {
  const given = (['nodes', 'slots', 'crashes', 'faults', 'requests'] as const).filter((name) =>
    values.has(name),
  );
  if (given.length === 0 && !flags.has('full')) {
    return DEFAULT_SEARCHES;
  }
  const nodes = number(values, 'nodes', 1, MOST_NODES) ?? 1;
  const base = nodes === 1 ? ONE_NODE : TWO_NODES;
  return [
    {
      ...base,
      nodes,
      slots: number(values, 'slots', 1, nodes) ?? base.slots,
      crashes: number(values, 'crashes', 0, MOST_OF_EACH) ?? base.crashes,
      faults: number(values, 'faults', 0, MOST_OF_EACH) ?? base.faults,
      requests: number(values, 'requests', 0, MOST_OF_EACH) ?? base.requests,
      isFull: nodes === 1 || flags.has('full'),
    },
  ];
}

function number(
  values: ReadonlyMap<string, string>,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const text = values.get(name);
  return text === undefined ? undefined : whole(name, text, least, most);
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new UsageError(
      `--${name} must be a whole number from ${least} to ${most}, got ${printable(JSON.stringify(text.slice(0, 100)))}`,
    );
  }
  return value;
}

function tellProgress(depth: number, states: number): void {
  if (process.stderr.isTTY) {
    process.stderr.write(`\rsearching: ${states} states, depth ${depth}`);
  }
}
