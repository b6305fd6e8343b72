/**
 * `zincati why` for people. Pure.
 *
 * Invariants:
 * - The first line is the answer: whether the node can reboot now, and if not, what keeps it and until when.
 * - The line before the gates says what to do about it, where something can be done.
 */
import type { BoundFacts, ExplanationFacts, GateFacts } from './agent-facts.ts';
import { wrap } from './columns.ts';
import { gateRows } from './gate-rows.ts';
import { gateName, wordsOf } from './gate-words.ts';
import { nextStep } from './next-step.ts';
import { localTimeAndDistance, type Terms } from './terms.ts';

/** Lines without their breaks. */
export function whyLines(explanation: ExplanationFacts, terms: Terms): readonly string[] {
  const { gates, assumptions, stage, release = 'the staged release' } = explanation;
  if (stage === 'finalized') {
    return wrap(`The reboot into ${release} is under way.`, terms.width);
  }
  const holder = holderOf(explanation);
  const step = holder === undefined ? undefined : nextStep(explanation, holder);
  const listed = assumptions.length > MOST_INLINE ? assumptions : [];
  return [
    ...wrap(`${answer(explanation, holder, terms)} ${outlook(explanation, terms)}`.trim(), terms.width),
    ...subject(explanation, holder, terms).flatMap((text) => wrap(text, terms.width)),
    ...(step === undefined ? [] : wrap(`To ${step.to}: ${step.command}`, terms.width)),
    ...(gates.length === 0 ? [] : ['', ...gateRows(gates, terms)]),
    ...(listed.length === 0 ? [] : ['', 'This assumes:']),
    ...listed.flatMap((text) => bullet(text, terms.width)),
  ];
}

/** More assumptions than these have lines of their own. */
const MOST_INLINE = 2;

/** Lenders and a busy rpm-ostree are asked last: they keep the node where nothing else does. */
function keepers({ gates }: ExplanationFacts): readonly GateFacts[] {
  return gates.filter(({ verdict, class: of }) => verdict !== 'pass' && of !== 'foreign');
}

/** The one gate that keeps the node most; undefined: none does. */
function holderOf(explanation: ExplanationFacts): GateFacts | undefined {
  const { lower, stage } = explanation;
  const all = keepers(explanation);
  // What stands at the beginning of the way counts first.
  const early = stage === 'staged' ? undefined : all.find(({ gate }) => EARLY.has(gate));
  if (early !== undefined) {
    return early;
  }
  const others = all.filter(({ gate }) => gate !== 'pacing');
  const endless = others.find(({ class: of, earliestAt }) => of === 'timed' && earliestAt === undefined);
  if (lower.kind === 'never-within' && endless !== undefined) {
    return endless;
  }
  const [first = unwilling(explanation) ?? all[0]] = others;
  return others.reduce<GateFacts | undefined>(
    (one, other) => (endOf(other) > (one === undefined ? 0 : endOf(one)) ? other : one),
    first,
  );
}

/** A lender that was asked, and did not lend. Exported for its tests. */
export function unwilling({ gates }: ExplanationFacts): GateFacts | undefined {
  return gates.find(({ verdict, class: of, evidence: { lastAnswer } }) => {
    return verdict !== 'pass' && of === 'foreign' && lastAnswer !== undefined && lastAnswer !== 'granted';
  });
}

const EARLY: ReadonlySet<string> = new Set(['enabled', 'stage_hold', 'foreign_staged', 'staged']);

function endOf({ earliestAt }: GateFacts): number {
  return earliestAt ?? 0;
}

function answer(explanation: ExplanationFacts, holder: GateFacts | undefined, terms: Terms): string {
  if (holder === undefined) {
    return explanation.lower.kind === 'at' && explanation.lower.at <= terms.now
      ? `It can reboot now${condition(explanation)}.`
      : 'Nothing keeps it now.';
  }
  if (holder.gate === 'pacing' && holder.label !== 'not_offered_yet') {
    return 'Not yet: it reboots at its next look.';
  }
  const others = keepers(explanation)
    .filter((gate) => gate !== holder && gate.gate !== 'pacing' && gate.gate !== 'staged')
    .map(gateName);
  const also = others.length === 0 ? '' : `; also: ${others.join(', ')}`;
  const not = explanation.stage === 'none' ? 'Nothing to reboot into' : 'Not now';
  return `${not}: ${wordsOf(holder, terms).because}${also}.`;
}

function outlook(explanation: ExplanationFacts, terms: Terms): string {
  const { lower } = explanation;
  switch (lower.kind) {
    case 'never-within':
      return `No reboot is in sight within ${lower.days} days.`;
    case 'open':
      return 'When it can reboot cannot be told.';
    case 'at':
      if (lower.at > terms.now) {
        return `Earliest reboot: ${localTimeAndDistance(lower.at, terms)}${condition(explanation)}.`;
      }
      return keepers(explanation).length === 0 ? '' : 'It reboots as soon as that is over.';
  }
}

function condition({ assumptions }: ExplanationFacts): string {
  return assumptions.length === 0 || assumptions.length > MOST_INLINE
    ? ''
    : `, if ${assumptions.join(' and ')}`;
}

/** What it is about, where the answer has not said so. */
function subject(
  { stage, release = 'A release', upper, lower }: ExplanationFacts,
  holder: GateFacts | undefined,
  terms: Terms,
): readonly string[] {
  if (stage === 'staged') {
    return [`${release} is staged.${latest(lower, upper, terms)}`];
  }
  const isSaid = stage !== 'available' || holder?.gate === 'staged';
  return isSaid ? [] : [`${release} is available, and not staged yet.`];
}

function latest(lower: BoundFacts, upper: BoundFacts, terms: Terms): string {
  const from = lower.kind === 'at' ? lower.at : Number.POSITIVE_INFINITY;
  return upper.kind === 'at' && upper.at > from
    ? ` People who are logged in delay it until ${localTimeAndDistance(upper.at, terms)} at most.`
    : '';
}

function bullet(text: string, width: number | undefined): readonly string[] {
  const [first = '', ...others] = wrap(text, width === undefined ? undefined : width - 4);
  return [`  - ${first}`, ...others.map((line) => `    ${line}`)];
}
