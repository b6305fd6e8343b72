/**
 * What `why` says comes true, in thousands of random worlds:
 *
 * - sound: no reboot is asked for before the lower bound;
 * - tight: where nothing unforeseen happens it is asked for exactly then, and at the upper bound where people stay;
 * - blame: with the gates that it names out of the way the node reboots at once, and no other gate matters;
 * - stable: the bound moves only with a happening that tells why.
 *
 * The worlds keep their own calendar, minute by minute. WHY_WORLDS asks for fewer or more of them, SEED for one.
 */
import { describe, expect, it } from 'vitest';

import { begin, type Machine } from '../../src/agent/advance.ts';
import type { Happening } from '../../src/agent/happenings.ts';
import type { SimulatedNode } from '../../src/simulate/node.ts';
import { explain } from '../../src/why/explain.ts';
import type { Bound, ExplainedGate, Explanation } from '../../src/why/explanation.ts';
import { nextLookAt } from '../../src/why/next-look.ts';
import { DAY, WhyWorld, type Change, type WorldKind } from '../support/why-world.ts';
import { seeded, type Random } from '../support/random-world.ts';

const WORLDS = Number(process.env['WHY_WORLDS'] ?? 10_000);
const SEED = process.env['SEED'];
const TIMEOUT_MS = 300_000;

/** Words of the gates that must matter in some worlds each. */
const GATES = [
  ...['enabled', 'staged', 'foreign_staged', 'denied', 'reboot_brake', 'pacing'],
  ...['periodic', 'marker', 'uptime', 'hold', 'boot_complete', 'inhibitors', 'free_space'],
  ...['people', 'record'],
];

