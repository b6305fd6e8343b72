/**
 * One node of a simulated fleet: the agent's machine on virtual time, its gates, its people, its luck. Pure.
 *
 * Invariants:
 * - What the node decides is the agent's own machine and gates.
 * - Chance goes by counters. So what one node draws depends on nothing that another one does.
 */
import type { ExplainedReport, GateQuestion, Look, SlotAnswer } from '../agent/ports.ts';
import { gateSubject, questionOf } from '../agent/gate-subject.ts';
import type { Policy } from '../agent/state.ts';
import type { ZoneRules } from '../calendar/zone-rules.ts';
import { warinessOf } from '../cincinnati/policy/rollout.ts';
import { KindError, SimulatedNode } from '../simulate/node.ts';
import { CALM, type World } from '../simulate/world.ts';
import type { PeriodicSchedule } from '../strategies/periodic-schedule.ts';
import { bootedDeployment } from './booted-deployment.ts';
import type { LockGroup } from './lock-group.ts';
import { Luck } from './luck.ts';
import { NodeGates, type NodeFacts } from './node-gates.ts';
import { People } from './people.ts';
import type { Plan, PlannedGroup } from './plan.ts';
import type { UpdateServer, View } from './update-server.ts';

export interface NodeNeeds {
  readonly plan: Plan;
  readonly group: PlannedGroup;
  /** In the whole fleet, from 0. */
  readonly number: number;
  /** In its group, from 0. */
  readonly place: number;
  readonly server: UpdateServer;
  readonly lock: LockGroup | undefined;
  readonly zone: ZoneRules;
  readonly schedule: PeriodicSchedule | undefined;
  readonly nodeUuid: string;
  readonly policy: Policy;
  /** A slot became free. */
  readonly onSlotFree: (lock: LockGroup, at: number, by: number) => void;
}

export class FleetNode {
  readonly number: number;
  readonly group: PlannedGroup;
  readonly zone: ZoneRules;
  readonly lock: LockGroup | undefined;
  readonly view: View;
  readonly people: People;
  readonly luck: Luck;
  readonly sim: SimulatedNode;
  readonly server: UpdateServer;
  readonly facts: NodeFacts;
  readonly gates: NodeGates;
  /** Whether the lock refused since the last visit began. */
  isRefused = false;
  /** The node is down until then. Undefined: it is up. */
  upAt: number | undefined;
  #stagings = 0;
  #reboots = 0;

  constructor(needs: NodeNeeds) {
    const { plan, group, number, server, lock, zone, nodeUuid } = needs;
    this.number = number;
    this.group = group;
    this.zone = zone;
    this.lock = lock;
    this.server = server;
    this.luck = new Luck(plan.seed, `${group.name}/${needs.place}`);
    this.people = new People(group.logins, zone, this.luck, plan.untilAt);
    this.view = server.viewOf(group.settings.identity.rolloutWariness ?? warinessOf(nodeUuid));
    const spreadMs = group.settings.timing.steadyIntervalMs;
    const startAt = plan.fromAt + Math.floor(this.luck.draw('start', 0) * spreadMs);
    this.facts = { bootedAt: plan.fromAt, isFirstBoot: false };
    this.gates = new NodeGates(group.settings, needs.schedule, this.facts);
    const release = plan.releases[group.booted];
    if (release === undefined) {
      throw new Error('a group must have booted a release of the plan');
    }
    this.sim = new SimulatedNode(
      this.#world(needs),
      [bootedDeployment(release.version, release.checksum)],
      startAt,
    );
  }

  /** What the gates say now, each with what it says of later. */
  explain(): readonly ExplainedReport[] {
    return this.gates.explain(this.question());
  }

  question(): GateQuestion {
    return questionOf(gateSubject(this.sim.model.memory), this.sim.at);
  }

  /** How long the reboot that begins takes, and whether the finalization works. */
  drawReboot(): { readonly downMs: number } {
    this.#reboots += 1;
    const { rebootMs, rebootHangs, repairMs } = this.group;
    const hangs = this.luck.draw('hang', this.#reboots) < rebootHangs;
    return { downMs: hangs ? rebootMs + repairMs : rebootMs };
  }

  #world({ group, lock, policy, onSlotFree }: NodeNeeds): World {
    return {
      ...CALM,
      policy,
      check: (query) => this.server.answer(this.view, this.sim.at, query),
      survey: (question) => this.gates.look(question).reports,
      look: (question): Look => this.gates.look(question),
      acquire: ({ at }): SlotAnswer => {
        if (lock === undefined || lock.acquire(this.number, at)) {
          return { kind: 'granted' };
        }
        this.isRefused = true;
        return REFUSED;
      },
      release: ({ at }) => {
        if (lock?.release(this.number, at) === true) {
          onSlotFree(lock, at, this.number);
        }
        return undefined;
      },
      sessions: () => this.people.sessionsAt(this.sim.at),
      stageFault: () => {
        this.#stagings += 1;
        const fails = this.luck.draw('staging', this.#stagings) < group.stagingFails;
        return fails ? new KindError('rpm_ostree_transaction_failed', 'the plan has it fail') : undefined;
      },
      finalizationWorks: () => !(this.luck.draw('reboot', this.#reboots) < group.rebootFails),
      durationMs: ({ kind }) => (kind === 'stage' ? group.stagingMs : 0),
      roll: (n) => this.luck.roll(n),
    };
  }
}

const REFUSED: SlotAnswer = {
  kind: 'refused',
  reason: 'reboot slot not granted: all slots are taken',
  label: 'failed_lock_semaphore_full',
};
