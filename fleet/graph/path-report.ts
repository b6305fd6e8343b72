/** The way of a node through a graph as text and as JSON. Pure. */
import type { Rollout } from '../../src/cincinnati/policy/rollout.ts';
import type { Hop, Walk, WalkEnd } from '../../src/cincinnati/review/walk-graph.ts';
import { printable } from '../../src/errors.ts';
import { MINUTE_MS, SECOND_MS } from '../../src/text/units.ts';
import { table } from '../table.ts';
import { utcInstant, utcMinute } from './utc-text.ts';

export interface PathReport {
  readonly source: string;
  readonly fromAt: number;
  readonly wariness: number;
  readonly walk: Walk;
  readonly assumptions: readonly string[];
}

/** The format's own number: it grows when a reader would have to change. */
const FORMAT = 1;
/** As agents send it. */
const WARINESS_DECIMALS = 6;

export function pathText({ walk, wariness, fromAt, assumptions }: PathReport): string {
  const { hops } = walk;
  const rows = hops.map((hop, index) => [
    String(index + 1),
    hop.version,
    utcMinute(hop.offeredAt),
    hop.rebootAt === undefined ? 'never' : utcMinute(hop.rebootAt),
    notesOf(hop),
  ]);
  return [
    `from ${utcMinute(fromAt)}, a node of wariness ${Number(wariness.toFixed(WARINESS_DECIMALS))}`,
    ...(hops.length === 0
      ? []
      : ['', ...table([['HOP', 'RELEASE', 'OFFERED', 'REBOOTS AT THE EARLIEST', ''], ...rows])]),
    '',
    `It ends at ${walk.last.version} after ${hops.length} ${hops.length === 1 ? 'hop' : 'hops'}: ${endText(walk.end)}.`,
    ...assumptions.map((assumption) => `Assumed: ${assumption}.`),
  ]
    .map((line) => `${printable(line).trimEnd()}\n`)
    .join('');
}

function notesOf({ barrier, rollout, replaced, byName, version }: Hop): string {
  return [
    ...(byName ? [`only by name: zincati update --to ${version}`] : []),
    ...(barrier === undefined ? [] : [barrier === '' ? 'barrier' : `barrier: ${barrier}`]),
    ...(rollout === undefined ? [] : [rolloutText(rollout)]),
    ...(replaced.length === 0 ? [] : [`staged before, and replaced: ${replaced.join(', ')}`]),
  ].join('; ');
}

function rolloutText({ startEpoch = 0, startValue = 0, durationMinutes }: Rollout): string {
  if (durationMinutes === undefined) {
    return `rollout that stays at ${startValue}`;
  }
  const endAt = startEpoch * SECOND_MS + Math.max(durationMinutes, 1) * MINUTE_MS;
  return `rollout from ${utcMinute(startEpoch * SECOND_MS)} to ${utcMinute(endAt)}`;
}

function endText(end: WalkEnd): string {
  switch (end.kind) {
    case 'arrived':
      return 'that is where it was to end';
    case 'newest':
      return 'nothing newer is in the graph';
    case 'stranded':
      return 'no edge leads on, and there are newer releases';
    case 'off-graph':
      return 'the graph does not have this release';
    case 'deadend':
      return `it is a dead-end: ${end.reason}`;
    case 'withheld':
      return `the rollout of ${end.version} does not reach this node`;
    case 'held':
      return `no reboot comes: ${end.reason}`;
    case 'passed':
      return `the next one is ${end.version}, which leads past the release that was asked for`;
    case 'downgrade-refused':
      return `the graph leads back to ${end.version}, and the agent refuses a downgrade`;
    case 'failed':
      return `the check fails: ${end.reason}`;
  }
}

export function pathJson({ source, fromAt, wariness, walk, assumptions }: PathReport): string {
  const document = {
    graphPath: FORMAT,
    source,
    from: utcInstant(fromAt),
    wariness,
    hops: walk.hops.map(({ offeredAt, rebootAt, ...hop }) => ({
      ...hop,
      offeredAt: utcInstant(offeredAt),
      ...(rebootAt !== undefined && { rebootAt: utcInstant(rebootAt) }),
    })),
    end: { ...walk.end, text: endText(walk.end) },
    last: walk.last,
    assumptions,
  };
  return `${JSON.stringify(document)}\n`;
}
