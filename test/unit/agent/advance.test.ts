import { describe, expect, it } from 'vitest';
import {
  ANSWERS,
  type Effect,
  type Event,
  type EventKind,
  type Occurrence,
} from '../../../src/agent/messages.ts';
import {
  initialModel,
  type AgentState,
  type Memory,
  type Model,
  type Policy,
} from '../../../src/agent/state.ts';
import {
  advance,
  begin,
  ImpossibleTransition,
  nextEffect,
  type Advance,
} from '../../../src/agent/advance.ts';
import {
  blocking,
  bootedOn,
  checkResult,
  deployment,
  host,
  PASSING,
  POLICY,
  release,
  staged,
} from '../../support/samples.ts';

const V1 = release('1.0');
const V2 = release('2.0', 2);
const V3 = release('3.0', 3);
const NOW = { at: 1_000_000, mono: 500_000 };
const MEMORY: Memory = {
  ...initialModel().memory,
  host: bootedOn('1.0'),
  driver: { registered: true, dueMono: 0, streak: undefined },
  steady: { owed: false, dueMono: 0, streak: undefined },
};
const LATER: Memory = { ...MEMORY, check: { ...MEMORY.check, dueMono: 9_000_000 } };
const FAILURE = { kind: 'rpm_ostree_failed', message: 'it failed' };
const BUSY = { kind: 'rpm_ostree_busy', message: 'Transaction in progress: x' };

const AVAILABLE = {
  name: 'UpdateAvailable',
  release: V2,
  failedAttempts: 3,
  lastFailure: '',
  dueMono: 0,
} as const;
const STAGED = {
  name: 'UpdateStaged',
  release: V2,
  postponementsLeft: 10,
  delayLeft: 10,
  warned: false,
  dueMono: 0,
  holding: { by: 'nothing' },
  visitors: [],
  unlocked: false,
} as const;

const STATES: Record<string, AgentState> = {
  'StartState/register': { name: 'StartState', step: 'register', dueMono: 0 },
  'StartState/read': { name: 'StartState', step: 'read', dueMono: 0 },
  'StartState/follow': { name: 'StartState', step: 'follow', dueMono: 0 },
  'StartState/rest': { name: 'StartState', step: 'rest', dueMono: 0 },
  Initialized: { name: 'Initialized' },
  'ReportedSteady/refresh': { name: 'ReportedSteady', step: 'refresh' },
  'ReportedSteady/check': { name: 'ReportedSteady', step: 'check' },
  'NoNewUpdate/rest': { name: 'NoNewUpdate', step: 'rest' },
  'NoNewUpdate/refresh': { name: 'NoNewUpdate', step: 'refresh' },
  'NoNewUpdate/check': { name: 'NoNewUpdate', step: 'check' },
  'NoNewUpdate/discard': { name: 'NoNewUpdate', step: 'discard' },
  'OffGraph/rest': { name: 'OffGraph', step: 'rest', since: { at: 1, mono: 1 } },
  'OffGraph/refresh': { name: 'OffGraph', step: 'refresh', since: { at: 1, mono: 1 } },
  'OffGraph/check': { name: 'OffGraph', step: 'check', since: { at: 1, mono: 1 } },
  'UpdateAvailable/stage': { ...AVAILABLE, step: 'stage' },
  'UpdateAvailable/stage (12th)': { ...AVAILABLE, failedAttempts: 11, step: 'stage' },
  'UpdateAvailable/follow': { ...AVAILABLE, step: 'follow' },
  'UpdateAvailable/discard': { ...AVAILABLE, step: 'discard' },
  'UpdateAvailable/rest': { ...AVAILABLE, step: 'rest' },
  'UpdateAvailable/refresh': { ...AVAILABLE, step: 'refresh' },
  'UpdateAvailable/check': { ...AVAILABLE, step: 'check' },
  'UpdateStaged/refresh': { ...STAGED, step: 'refresh' },
  'UpdateStaged/check': { ...STAGED, step: 'check' },
  'UpdateStaged/ask': { ...STAGED, step: 'ask' },
  'UpdateStaged/sessions': { ...STAGED, step: 'sessions' },
  'UpdateStaged/sessions (warned)': { ...STAGED, warned: true, step: 'sessions' },
  'UpdateStaged/sessions (grace over)': {
    ...STAGED,
    postponementsLeft: 0,
    delayLeft: 0,
    warned: true,
    step: 'sessions',
  },
  'UpdateStaged/sessions (grace over while away)': {
    ...STAGED,
    postponementsLeft: 0,
    delayLeft: 0,
    step: 'sessions',
  },
  'UpdateStaged/warn': { ...STAGED, visitors: [{ user: 'core', tty: 'pts/0' }], step: 'warn' },
  'UpdateStaged/warn (grace over)': {
    ...STAGED,
    postponementsLeft: 0,
    delayLeft: 0,
    visitors: [{ user: 'core', tty: 'pts/0' }],
    step: 'warn',
  },
  'UpdateStaged/verify': { ...STAGED, step: 'verify' },
  'UpdateStaged/acquire': { ...STAGED, step: 'acquire' },
  'UpdateStaged/confirm': { ...STAGED, step: 'confirm' },
  'UpdateStaged/finalize': { ...STAGED, step: 'finalize' },
  'UpdateStaged/reconcile': { ...STAGED, step: 'reconcile' },
  'UpdateStaged/discard': { ...STAGED, step: 'discard' },
  'UpdateStaged/follow': { ...STAGED, step: 'follow' },
  'UpdateStaged/rest': { ...STAGED, step: 'rest' },
  UpdateFinalized: { name: 'UpdateFinalized', release: V2, finalized: { at: 1, mono: 1 } },
  'EndState/disabled': { name: 'EndState', cause: 'disabled', dueMono: 0 },
  'EndState/reboot-pending/rest': {
    name: 'EndState',
    cause: 'reboot-pending',
    release: V2,
    finalized: { at: 1, mono: 1 },
    step: 'rest',
    dueMono: 0,
  },
  'EndState/reboot-pending/read': {
    name: 'EndState',
    cause: 'reboot-pending',
    release: V2,
    finalized: { at: 1, mono: 1 },
    step: 'read',
    dueMono: 0,
  },
};

