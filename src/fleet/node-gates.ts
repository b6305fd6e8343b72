/**
 * The gates of a simulated node: the agent's own judgements, on simulated facts. Pure.
 *
 * Invariants:
 * - Which gates there are, and in which order, is as on a host.
 * - What a plan says nothing of lets pass: boots complete, no inhibitors, room on /boot. A marker is never there.
 */
import type { ExplainedReport, GateQuestion, Look } from '../agent/ports.ts';
import type { Settings } from '../config/settings.ts';
import { explained } from '../gates/gate.ts';
import { judgeHold } from '../gates/hold.ts';
import { foresee } from '../gates/survey.ts';
import { OBSERVED, OPEN, SHUT, outsideHolds } from '../gates/timing.ts';
import { judgeUptime, timeUptime } from '../gates/uptime.ts';
import { judgeImmediate } from '../strategies/immediate.ts';
import { judgeManual } from '../strategies/manual.ts';
import { judgeMarker } from '../strategies/marker.ts';
import { explainPeriodic } from '../strategies/periodic.ts';
import type { PeriodicSchedule } from '../strategies/periodic-schedule.ts';

export interface NodeFacts {
  /** When this boot began, milliseconds since 1970 UTC. */
  bootedAt: number;
  isFirstBoot: boolean;
}

type SimulatedGate = (question: GateQuestion) => ExplainedReport;

export class NodeGates {
  readonly #gates: readonly SimulatedGate[];

  /** `schedule`: of strategy `periodic`, which needs one. `facts` is looked at anew for each question. */
  constructor(settings: Settings, schedule: PeriodicSchedule | undefined, facts: NodeFacts) {
    this.#gates = [...strategiesOf(settings, schedule), ...holdsOf(settings, facts)];
  }

  explain(question: GateQuestion): readonly ExplainedReport[] {
    return this.#gates.map((gate) => gate(question));
  }

  look(question: GateQuestion): Look {
    const reports = this.explain(question);
    return { reports: reports.map(({ report }) => report), foresight: foresee(reports, question.at) };
  }
}

function strategiesOf(settings: Settings, schedule: PeriodicSchedule | undefined): SimulatedGate[] {
  return settings.updates.strategies.flatMap((name): SimulatedGate[] => {
    switch (name) {
      case 'immediate':
        return [(question) => explained(judgeImmediate(), OPEN, question)];
      case 'manual':
        return [(question) => explained(judgeManual(), SHUT, question)];
      case 'marker': {
        const { path } = settings.updates.marker;
        const reading = { kind: 'missing' } as const;
        return [
          (question) => explained(judgeMarker(reading, question, { path, ownerUid: 0 }), OBSERVED, question),
        ];
      }
      case 'periodic': {
        if (schedule === undefined) {
          throw new Error('strategy periodic needs a schedule');
        }
        return [(question) => explainPeriodic(schedule, question)];
      }
      // It lends; it is no gate.
      case 'fleet_lock':
        return [];
    }
  });
}

function holdsOf(settings: Settings, facts: NodeFacts): SimulatedGate[] {
  const limits = settings.updates.reboot;
  const hold: SimulatedGate = (question) =>
    explained(judgeHold(question), outsideHolds(question.holds), question);
  if (limits.minUptimeMs === 0 && limits.firstBootGraceMs === 0) {
    return [hold];
  }
  const uptime: SimulatedGate = (question) => {
    const reading = { uptimeMs: question.at - facts.bootedAt, firstBoot: facts.isFirstBoot };
    return explained(judgeUptime(reading, question, limits), timeUptime(reading, question, limits), question);
  };
  return [uptime, hold];
}
