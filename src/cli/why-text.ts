/** `zincati why` for people. Pure. */
import type { BoundFacts, ExplanationFacts } from './agent-facts.ts';
import { wrap } from './columns.ts';
import { gateRows } from './gate-rows.ts';
import { localTimeAndDistance, type Terms } from './terms.ts';

/** Lines without their breaks. */
export function whyLines(explanation: ExplanationFacts, terms: Terms): readonly string[] {
  const { gates, assumptions } = explanation;
  return [
    ...wrap(`${subject(explanation)} ${outlook(explanation, terms)}`, terms.width),
    ...(gates.length === 0 ? [] : ['', ...gateRows(gates, terms)]),
    ...(assumptions.length === 0 ? [] : ['', 'This assumes:']),
    ...assumptions.flatMap((text) => bullet(text, terms.width)),
  ];
}

function subject({ stage, release }: ExplanationFacts): string {
  const name = release ?? 'A release';
  switch (stage) {
    case 'available':
      return `${name} is available, and not staged yet.`;
    case 'staged':
      return `${name} is staged.`;
    case 'finalized':
      return `${name} is finalized: the reboot is under way.`;
    default:
      return 'No update is known. What follows is about one that the next check would find.';
  }
}

function outlook({ stage, lower, upper }: ExplanationFacts, terms: Terms): string {
  if (stage === 'finalized') {
    return '';
  }
  switch (lower.kind) {
    case 'never-within':
      return `No reboot is possible within ${lower.days} days.`;
    case 'open':
      return 'When it can reboot cannot be told.';
    case 'at': {
      const first = lower.at <= terms.now ? 'now' : localTimeAndDistance(lower.at, terms);
      return `First possible reboot: ${first}${latest(lower.at, upper, terms)}.`;
    }
  }
}

function latest(lower: number, upper: BoundFacts, terms: Terms): string {
  return upper.kind === 'at' && upper.at > lower
    ? `, at the latest ${localTimeAndDistance(upper.at, terms)}`
    : '';
}

function bullet(text: string, width: number | undefined): readonly string[] {
  const [first = '', ...others] = wrap(text, width === undefined ? undefined : width - 4);
  return [`  - ${first}`, ...others.map((line) => `    ${line}`)];
}