/** Every kind of event, in every variant that the machine tells apart. */
const EVENTS: Record<string, Event> = {
  woke: { kind: 'woke' },
  saved: { kind: 'saved' },
  'save-failed': { kind: 'save-failed', failure: FAILURE },
  'driver-registered': { kind: 'driver-registered' },
  'driver-failed': { kind: 'driver-failed', failure: FAILURE },
  'status-read: nothing staged': { kind: 'status-read', status: bootedOn('1.0') },
  'status-read: staged, locked': {
    kind: 'status-read',
    status: host([staged('2.0'), deployment('1.0', { booted: true })]),
  },
  'status-read: staged, unlocked': {
    kind: 'status-read',
    status: host([staged('2.0', { finalizationLocked: false }), deployment('1.0', { booted: true })]),
  },
  'status-read: another one staged': {
    kind: 'status-read',
    status: host([staged('9.9'), deployment('1.0', { booted: true })]),
  },
  'status-read: our transaction runs': {
    kind: 'status-read',
    status: {
      ...bootedOn('1.0'),
      activeTransaction: { method: 'Deploy', title: 'zincati: stage 2.0', ours: true },
    },
  },
  'status-read: a foreign transaction runs': {
    kind: 'status-read',
    status: { ...bootedOn('1.0'), activeTransaction: { method: 'Deploy', title: 'upgrade', ours: false } },
  },
  'status-read: booted cannot be compared': {
    kind: 'status-read',
    status: host([deployment('1.0', { booted: true, payload: undefined })]),
  },
  'status-failed': { kind: 'status-failed', failure: FAILURE },
  'transaction-over': { kind: 'transaction-over' },
  'transaction-over: ours succeeded': { kind: 'transaction-over', succeeded: true },
  'transaction-running': { kind: 'transaction-running' },
  'follow-failed': { kind: 'follow-failed', failure: FAILURE },
  'slot-released': { kind: 'slot-released', configured: true, returned: [] },
  'slot-kept': { kind: 'slot-kept', reason: 'this boot is not complete' },
  'release-failed': { kind: 'release-failed', failure: FAILURE },
  'checked: the same release': { kind: 'checked', result: checkResult({ kind: 'update', release: V2 }) },
  'checked: a newer release': { kind: 'checked', result: checkResult({ kind: 'update', release: V3 }) },
  'checked: no update': { kind: 'checked', result: checkResult({ kind: 'no-update' }) },
  'checked: downgrade refused': {
    kind: 'checked',
    result: checkResult({ kind: 'downgrade-refused', release: V1 }),
  },
  'checked: off graph': { kind: 'checked', result: checkResult({ kind: 'off-graph' }) },
  'check-failed': { kind: 'check-failed', failure: { kind: 'client_failed_request', message: 'no route' } },
  staged: { kind: 'staged', deployment: staged('2.0') },
  'staged: another stream': { kind: 'staged', deployment: staged('2.0', { stream: 'next' }) },
  'staged: another release': { kind: 'staged', deployment: staged('9.9') },
  'stage-failed': { kind: 'stage-failed', failure: FAILURE },
  'stage-failed: busy': { kind: 'stage-failed', failure: BUSY },
  'stage-failed: cancelled by somebody': {
    kind: 'stage-failed',
    failure: { kind: 'rpm_ostree_transaction_cancelled', message: 'cancelled' },
  },
  discarded: { kind: 'discarded' },
  'discard-failed': { kind: 'discard-failed', failure: FAILURE },
  'surveyed: pass': { kind: 'surveyed', reports: PASSING },
  'surveyed: block': { kind: 'surveyed', reports: blocking('no', 'x', 2_000_000) },
  'surveyed: unknown': {
    kind: 'surveyed',
    reports: [...PASSING, { gate: 'y', verdict: 'unknown', reason: 'no answer', label: 'bus_call_timeout' }],
  },
  'survey-failed': { kind: 'survey-failed', failure: FAILURE },
  'slot-answered: granted': { kind: 'slot-answered', answer: { kind: 'granted' } },
  'slot-answered: may be held': {
    kind: 'slot-answered',
    answer: { kind: 'may-be-held', reason: 'draining', label: 'x', askAgainMs: 15_000 },
  },
  'slot-answered: refused': {
    kind: 'slot-answered',
    answer: { kind: 'refused', reason: 'no slot', label: 'x' },
  },
  'slot-failed': { kind: 'slot-failed', failure: FAILURE },
  'sessions-listed: nobody': { kind: 'sessions-listed', sessions: [] },
  'sessions-listed: somebody': { kind: 'sessions-listed', sessions: [{ user: 'core', tty: 'pts/0' }] },
  'sessions-failed': { kind: 'sessions-failed', failure: FAILURE },
  'sessions-warned': { kind: 'sessions-warned' },
  finalized: { kind: 'finalized' },
  'finalize-failed': { kind: 'finalize-failed', failure: FAILURE },
  'finalize-failed: busy': { kind: 'finalize-failed', failure: BUSY },
  'finalize-failed: nothing staged': {
    kind: 'finalize-failed',
    failure: { kind: 'rpm_ostree_no_staged_deployment', message: 'x' },
  },
};

