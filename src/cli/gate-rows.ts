/** Gates as rows: name, whether it lets the node pass, why, and until when. Pure. */
import type { GateFacts } from './agent-facts.ts';
import { row } from './columns.ts';
import { gateName, passText, wordsOf } from './gate-words.ts';
import { type Terms, tinted } from './terms.ts';

const VERDICTS: Readonly<Record<string, string>> = { pass: 'yes', block: 'NO', unknown: '?' };
const INDENT = 2;
const VERDICT_WIDTH = 6;

export function gateRows(gates: readonly GateFacts[], terms: Terms): readonly string[] {
  const nameWidth = Math.max(0, ...gates.map((gate) => gateName(gate).length)) + 2;
  return gates.flatMap((gate) => {
    const name = gateName(gate).padEnd(nameWidth);
    const verdict = VERDICTS[gate.verdict] ?? '?';
    const label = `${' '.repeat(INDENT)}${name}${verdict}`;
    const text = gate.verdict === 'pass' ? passText(gate, terms) : wordsOf(gate, terms).detail;
    return row(label, text, {
      labelWidth: INDENT + nameWidth + VERDICT_WIDTH,
      width: terms.width,
      paint: (shown) =>
        gate.verdict === 'block' ? shown.replace(/NO\b/, tinted('NO', 'bad', terms)) : shown,
    });
  });
}
