/**
 * Runs a whole plan on a virtual clock. Pure: the same plan always gives the same outcome.
 *
 * Invariants:
 * - Nodes are visited in the order of time, those of the same instant by number. So who gets a slot is no accident.
 * - A visit ends where time has to pass. No node runs ahead of another one.
 * - Rounds that change nothing may be walked instead of run. The outcome is the same with and without.
 */
import type { EffectKind } from '../agent/messages.ts';
import type { Model } from '../agent/state.ts';
import { waitMs } from '../simulate/node.ts';
import { HOUR_MS, SECOND_MS } from '../text/units.ts';
import { FleetNode } from './fleet-node.ts';
import { limitOf, LIMITS, type Limit } from './limits.ts';
import { LockGroup } from './lock-group.ts';
import { nodeUuidOf } from './node-uuid-of.ts';
import type { Outcome, Stuck } from './outcome.ts';
import type { Plan } from './plan.ts';
import { powerAround } from './power.ts';
import { rhythmOf, walk, type Rhythm } from './rhythm.ts';
import { Schedules } from './schedules.ts';
import { StuckList } from './stuck-list.ts';
import { Tally } from './tally.ts';
import { UpdateServer } from './update-server.ts';
import { VisitQueue } from './visit-queue.ts';
import { whatHolds } from './what-holds.ts';

export interface SimulateOptions {
  /** False: every round is run. For those who check that skipping changes nothing. */
  readonly skips?: boolean;
  /** What ends a walk. For those who check that each of them is needed. */
  readonly limits?: readonly Limit[];
  /** Called after each simulated hour, with its number, from 1. */
  readonly onHour?: (hour: number) => void;
}

/** A node goes down so long after the finalization was answered. */
const GOING_DOWN_MS = SECOND_MS;

interface Member {
  readonly node: FleetNode;
  /** The model at the last wait, and what was done since. */
  before: Model | undefined;
  effects: EffectKind[];
  /** Rounds that are walked up to the next visit. */
  rhythm: Rhythm | undefined;
  /** While it is down: the checksum that it was rebooted for. */
  wanted: string | undefined;
  /** When the power goes out. */
  powerUntilAt: number;
  isOff: boolean;
  /** What held the node when it was switched off last. */
  heldAtOff: ReturnType<typeof whatHolds> | undefined;
}

export function simulateFleet(
  plan: Plan,
  { skips = true, limits = Object.values(LIMITS), onHour }: SimulateOptions = {},
): Outcome {
  return new Fleet(plan, skips ? limits : undefined).run(onHour);
}

class Fleet {
  readonly #plan: Plan;
  /** Undefined: nothing is walked. */
  readonly #limits: readonly Limit[] | undefined;
  readonly #members: readonly Member[];
  readonly #locks: ReadonlyMap<string, LockGroup>;
  readonly #queue: VisitQueue;
  readonly #tally: Tally;

