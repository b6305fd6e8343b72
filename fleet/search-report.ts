/** What a search found, as text and as JSON. Pure. */
import { describeDuration } from '../src/cli/duration.ts';
import { printable } from '../src/errors.ts';
import { PROPERTIES } from '../src/fleet/search/safety.ts';
import type { Found, FoundViolation } from '../src/fleet/search/search.ts';
import { transcriptOf, type TranscriptLine } from '../src/fleet/search/transcript.ts';
import { SECOND_MS } from '../src/text/units.ts';
import { table } from './table.ts';

/** The format's own number: it grows when a reader would have to change. */
const FORMAT = 1;

export function searchText(all: readonly Found[]): string {
  return [
    ...table([
      [
        'NODES',
        'SLOTS',
        'CRASHES',
        'FAULTS',
        'REQUESTS',
        'STATES',
        'MOVES',
        'DEPTH',
        'COLLISION',
        'VIOLATIONS',
      ],
      ...all.map(({ bounds, states, moves, depth, collisionOdds, violation, isComplete }) => [
        ...[bounds.nodes, bounds.slots].map(String),
        ...[bounds.crashes, bounds.faults, bounds.requests].map((most) => (most === 0 ? '0' : `<= ${most}`)),
        ...[states, moves, depth].map(String),
        collisionOdds.toExponential(0),
        violation === undefined ? (isComplete ? '0' : '0 so far') : '1',
      ]),
    ]),
    '',
    ...all.flatMap((found) => verdictOf(found)),
    ...(all.every(({ violation }) => violation === undefined)
      ? ['', 'In none of these states:', ...PROPERTIES.map((property) => `  ${property}`)]
      : []),
  ]
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function verdictOf({ bounds, violation, isComplete, depth, stepsToGood }: Found): readonly string[] {
  const nodes = bounds.nodes === 1 ? '1 node' : `${bounds.nodes} nodes`;
  if (violation !== undefined) {
    return [
      `${nodes}: ${violation.message}, after ${violation.depth} moves:`,
      ...table(transcriptOf(bounds, violation).map(rowOf)),
      '',
    ];
  }
  const rest = `once everything works, all is well within ${stepsToGood} steps`;
  return [
    isComplete
      ? `${nodes}: every state within these bounds was looked at; ${rest}.`
      : `${nodes}: stopped at the bound of states, at depth ${depth}; there are more. So far, ${rest}.`,
  ];
}

function rowOf({ move, node, atMs, state, effect, told }: TranscriptLine): readonly string[] {
  const at = atMs < SECOND_MS ? '0 s' : describeDuration(atMs);
  return [`  ${move}`, `node ${node}`, at, state, effect, told.map(printable).join('; ')];
}

/** One document, ended by a line feed. Lengths are milliseconds. */
export function searchJson(all: readonly Found[]): string {
  const document = {
    search: FORMAT,
    properties: PROPERTIES,
    searches: all.map(({ violation, ...found }) => ({
      ...found,
      ...(violation !== undefined && { violation: withTranscript(found.bounds, violation) }),
    })),
  };
  return `${JSON.stringify(document)}\n`;
}

function withTranscript(bounds: Found['bounds'], { property, message, depth, path }: FoundViolation): object {
  return { property, message, depth, transcript: transcriptOf(bounds, { path }) };
}
