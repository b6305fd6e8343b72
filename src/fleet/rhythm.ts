/**
 * The rounds of a node that waits: recognised once, then walked without asking the machine. Pure.
 *
 * A round leads from one wait to the next. The next one is the same where it has left the machine as
 * it was, but for instants. The world must stay as it is, too. Only its pauses differ, by the rolls that the machine would draw.
 *
 * Invariants:
 * - After a walk the node is exactly as if the machine had run: model, both clocks, and the count of events.
 * - Rounds are walked up to a limit, which the caller knows: see limits.ts.
 * - What is not recognised is run.
 */
import { begin } from '../agent/advance.ts';
import type { EffectKind } from '../agent/messages.ts';
import { END_INTERVAL_MS, POSTPONEMENT_MS, withJitter } from '../agent/pacing.ts';
import type { Model } from '../agent/state.ts';
import type { SimulatedNode } from '../simulate/node.ts';
import { isSame, isSameButInstants, lookedAt } from './same-model.ts';

export type Rhythm =
  /** It polls, and nothing is offered. */
  | { readonly kind: 'polling' }
  /** A staged release waits. Events are counted in a round without a check of the graph. */
  | {
      readonly kind: 'staged';
      /** The event that the pause is drawn at. */
      readonly drawnAt: number;
      readonly length: number;
      readonly pause: 'retry' | 'postponement';
      readonly looksForPeople: boolean;
      readonly asksLender: boolean;
      /** A person's decision is waited for, and each round says so anew. */
      readonly movesPursuit: boolean;
    }
  /** Updates are switched off. */
  | { readonly kind: 'off' };

const POLLING: readonly EffectKind[] = ['wait', 'read-status', 'check'];
const OFF: readonly EffectKind[] = ['wait', 'read-status'];
const HELD_BY_GATES: readonly EffectKind[] = ['wait', 'read-status', 'survey'];
const HELD_BY_PEOPLE: readonly EffectKind[] = [...HELD_BY_GATES, 'list-sessions'];
const REFUSED: readonly EffectKind[] = [...HELD_BY_PEOPLE, 'read-status', 'save', 'acquire-slot', 'save'];

/** Events whose answer decides that the node rests, and draws the pause. */
const DRAWING: readonly EffectKind[] = ['survey', 'list-sessions', 'acquire-slot'];

/** `effects`: those of the round that led from `before` to `after`, the wait first. Undefined: it has to be run. */
export function rhythmOf(before: Model, after: Model, effects: readonly EffectKind[]): Rhythm | undefined {
  const { state, memory } = after;
  switch (state.name) {
    case 'NoNewUpdate':
    case 'OffGraph':
      return isSame(effects, POLLING) && isSameButInstants(before, after) ? { kind: 'polling' } : undefined;
    case 'EndState':
      return state.cause === 'disabled' && isSame(effects, OFF) && isSameButInstants(before, after)
        ? { kind: 'off' }
        : undefined;
    case 'UpdateStaged': {
      const round = effects.filter((kind) => kind !== 'check');
      const isKnown = [HELD_BY_GATES, HELD_BY_PEOPLE, REFUSED].some((known) => isSame(round, known));
      const { by } = state.holding;
      if (!isKnown || (by !== 'strategy' && by !== 'sessions') || !isSameButInstants(before, after)) {
        return undefined;
      }
      return {
        kind: 'staged',
        drawnAt: round.findLastIndex((kind) => DRAWING.includes(kind)),
        length: round.length,
        pause: by === 'sessions' ? 'postponement' : 'retry',
        looksForPeople: round.includes('list-sessions'),
        asksLender: round.includes('acquire-slot'),
        movesPursuit: !isSame(before.memory.pursuit?.since, memory.pursuit?.since),
      };
    }
    case 'StartState':
    case 'Initialized':
    case 'ReportedSteady':
    case 'UpdateAvailable':
    case 'UpdateFinalized':
      return undefined;
  }
}

/** Walks all rounds that begin before `limitAt`; with `inclusive` also one that begins right then. */
export function walk(node: SimulatedNode, rhythm: Rhythm, limitAt: number, inclusive = false): void {
  switch (rhythm.kind) {
    case 'polling':
      walkPolling(node, limitAt, inclusive);
      break;
    case 'staged':
      walkStaged(node, rhythm, limitAt, inclusive);
      break;
    case 'off':
      walkOff(node, limitAt, inclusive);
      break;
  }
}