function occurrence(event: Event): Occurrence {
  return { event, ...NOW, roll: 0 };
}

function transition(model: Model, effect: Effect, answer: Occurrence, policy: Policy): Advance {
  return advance({ model, effect }, answer, policy);
}

function stepName(state: AgentState): string {
  const cause = state.name === 'EndState' ? `/${state.cause}` : '';
  return `${state.name}${cause}${'step' in state ? `/${state.step}` : ''}`;
}

function effectName(effect: Effect): string {
  if (effect.kind === 'wait') {
    return `wait ${effect.forMs / 1000} s${effect.untilAt === undefined ? '' : ' or until an instant'}`;
  }
  if (effect.kind === 'read-status') {
    return `read-status ${effect.mode}`;
  }
  if (effect.kind === 'stage' || effect.kind === 'finalize') {
    return `${effect.kind} ${effect.release.version}`;
  }
  return effect.kind;
}

function table(policy: Policy, memory: Memory): { lines: string[]; impossible: number } {
  const lines: string[] = [];
  let impossible = 0;
  for (const [stateName, state] of Object.entries(STATES)) {
    // An agent that starts has told no lender yet that the node is up.
    const isStarting = state.name === 'StartState' || state.name === 'Initialized';
    const steady = { ...memory.steady, owed: isStarting };
    const model: Model = { state, memory: { ...memory, steady } };
    const asked = nextEffect(model, NOW, policy);
    lines.push('', `${stateName} asks: ${effectName(asked)}`);
    for (const [eventName, event] of Object.entries(EVENTS)) {
      const answers: readonly EventKind[] = ANSWERS[asked.kind];
      if (!answers.includes(event.kind)) {
        expect(() => transition(model, asked, occurrence(event), policy)).toThrow(ImpossibleTransition);
        impossible++;
        continue;
      }
      const before = transition(model, asked, occurrence(event), policy);
      const saves = before.effect.kind === 'save';
      const after = saves
        ? transition(before.model, before.effect, occurrence({ kind: 'saved' }), policy)
        : before;
      lines.push(
        `  ${eventName.padEnd(40)} -> ${stepName(after.model.state).padEnd(28)} asks: ${saves ? 'save, then ' : ''}${effectName(after.effect)}`,
      );
    }
  }
  return { lines, impossible };
}