/** Runs `property` in every world, and returns the first few that fail. */
function failuresIn(kind: WorldKind, property: (world: WhyWorld, random: Random) => void): string {
  const first = Number(SEED ?? 1);
  const count = SEED === undefined ? WORLDS : 1;
  const failures: string[] = [];
  for (let seed = first; seed < first + count && failures.length < 3; seed++) {
    try {
      property(new WhyWorld(seed, kind), seeded(seed + 5_000_000));
    } catch (error) {
      failures.push(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return failures.join('\n\n');
}

function explainNow(world: WhyWorld): Explanation {
  const { node } = world;
  const company = { sessions: world.sessions() };
  return explain(node.model, node.policy, world.explained(), world.now, { company });
}

/** Somewhere in the first days, often as soon as something is staged, and always before the reboot. */
function toQuestion(world: WhyWorld, random: Random): void {
  const { node } = world;
  const at = world.startAt + Math.floor(random() * 3 * DAY);
  const isSoon = random() < 0.4;
  while (node.at < at && !(isSoon && node.model.state.name === 'UpdateStaged')) {
    if (node.effect.kind === 'finalize' && world.finalizes()) {
      return;
    }
    if (node.effect.kind === 'wait' && wakesAt(node) > at) {
      // In the middle of a rest: the rest of it is still to come.
      node.pass(at - node.at);
      node.machine = begin(node.model, node, node.policy);
      return;
    }
    node.step();
  }
}

function wakesAt({ effect, at }: SimulatedNode): number {
  if (effect.kind !== 'wait') {
    return at;
  }
  return Math.min(at + effect.forMs, Math.max(effect.untilAt ?? Number.POSITIVE_INFINITY, at));
}

/** A machine that looks at everything at once. */
function awake({ model, policy, at, mono, machine }: SimulatedNode): Machine {
  const { state } = model;
  return state.name === 'UpdateStaged' && state.step === 'rest'
    ? begin({ ...model, state: { ...state, step: 'refresh', dueMono: mono } }, { at, mono }, policy)
    : machine;
}

function show(at: number | undefined): string {
  return at === undefined ? 'never' : new Date(at).toISOString();
}

/** A bound as an instant within the world; undefined: beyond it. */
function instantOf(bound: Bound, { endAt }: WhyWorld): number | undefined {
  return bound.kind === 'at' && bound.at < endAt ? bound.at : undefined;
}

function mustBe(what: string, found: number | undefined, expected: number | undefined): void {
  if (found !== expected) {
    throw new Error(`${what}: ${show(found)}, expected ${show(expected)}`);
  }
}

function mustNotPrecede(what: string, found: number | undefined, bound: number | undefined): void {
  if (found !== undefined && (bound === undefined || found < bound)) {
    throw new Error(`${what}: ${show(found)}, expected not before ${show(bound)}`);
  }
}

describe('what why says', () => {
  it(`is sound in ${WORLDS} worlds: no reboot comes before the lower bound`, { timeout: TIMEOUT_MS }, () => {
    const bound = new Map<string, number>(GATES.map((gate) => [gate, 0]));
    let worlds = 0;
    let reboots = 0;
    const failures = failuresIn({ constant: false }, (world, random) => {
      worlds += 1;
      const asked: Explanation[] = [];
      const named = new Set<string>();
      for (let question = 0; question < 2; question++) {
        toQuestion(world, random);
        if (question === 0) {
          meddle(world, random);
        }
        const explanation = explainNow(world);
        asked.push(explanation);
        explanation.gates.filter(({ binds }) => binds).forEach(({ gate }) => named.add(gate));
      }
      for (const gate of named) {
        bound.set(gate, (bound.get(gate) ?? 0) + 1);
      }
      const finalizedAt = world.firstFinalize(world.node);
      reboots += finalizedAt === undefined ? 0 : 1;
      for (const { lower } of asked) {
        mustNotPrecede('the reboot was asked for', finalizedAt, instantOf(lower, world));
      }
    });
    expect(failures).toBe('');
    // Worlds without reboots, or in which a gate never matters, would prove nothing.
    if (SEED === undefined && worlds >= 1000) {
      expect(reboots / worlds).toBeGreaterThan(0.3);
      expect([...bound].filter(([, count]) => count / worlds < 0.03)).toEqual([]);
      expect([...bound.keys()].toSorted()).toEqual([...GATES].toSorted());
    }
  });

  it(`is tight in ${WORLDS} worlds: the reboot comes at the bounds`, { timeout: TIMEOUT_MS }, () => {
    let compared = 0;
    let worlds = 0;
    const failures = failuresIn({ constant: true }, (world, random) => {
      worlds += 1;
      const mode = PEOPLE[Math.floor(random() * PEOPLE.length)]!;
      world.change(mode === 'nobody' ? { people: 'nobody' } : {});
      toQuestion(world, random);
      const explanation = explainNow(world);
      world.change(CHANGES[mode]);
      const isCertain = isForeseen(world, explanation);
      const willLook = looksAtPeople(world);
      const isShut = world.isObservedBlocked();
      const finalizedAt = world.firstFinalize(world.node);
      const lowerAt = instantOf(explanation.lower, world);
      const upperAt = instantOf(explanation.upper, world);
      mustNotPrecede('the reboot was asked for', finalizedAt, lowerAt);
      if (isShut) {
        mustBe('a gate that stays shut lets pass', finalizedAt, undefined);
        return;
      }
      if (!isCertain) {
        return;
      }
      compared += 1;
      if (mode === 'nobody' || mode === 'leave') {
        mustBe('with nobody logged in the reboot was asked for', finalizedAt, lowerAt);
      } else if (explanation.upper.kind !== 'open') {
        mustNotPrecede('the upper bound', upperAt, finalizedAt ?? upperAt);
        if (mode === 'stay' && willLook) {
          mustBe('with somebody logged in the reboot was asked for', finalizedAt, upperAt);
        }
      }
    });
    expect(failures).toBe('');
    expect(compared / worlds).toBeGreaterThan(SEED === undefined ? 0.5 : -1);
  });

  it(`blames the right gates in ${WORLDS} worlds`, { timeout: TIMEOUT_MS }, () => {
    let compared = 0;
    let worlds = 0;
    const failures = failuresIn({ constant: true }, (world, random) => {
      worlds += 1;
      toQuestion(world, random);
      const explanation = explainNow(world);
      // Of what no check has named since a restart, the answer of the update server is part of the way.
      if (explanation.stage !== 'staged' || world.node.model.state.name !== 'UpdateStaged') {
        return;
      }
      compared += 1;
      const named = explanation.gates.filter(({ binds }) => binds);
      const isPeople = (gate: ExplainedGate | undefined): boolean => gate?.gate === 'people';
      const withoutAll = after(world, named, named.some(isPeople) ? 'nobody' : undefined);
      mustBe('without those that are named', withoutAll, world.node.at);
      const [kept] = named.toSorted(() => random() - 0.5);
      if (kept !== undefined) {
        const others = explanation.gates.filter((gate) => gate !== kept);
        checkOnly(world, kept, after(world, others, isPeople(kept) ? 'somebody' : 'nobody'));
      }
      const unnamed = explanation.gates.filter(
        ({ gate, binds, class: of }) => binds !== true && of !== 'foreign' && gate !== 'people',
      );
      const spare = unnamed[Math.floor(random() * unnamed.length)];
      const alone = world.firstFinalize(world.branch({ people: 'nobody' }));
      const without = world.branch({ people: 'nobody', passing: new Set([spare?.gate ?? '']) });
      mustBe(`without ${spare?.gate}`, world.firstFinalize(without), alone);
    });
    expect(failures).toBe('');
    expect(compared / worlds).toBeGreaterThan(SEED === undefined ? 0.3 : -1);
  });

  it(`is stable in ${WORLDS} worlds: the bound moves only with a happening`, { timeout: TIMEOUT_MS }, () => {
    let moves = 0;
    const failures = failuresIn({ constant: false, instant: true }, (world, random) => {
      toQuestion(world, random);
      const { node } = world;
      let told: readonly Happening[] = [];
      node.listener = { happened: (happenings) => (told = happenings) };
      let before = explainNow(world).lower;
      for (let step = 0; step < STEPS && node.effect.kind !== 'finalize'; step++) {
        node.step();
        const { lower } = explainNow(world);
        const hasMoved = !isSame(before, lower, node.at);
        if (hasMoved && told.length === 0) {
          throw new Error(
            `the bound moves from ${text(before)} to ${text(lower)} in ${node.model.state.name}, and nothing happened`,
          );
        }
        moves += hasMoved ? 1 : 0;
        before = lower;
      }
    });
    expect(failures).toBe('');
    expect(moves).toBeGreaterThan(SEED === undefined ? WORLDS / 4 : -1);
  });
});

/** So many events of each world. */
const STEPS = 12;

/** What people do after the question; `visit`: they come and go. */
const PEOPLE = ['nobody', 'leave', 'stay', 'visit'] as const;
const CHANGES: Readonly<Record<(typeof PEOPLE)[number], Change>> = {
  nobody: { people: 'nobody' },
  leave: { people: 'nobody' },
  stay: { people: 'somebody' },
  visit: {},
};

/** The record has it, before the machine looks at it, that the staged release is denied. */
function meddle(world: WhyWorld, random: Random): void {
  if (world.node.model.state.name !== 'UpdateStaged' || !looksAtPeople(world) || random() > 0.25) {
    return;
  }
  const untilAt = random() < 0.7 ? world.node.at + random() * DAY : undefined;
  world.deny(random() < 0.5 ? 'boot-failed' : 'rolled-back', untilAt);
}

/** Nothing but time is between the node and its reboot, as far as `why` has to take things for granted. */
function isForeseen(world: WhyWorld, { stage }: Explanation): boolean {
  const { node } = world;
  switch (stage) {
    case 'staged':
      return true;
    case 'none':
      // The next check finds it, and it is known whether it has to be staged.
      return (
        node.model.memory.host !== undefined &&
        node.model.memory.foreign === undefined &&
        world.isOfferedAt(nextLookAt(node.model, world.now))
      );
    case 'available':
    case 'finalized':
      return false;
  }
}

/** The machine looks who is logged in before it reboots. */
function looksAtPeople({ node }: WhyWorld): boolean {
  const { state } = node.model;
  return (
    state.name !== 'UpdateStaged' || ['rest', 'refresh', 'check', 'ask', 'sessions'].includes(state.step)
  );
}

/** When the reboot is asked for with gates out of the way. `people`: as the world has them, unless it says otherwise. */
function after(
  world: WhyWorld,
  out: readonly ExplainedGate[],
  people?: 'nobody' | 'somebody',
): number | undefined {
  const names = new Set(out.map(({ gate }) => gate));
  const branch = world.branch({ passing: names, ...(people !== undefined && { people }) });
  if (names.has('pacing')) {
    branch.machine = awake(branch);
  }
  return world.firstFinalize(branch);
}

/** One gate alone is left in the way. */
function checkOnly(world: WhyWorld, kept: ExplainedGate, finalizedAt: number | undefined): void {
  const { at } = world.node;
  const what = `with ${kept.gate} alone in the way`;
  if (kept.gate === 'people') {
    if (finalizedAt === at) {
      throw new Error(`${what}: at once`);
    }
  } else if (kept.verdict === 'pass') {
    mustBe(what, finalizedAt, at);
  } else if (kept.class === 'observed') {
    mustBe(what, finalizedAt, undefined);
  } else {
    const { earliestAt } = kept;
    mustBe(what, finalizedAt, earliestAt !== undefined && earliestAt < world.endAt ? earliestAt : undefined);
  }
}

/** What is possible now stays so while time passes. */
function isSame(before: Bound, after: Bound, at: number): boolean {
  if (before.kind === 'at' && after.kind === 'at') {
    return before.at === after.at || (before.at <= at && after.at <= at);
  }
  return before.kind === after.kind;
}

function text(bound: Bound): string {
  return bound.kind === 'at' ? show(bound.at) : bound.kind;
}
