/** What surrounds a simulated node, as small answers. Whoever simulates replaces the parts that matter. */
import type { Effect } from '../agent/messages.ts';
import type {
  CheckQuery,
  CheckResult,
  GateQuestion,
  GateReport,
  Look,
  Session,
  SlotAnswer,
  SlotRequest,
} from '../agent/ports.ts';
import type { Release } from '../agent/release.ts';
import type { Policy } from '../agent/state.ts';

/** Errors carry a `kind`, and a `retryAfterMs` where a server says when to ask again. */
export interface World {
  policy: Policy;
  check(query: CheckQuery): CheckResult | Error;
  /** One report of each gate. */
  survey(question: GateQuestion): readonly GateReport[];
  /** As `survey`, with what the same look says of later. Left out: nothing is foretold. */
  look?(question: GateQuestion): Look;
  acquire(request: SlotRequest): SlotAnswer | Error;
  /** Why this boot is not complete; undefined, also where it is absent: it is. */
  incomplete?(): string | undefined;
  /** Undefined: it works. So below. */
  release(request: SlotRequest): Error | undefined;
  sessions(): readonly Session[] | Error;
  stageFault(release: Release): Error | undefined;
  /** The stream that the staged deployment of `release` names; `own` is that of the booted one. */
  stagedStream(release: Release, own: string | undefined): string | undefined;
  finalizeFault(release: Release): Error | undefined;
  driverFault(): Error | undefined;
  statusFault(): Error | undefined;
  saveFault(): Error | undefined;
  /** False: the reboot that was asked for never comes. */
  rebootComes(): boolean;
  /** False: the machine comes up in the deployment it was in, as after a finalization that failed at shutdown. */
  finalizationWorks(): boolean;
  /** How long an effect takes, milliseconds; a wait takes its own time on top. */
  durationMs(effect: Effect): number;
  /** The n-th roll for jitter, 0..10. */
  roll(n: number): number;
}

/** Everything works, nothing is offered, and nothing takes time. */
export const CALM: Omit<World, 'policy' | 'check'> = {
  survey: () => [],
  acquire: () => ({ kind: 'granted' }),
  release: () => undefined,
  sessions: () => [],
  stageFault: () => undefined,
  stagedStream: (_release, own) => own,
  finalizeFault: () => undefined,
  driverFault: () => undefined,
  statusFault: () => undefined,
  saveFault: () => undefined,
  rebootComes: () => true,
  finalizationWorks: () => true,
  durationMs: () => 0,
  roll: () => 0,
};