describe('advance: every state x event', () => {
  it('is the table that people have read, and throws for every other pair', async () => {
    const { lines, impossible } = table(POLICY, LATER);
    expect(impossible).toBeGreaterThan(1000);
    await expect(`${lines.join('\n').trim()}\n`).toMatchFileSnapshot('advance.table.txt');
  });

  it('with a remote strategy, asks it last and owes from then on', async () => {
    const { lines } = table({ ...POLICY, hasLenders: true }, LATER);
    const verify = lines.slice(lines.indexOf('UpdateStaged/verify asks: read-status fresh'));
    expect(verify[2]).toContain('UpdateStaged/acquire');
    const model: Model = { state: STATES['UpdateStaged/verify']!, memory: LATER };
    const asked = nextEffect(model, NOW, POLICY);
    const after = transition(model, asked, occurrence(EVENTS['status-read: staged, locked']!), {
      ...POLICY,
      hasLenders: true,
    });
    expect(after.model.memory.steady.owed).toBe(true);
    expect(after.effect.kind).toBe('acquire-slot');
  });

  it('never changes what it was given', () => {
    for (const state of Object.values(STATES)) {
      const model: Model = { state, memory: LATER };
      const copy = structuredClone(model);
      const asked = nextEffect(model, NOW, POLICY);
      for (const event of Object.values(EVENTS)) {
        const answers: readonly EventKind[] = ANSWERS[asked.kind];
        if (answers.includes(event.kind)) {
          transition(model, asked, occurrence(event), POLICY);
        }
      }
      expect(model).toEqual(copy);
    }
  });

  it('never waits longer than a day, and never a negative time', () => {
    for (const state of Object.values(STATES)) {
      for (const dueMono of [-5, 0, Number.MAX_SAFE_INTEGER]) {
        const due = 'dueMono' in state ? { ...state, dueMono } : state;
        const memory = { ...MEMORY, check: { ...MEMORY.check, dueMono } };
        const effect = nextEffect({ state: due, memory }, NOW, POLICY);
        if (effect.kind !== 'wait') {
          continue;
        }
        expect(effect.forMs).toBeGreaterThanOrEqual(0);
        expect(effect.forMs).toBeLessThanOrEqual(86_400_000);
      }
    }
  });
});

describe('begin', () => {
  it('registers the driver first, or sleeps when updates are off', () => {
    expect(begin(initialModel(), NOW, POLICY).effect).toEqual({ kind: 'register-driver' });
    expect(begin(initialModel(), NOW, { ...POLICY, enabled: false }).effect.kind).toBe('wait');
  });
});
