/** What differs between two graphs as text and as JSON. Pure. */
import {
  type ChangedKey,
  type Difference,
  isSame,
  type NamedRelease,
  type Next,
  type Shift,
} from '../../src/cincinnati/review/compare-graphs.ts';
import { printable } from '../../src/errors.ts';

export interface ComparedNames {
  readonly before: string;
  readonly after: string;
}

/** The format's own number: it grows when a reader would have to change. */
const FORMAT = 1;
/** Edges of one release that are named; real ones have up to a hundred. */
const MOST_NAMED = 3;
const SHORT_PAYLOAD = 12;

export function diffText({ before, after }: ComparedNames, difference: Difference): string {
  const { added, removed, changed, edgesAdded, edgesRemoved, shifts } = difference;
  if (isSame(difference)) {
    return `${printable(before)} and ${printable(after)} are the same to every node\n`;
  }
  const releases = [
    ...added.map((release) => `  + ${named(release)}`),
    ...removed.map((release) => `  - ${named(release)}`),
    ...changed.map((release) => `  ~ ${release.version}  ${release.keys.map(keyText).join('; ')}`),
  ];
  const edges = [...edgeLines('+', edgesAdded), ...edgeLines('-', edgesRemoved)];
  return [
    `--- ${before}`,
    `+++ ${after}`,
    ...section('Releases', releases),
    ...section('Edges', edges),
    '',
    'What nodes do',
    ...(shifts.length === 0 ? ['  the same as before, at every release'] : shifts.flatMap(shiftLines)),
  ]
    .map((line) => `${printable(line).trimEnd()}\n`)
    .join('');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

function named({ version, payload }: NamedRelease): string {
  const digest = payload.slice(payload.lastIndexOf(':') + 1);
  return `${version}  ${digest.slice(0, SHORT_PAYLOAD)}`;
}

function keyText({ key, before, after }: ChangedKey): string {
  const name = key.replace('org.fedoraproject.coreos.', '');
  const shown = (value: string | undefined): string =>
    value === undefined ? 'nothing' : JSON.stringify(value);
  return `${name}: ${shown(before)} -> ${shown(after)}`;
}

/** By the release that they lead to, since a rollout has an edge from each release before it. */
function edgeLines(sign: string, edges: Difference['edgesAdded']): readonly string[] {
  const byTarget = Map.groupBy(edges, ([, to]) => to);
  return [...byTarget].map(([to, into]) => `  ${sign} ${listed(into.map(([from]) => from))} -> ${to}`);
}

function listed(versions: readonly string[]): string {
  const [first = '', ...others] = versions;
  return versions.length <= MOST_NAMED
    ? versions.join(', ')
    : `${versions.length} releases from ${first} to ${others.at(-1) ?? first}`;
}

function shiftLines({ at, before, after }: Shift): readonly string[] {
  return [`  at ${listed(at.map(({ version }) => version))}: ${meaningOf(before, after)}`];
}

export function meaningOf(before: Next, after: Next): string {
  switch (after.kind) {
    case 'update':
      return before.kind === 'update'
        ? `they take ${after.version} in place of ${before.version}`
        : `they take ${after.version}; before, ${nextText(before)}`;
    case 'no-update':
      return before.kind === 'update'
        ? `they stay; ${before.version} is no longer offered, and is dropped where it is staged`
        : `they stay; before, ${nextText(before)}`;
    case 'off-graph':
      return `they fall off the graph: no update, and DEGRADED after a while; before, ${nextText(before)}`;
    case 'deadend':
      return `they are told that no update comes (${after.reason}); before, ${nextText(before)}`;
    case 'downgrade-refused':
      return `they are led back to ${after.version}, which they refuse; before, ${nextText(before)}`;
    case 'failed':
      return `their checks fail (${after.reason}); before, ${nextText(before)}`;
  }
}

function nextText(next: Next): string {
  switch (next.kind) {
    case 'update':
      return `they took ${next.version}`;
    case 'no-update':
      return 'they stayed';
    case 'off-graph':
      return 'they were off the graph';
    case 'deadend':
      return `they were at a dead-end (${next.reason})`;
    case 'downgrade-refused':
      return `they were led back to ${next.version}`;
    case 'failed':
      return 'their checks failed';
  }
}

export function diffJson(names: ComparedNames, difference: Difference): string {
  const { shifts, ...rest } = difference;
  const document = {
    graphDiff: FORMAT,
    ...names,
    same: isSame(difference),
    ...rest,
    shifts: shifts.map((shift) => ({ ...shift, meaning: meaningOf(shift.before, shift.after) })),
  };
  return `${JSON.stringify(document)}\n`;
}