  constructor(plan: Plan, limits: readonly Limit[] | undefined) {
    this.#plan = plan;
    this.#limits = limits;
    this.#locks = new Map(plan.locks.map((lock) => [lock.name, new LockGroup(lock, plan.fromAt)]));
    this.#members = this.#build();
    // The last number is the clock that samples.
    this.#queue = new VisitQueue(this.#members.length + 1);
    this.#tally = new Tally(
      plan,
      this.#members.map(({ node }) => node),
    );
  }

  run(onHour: SimulateOptions['onHour']): Outcome {
    const { fromAt, untilAt } = this.#plan;
    const clock = this.#members.length;
    for (const member of this.#members) {
      this.#queue.put(member.node.number, this.#begin(member));
    }
    this.#queue.put(clock, fromAt);
    for (
      let visit = this.#queue.take();
      visit !== undefined && visit.at < untilAt;
      visit = this.#queue.take()
    ) {
      const { number, at } = visit;
      const member = this.#members[number];
      if (member === undefined) {
        this.#tally.sample(at);
        onHour?.(Math.round((at - fromAt) / HOUR_MS));
        this.#queue.put(clock, at + HOUR_MS);
      } else {
        this.#visit(member, at);
      }
    }
    return this.#outcome();
  }

  #build(): Member[] {
    const { groups, releases, edges } = this.#plan;
    const server = new UpdateServer(releases, edges);
    const members: Member[] = [];
    for (const group of groups) {
      const schedules = new Schedules(group);
      for (let place = 0; place < group.nodes; place++) {
        const zone = group.zones[place % group.zones.length];
        if (zone === undefined) {
          throw new Error(`group ${group.name} must have a time zone`);
        }
        const nodeUuid = nodeUuidOf(this.#plan.seed, group.name, place);
        const node = new FleetNode({
          plan: this.#plan,
          ...{ group, place, server, zone, nodeUuid },
          number: members.length,
          lock: group.lock === undefined ? undefined : this.#locks.get(group.lock),
          schedule: schedules.of(zone, nodeUuid),
          policy: group.policyOf(nodeUuid),
          onSlotFree: (lock, at, by) => this.#wake(lock, at, by),
        });
        members.push({
          node,
          before: undefined,
          effects: [],
          rhythm: undefined,
          wanted: undefined,
          powerUntilAt: Number.POSITIVE_INFINITY,
          isOff: false,
          heldAtOff: undefined,
        });
      }
    }
    return members;
  }

  /** When a node that has power from then on is visited first. */
  #begin(member: Member): number {
    const { node } = member;
    const power = powerAround(node.zone, node.group.power, node.sim.at);
    member.isOff = power === undefined || power.fromAt > node.sim.at;
    if (power === undefined) {
      return Number.POSITIVE_INFINITY;
    }
    member.powerUntilAt = power.untilAt;
    this.#boot(member, Math.max(power.fromAt, node.sim.at));
    return node.sim.at;
  }

  #boot(member: Member, at: number): void {
    const { node } = member;
    node.sim.at = at;
    node.facts.bootedAt = at;
    node.sim.restart();
    member.before = undefined;
    member.effects = [];
  }

  #visit(member: Member, at: number): void {
    const { node } = member;
    const { sim, lock } = node;
    if (member.rhythm !== undefined) {
      walk(sim, member.rhythm, at);
      member.rhythm = undefined;
      lock?.parked.delete(node.number);
    }
    member.isOff = at >= member.powerUntilAt;
    if (member.isOff) {
      this.#powerOff(member, at);
      return;
    }
    if (node.upAt !== undefined) {
      this.#comeUp(member, at);
    }
    node.isRefused = false;
    while (sim.at <= at) {
      const { effect } = sim;
      if (effect.kind === 'wait') {
        const wakeAt = sim.at + waitMs(effect, sim.at);
        if (wakeAt > at) {
          this.#rest(member, wakeAt);
          return;
        }
      }
      member.effects.push(effect.kind);
      const failures = sim.model.state.name === 'UpdateAvailable' ? sim.model.state.failedAttempts : 0;
      sim.step();
      if (sim.model.state.name === 'UpdateAvailable' && sim.model.state.failedAttempts > failures) {
        this.#tally.failedStaging(node);
      }
      if (sim.model.state.name === 'UpdateFinalized') {
        this.#goDown(member);
        return;
      }
    }
    this.#queue.put(node.number, Math.min(sim.at, member.powerUntilAt));
  }

  /** The node waits until `wakeAt`, or for longer where nothing would come of it. */
  #rest(member: Member, wakeAt: number): void {
    const { node } = member;
    const { sim, lock } = node;
    const { before, effects } = member;
    // A visit that only ends a walk has asked nobody.
    if (effects.length > 0 && !node.isRefused) {
      lock?.forget(node.number, sim.at);
    }
    member.before = sim.model;
    member.effects = [];
    const limits = this.#limits;
    const rhythm =
      limits === undefined || before === undefined ? undefined : rhythmOf(before, sim.model, effects);
    const limitAt =
      limits === undefined || rhythm === undefined
        ? wakeAt
        : limitOf({ node, rhythm, powerUntilAt: member.powerUntilAt }, limits);
    if (rhythm === undefined || limitAt <= wakeAt) {
      this.#queue.put(node.number, Math.min(wakeAt, member.powerUntilAt));
      return;
    }
    member.rhythm = rhythm;
    if (rhythm.kind === 'staged' && rhythm.asksLender) {
      lock?.parked.add(node.number);
    }
    this.#queue.put(node.number, Math.min(limitAt, this.#plan.untilAt));
  }

  /** A slot is free since `at`, given back by node `by`. Whoever was refused asks again at its next round. */
  #wake(lock: LockGroup, at: number, by: number): void {
    for (const number of lock.parked) {
      const member = this.#members[number];
      if (member?.rhythm === undefined) {
        continue;
      }
      // Those with lower numbers were visited before, at the same instant.
      walk(member.node.sim, member.rhythm, at, number < by);
      member.rhythm = undefined;
      const { sim } = member.node;
      member.before = undefined;
      member.effects = [];
      const wakeAt = sim.effect.kind === 'wait' ? sim.at + waitMs(sim.effect, sim.at) : sim.at;
      this.#queue.put(number, Math.min(wakeAt, member.powerUntilAt));
    }
    lock.parked.clear();
  }

  #goDown(member: Member): void {
    const { node } = member;
    const { sim } = node;
    member.wanted = sim.staged?.baseChecksum ?? '';
    sim.pass(GOING_DOWN_MS);
    this.#tally.wentDown(node, sim.at);
    const { downMs } = node.drawReboot();
    sim.reboot();
    node.upAt = sim.at + downMs;
    this.#queue.put(node.number, Math.min(node.upAt, member.powerUntilAt));
  }

  #comeUp(member: Member, at: number): void {
    const { node } = member;
    node.upAt = undefined;
    this.#boot(member, at);
    this.#tally.cameUp(node, at, member.wanted ?? '');
    member.wanted = undefined;
  }

  /** Somebody switches the node off, and on again later. What is staged and locked is lost. */
  #powerOff(member: Member, at: number): void {
    const { node } = member;
    const { sim, lock } = node;
    lock?.forget(node.number, at);
    if (node.upAt !== undefined) {
      this.#comeUp(member, at);
    }
    member.heldAtOff = whatHolds(node);
    const next = powerAround(node.zone, node.group.power, at);
    sim.at = at;
    sim.reboot();
    if (next === undefined) {
      this.#queue.put(node.number, Number.POSITIVE_INFINITY);
      return;
    }
    member.powerUntilAt = next.untilAt;
    this.#boot(member, Math.max(next.fromAt, at));
    this.#queue.put(node.number, sim.at);
  }

  #outcome(): Outcome {
    const { untilAt } = this.#plan;
    const stuck = new StuckList();
    for (const member of this.#members) {
      const { node, rhythm } = member;
      if (rhythm !== undefined) {
        walk(node.sim, rhythm, untilAt);
      }
      if (this.#tally.isWhereItBegan(node)) {
        stuck.add(node.group, holderOf(member));
      }
    }
    return {
      ...this.#tally.outcome(stuck.sorted()),
      locks: [...this.#locks.values()].map((lock) => {
        lock.passTo(untilAt);
        const { plan, mostHolders, heldMs, idleMs } = lock;
        return { name: plan.name, slots: plan.slots, mostHolders, heldMs, idleMs };
      }),
      events: this.#members.reduce((sum, { node }) => sum + node.sim.steps, 0),
    };
  }
}

/** A node that is off at the end is held by what held it before. It loses then what is staged. */
function holderOf({ node, isOff, heldAtOff }: Member): Omit<Stuck, 'nodes'> {
  if (node.upAt !== undefined) {
    return { by: 'down', reason: 'the node is down: it has not come up again' };
  }
  if (!isOff) {
    return whatHolds(node);
  }
  return heldAtOff === undefined
    ? { by: 'switched_off', reason: 'the node is never switched on' }
    : { by: heldAtOff.by, reason: `${heldAtOff.reason}; and then the node is switched off` };
}