function walkPolling(node: SimulatedNode, limitAt: number, inclusive: boolean): void {
  const { state, memory } = node.model;
  const { steadyIntervalMs, jitter } = node.policy;
  const { world } = node;
  const offsetMs = node.at - node.mono;
  let { steps } = node;
  let lastAt = Number.NaN;
  let wakeAt = memory.check.dueMono + offsetMs;
  let rounds = 0;
  while (isWithin(wakeAt, limitAt, inclusive)) {
    lastAt = wakeAt;
    wakeAt += withJitter(steadyIntervalMs, jitter ? world.roll(steps + 2) : 0);
    steps += POLLING.length;
    rounds += 1;
  }
  if (rounds === 0) {
    return;
  }
  const { check } = memory;
  land(node, lastAt, steps, {
    state,
    memory: {
      ...memory,
      check: {
        ...check,
        dueMono: wakeAt - offsetMs,
        lastAttemptAt: lastAt,
        lastSuccessAt: lastAt,
        unoffered: state.name === 'OffGraph' ? check.unoffered : check.unoffered + rounds,
      },
    },
  });
}

function walkStaged(
  node: SimulatedNode,
  rhythm: Extract<Rhythm, { kind: 'staged' }>,
  limitAt: number,
  inclusive: boolean,
): void {
  const { state, memory } = node.model;
  if (state.name !== 'UpdateStaged') {
    throw new Error(`a staged release must wait, got state ${state.name}`);
  }
  const { steadyIntervalMs, retryIntervalMs, jitter } = node.policy;
  const { world } = node;
  const offsetMs = node.at - node.mono;
  const rollOf = (n: number): number => (jitter ? world.roll(n) : 0);
  let { steps } = node;
  let wakeAt = state.dueMono + offsetMs;
  let checkAt = memory.check.dueMono + offsetMs;
  let checkedAt: number | undefined;
  let lastAt = Number.NaN;
  while (isWithin(wakeAt, limitAt, inclusive)) {
    lastAt = wakeAt;
    let checks = 0;
    if (wakeAt >= checkAt) {
      checkedAt = wakeAt;
      checkAt = wakeAt + withJitter(steadyIntervalMs, rollOf(steps + 2));
      checks = 1;
    }
    wakeAt +=
      rhythm.pause === 'postponement'
        ? POSTPONEMENT_MS
        : withJitter(retryIntervalMs, rollOf(steps + rhythm.drawnAt + checks));
    steps += rhythm.length + checks;
  }
  if (Number.isNaN(lastAt)) {
    return;
  }
  const { check, look, loan, pursuit } = memory;
  const last = { at: lastAt, mono: lastAt - offsetMs };
  land(node, lastAt, steps, {
    state: { ...state, dueMono: wakeAt - offsetMs },
    memory: {
      ...memory,
      check:
        checkedAt === undefined
          ? check
          : { ...check, dueMono: checkAt - offsetMs, lastAttemptAt: checkedAt, lastSuccessAt: checkedAt },
      look: look === undefined ? undefined : lookedAt(look, lastAt),
      loan: loan !== undefined && rhythm.asksLender ? { ...loan, at: lastAt } : loan,
      pursuit: pursuit !== undefined && rhythm.movesPursuit ? { ...pursuit, since: last } : pursuit,
    },
  });
}

function walkOff(node: SimulatedNode, limitAt: number, inclusive: boolean): void {
  const { state, memory } = node.model;
  if (state.name !== 'EndState') {
    throw new Error(`updates must be switched off, got state ${state.name}`);
  }
  const offsetMs = node.at - node.mono;
  const { jitter } = node.policy;
  let wakeAt = state.dueMono + offsetMs;
  let lastAt = Number.NaN;
  let { steps } = node;
  while (isWithin(wakeAt, limitAt, inclusive)) {
    lastAt = wakeAt;
    wakeAt += withJitter(END_INTERVAL_MS, jitter ? node.world.roll(steps + 1) : 0);
    steps += OFF.length;
  }
  if (!Number.isNaN(lastAt)) {
    land(node, lastAt, steps, { state: { ...state, dueMono: wakeAt - offsetMs }, memory });
  }
}

function isWithin(wakeAt: number, limitAt: number, inclusive: boolean): boolean {
  return wakeAt < limitAt || (inclusive && wakeAt === limitAt);
}

function land(node: SimulatedNode, at: number, steps: number, model: Model): void {
  node.pass(at - node.at);
  node.steps = steps;
  node.machine = begin(model, node, node.policy);
}
