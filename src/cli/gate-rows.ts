/** Gates as rows: name, whether it lets the node pass, and why. Pure. */
import type { GateFacts } from './agent-facts.ts';
import { row } from './columns.ts';
import { distance, localTimeAndDistance, type Terms, tinted } from './terms.ts';

/** What people call a gate, as what is needed. Another one has its own name. */
const NAMES: Readonly<Record<string, string>> = {
  enabled: 'updates enabled',
  denied: 'not denied',
  hold: 'no hold',
  periodic: 'window',
  free_space: 'room on /boot',
};

const VERDICTS: Readonly<Record<string, string>> = { pass: 'yes', block: 'NO', unknown: '?' };
const INDENT = 2;
const VERDICT_WIDTH = 6;

export function gateRows(gates: readonly GateFacts[], terms: Terms): readonly string[] {
  const nameWidth = Math.max(0, ...gates.map((gate) => gateName(gate.gate).length)) + 2;
  return gates.flatMap((gate) => {
    const name = gateName(gate.gate).padEnd(nameWidth);
    const verdict = VERDICTS[gate.verdict] ?? '?';
    const label = `${' '.repeat(INDENT)}${name}${verdict}`;
    return row(label, gateText(gate, terms), {
      labelWidth: INDENT + nameWidth + VERDICT_WIDTH,
      width: terms.width,
      paint: (text) => (gate.verdict === 'block' ? text.replace(/NO\b/, tinted('NO', 'bad', terms)) : text),
    });
  });
}

function gateName(gate: string): string {
  return NAMES[gate] ?? gate.replaceAll('_', ' ');
}

/** The reason, with the instants that belong to it. */
export function gateText({ verdict, reason, earliestAt, latestAt, asOfAt }: GateFacts, terms: Terms): string {
  const isPass = verdict === 'pass';
  // "Not before now" says nothing.
  const isLater = earliestAt !== undefined && earliestAt > terms.now;
  const parts = [
    reason,
    isPass || !isLater ? undefined : `not before ${localTimeAndDistance(earliestAt, terms)}`,
    isPass || latestAt === undefined ? undefined : `at the latest ${localTimeAndDistance(latestAt, terms)}`,
    asOfAt === undefined || terms.now - asOfAt < FRESH_MS ? undefined : `seen ${distance(asOfAt, terms)}`,
  ];
  return parts.filter((part) => part !== undefined).join('; ');
}

const FRESH_MS = 60_000;
