/**
 * What the machine adds to the way of one attempt: its own pacing, the record, rpm-ostree, and lenders. Pure.
 *
 * Invariants:
 * - No lender is asked, and no daemon is woken. What they said last is in the model.
 * - Lenders and a busy rpm-ostree count as passing at best. At worst nobody knows.
 */
import type { LastLoan } from '../agent/state.ts';
import { isPolling } from '../agent/taken-up.ts';
import { OBSERVED, OPEN, openFrom } from '../gates/timing.ts';
import { ofMachine, type Candidate, type Scene } from './candidate.ts';
import { nextLookAt } from './next-look.ts';

/** Only of a node that has something staged. */
export function pacing({ model, now, overrides }: Scene): Candidate {
  const { state } = model;
  // A person who overrides something asks for the reboot, and that is a look.
  const lookAt = overrides.length > 0 ? now.at : nextLookAt(model, now);
  if (isPolling(state)) {
    return untilOffered(state, lookAt);
  }
  if (lookAt <= now.at) {
    const reason = 'the node looks at everything now';
    return ofMachine('pacing', 'pass', 'looking', reason, openFrom(lookAt).passAfter);
  }
  const heldBy = state.name === 'UpdateStaged' ? state.holding.by : undefined;
  const [label, reason] =
    heldBy === 'failure' || heldBy === 'lender'
      ? ['retrying', 'the last attempt failed; the next one is made then']
      : ['resting', 'nothing is looked at before then'];
  return ofMachine('pacing', 'block', label, reason, openFrom(lookAt).passAfter);
}

/** Staged by this agent, and not named by the update server since. A person who asks for the reboot has it taken up. */
function untilOffered({ name }: { readonly name: string }, lookAt: number): Candidate {
  const reason =
    name === 'OffGraph'
      ? 'the booted release is not in the update graph, so nothing is offered'
      : 'the update server has not offered it since the agent started, and is asked again then';
  return {
    shown: { gate: 'pacing', class: 'bounded', verdict: 'block', label: 'not_offered_yet', reason },
    passAfter: openFrom(lookAt).passAfter,
    openEnded: true,
    assumption: 'the next check offers what is staged',
  };
}

export function recordGate({ model }: Scene): Candidate {
  const { streak } = model.memory.save;
  return streak === undefined
    ? observed('record', 'pass', 'written', 'the record can be written', undefined)
    : observed(
        'record',
        'block',
        streak.kind,
        'the record cannot be written',
        'the record can be written by then',
      );
}

export function rpmOstreeGate({ model }: Scene): Candidate {
  const active = model.memory.host?.activeTransaction;
  const isFollowing = 'step' in model.state && model.state.step === 'follow';
  if (active === undefined && !isFollowing) {
    const reason = 'rpm-ostree was idle at the last reading';
    return foreignGate('rpm_ostree', 'pass', 'idle', reason);
  }
  return {
    ...foreignGate('rpm_ostree', 'unknown', 'rpm_ostree_busy', 'a transaction of rpm-ostree runs'),
    openEnded: true,
    assumption: 'rpm-ostree is idle by then',
  };
}

/** One of each kind of lender. */
export function lenderGates({ model, policy, overrides }: Scene): readonly Candidate[] {
  if (!policy.hasLenders) {
    return [];
  }
  const names = new Set(policy.slotPlaces.map(({ lender }) => lender));
  const { loan } = model.memory;
  return [...(names.size === 0 ? ['lender'] : names)].map((name) => {
    if (overrides.includes('fleet-lock')) {
      return foreignGate(name, 'pass', name, 'overridden: it is not asked');
    }
    const gate = foreignGate(
      name,
      'unknown',
      name,
      `${lastAnswer(loan)}asked only when all else allows the reboot`,
    );
    return {
      ...gate,
      shown: {
        ...gate.shown,
        ...(loan !== undefined && { asOfAt: loan.at, evidence: answerOf(loan) }),
      },
      openEnded: true,
      assumption: `${name} lends a slot when it is asked`,
    };
  });
}

function answerOf(loan: LastLoan): Readonly<Record<string, string>> {
  return {
    lastAnswer: loan.kind,
    ...(loan.kind !== 'granted' && { lastReason: loan.reason }),
  };
}

function lastAnswer(loan: LastLoan | undefined): string {
  switch (loan?.kind) {
    case undefined:
      return '';
    case 'granted':
      return 'last answer: lent; ';
    case 'refused':
      return `last answer: refused: ${loan.reason}; `;
    case 'may-be-held':
      return `last answer: not decided: ${loan.reason}; `;
    case 'failed':
      return `no answer to the last question: ${loan.reason}; `;
  }
}

function foreignGate(gate: string, verdict: 'pass' | 'unknown', label: string, reason: string): Candidate {
  return {
    shown: { gate, class: 'foreign', verdict, label, reason },
    passAfter: OPEN.passAfter,
    openEnded: false,
  };
}

function observed(
  gate: string,
  verdict: 'pass' | 'block',
  label: string,
  reason: string,
  assumption: string | undefined,
): Candidate {
  return {
    shown: { gate, class: 'observed', verdict, label, reason },
    passAfter: OBSERVED.passAfter,
    openEnded: verdict !== 'pass',
    ...(assumption !== undefined && { assumption }),
  };
}
