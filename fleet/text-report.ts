/** The outcome of a simulation as text: one table for groups, one for locks, and who never updated. Pure. */
import { describeDuration } from '../src/cli/duration.ts';
import { printable } from '../src/errors.ts';
import type { Arrival, GroupOutcome, LockOutcome, Outcome } from '../src/fleet/outcome.ts';
import type { Plan } from '../src/fleet/plan.ts';
import { MINUTE_MS } from '../src/text/units.ts';
import { table } from './table.ts';

const PERCENT = 100;

export function textReport(plan: Plan, outcome: Outcome): string {
  const spanMs = plan.untilAt - plan.fromAt;
  const nodes = outcome.groups.reduce((sum, group) => sum + group.nodes, 0);
  return [
    `${nodes} nodes from ${day(plan.fromAt)} to ${day(plan.untilAt)}, seed ${plan.seed}`,
    '',
    ...table([
      ['GROUP', 'RELEASE', 'NODES', 'MEDIAN', '95TH', 'LAST', ''],
      ...outcome.groups.flatMap(arrivalRows),
    ]),
    '',
    ...table([
      ['GROUP', 'MOST DOWN', 'REBOOTS', 'ON WORKDAYS', 'MISSED', 'FAILED STAGINGS', 'IN A BAD RELEASE'],
      ...outcome.groups.map((group) => [
        group.name,
        `${group.mostDown} of ${group.nodes}`,
        String(group.reboots),
        share(group.workdayReboots, group.reboots),
        String(group.missedReboots),
        String(group.failedStagings),
        group.releases.some(({ isBad }) => isBad) ? String(group.exposed) : '-',
      ]),
    ]),
    ...lockRows(outcome.locks, spanMs),
    '',
    ...stuckRows(outcome.groups),
  ]
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function arrivalRows({ name, nodes, releases }: GroupOutcome): string[][] {
  return releases.length === 0
    ? [[name, 'none is published', '', '', '', '', '']]
    : releases.map((release, index) => [index === 0 ? name : '', ...arrivalRow(release, nodes)]);
}

/** Of how long after the publication nodes are in it, or in a newer one. */
function arrivalRow({ version, afterMs, isBad }: Arrival, nodes: number): string[] {
  return [
    version,
    `${afterMs.length} of ${nodes}`,
    ...[0.5, 0.95].map((part) => shown(quantile(afterMs, part, nodes))),
    afterMs.length < nodes ? 'not yet' : shown(afterMs.at(-1)),
    isBad ? 'bad' : '',
  ];
}

/** Of all nodes; those that have not arrived are later than any. Undefined: too few have arrived. */
export function quantile(ascending: readonly number[], part: number, nodes: number): number | undefined {
  return ascending[Math.max(Math.ceil(part * nodes) - 1, 0)];
}

function shown(ms: number | undefined): string {
  return ms === undefined ? 'not yet' : ms < MINUTE_MS ? 'at once' : describeDuration(ms);
}

function lockRows(locks: readonly LockOutcome[], spanMs: number): string[] {
  if (locks.length === 0) {
    return [];
  }
  return [
    '',
    ...table([
      ['LOCK', 'SLOTS', 'MOST HELD', 'LENT', 'FREE WHILE NODES WAITED'],
      ...locks.map(({ name, slots, mostHolders, heldMs, idleMs }) => [
        printable(name),
        String(slots),
        String(mostHolders),
        share(heldMs, spanMs * slots),
        describeDuration(idleMs),
      ]),
    ]),
  ];
}

function stuckRows(groups: readonly GroupOutcome[]): string[] {
  const rows = groups.flatMap(({ name, stuck }) =>
    stuck.map(({ by, reason, nodes }) => [name, String(nodes), by, printable(reason)]),
  );
  return rows.length === 0
    ? ['Every node has left the release that it began with.']
    : [
        'Nodes that never updated, and what holds them:',
        ...table([['GROUP', 'NODES', 'BY', 'REASON'], ...rows]),
      ];
}

function share(part: number, whole: number): string {
  return whole === 0 ? '-' : `${Math.round((part / whole) * PERCENT)} %`;
}

function day(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
