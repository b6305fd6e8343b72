/**
 * The world of a transcript: everything works, nobody is there, and nothing takes time, until a command says otherwise.
 *
 * Invariant: update servers answer with the product's own selection, over a graph without barriers.
 */
import type { Effect, EffectKind } from '../../../src/agent/messages.ts';
import type {
  CheckQuery,
  CheckResult,
  GateQuestion,
  GateReport,
  Session,
  SlotAnswer,
} from '../../../src/agent/ports.ts';
import type { Release } from '../../../src/agent/release.ts';
import type { Policy } from '../../../src/agent/state.ts';
import { parseGraph } from '../../../src/cincinnati/graph/graph.ts';
import { selectUpdate, surroundingsOf } from '../../../src/cincinnati/graph/select-update.ts';
import { judgeHold } from '../../../src/gates/hold.ts';
import { isOverridden, overridden } from '../../../src/gates/overridable.ts';
import { KindError } from '../../../src/simulate/node.ts';
import type { World } from '../../../src/simulate/world.ts';
import { blocking, PASSING, payloadOf } from '../samples.ts';
import type { Failable } from './grammar.ts';

/** A release in the graph of one stream. */
interface Listed {
  readonly version: string;
  /** Whose graph has it. */
  readonly stream: string;
  /** The stream that its deployment names. */
  readonly builtFor: string;
  readonly age: number;
  /** Whether it is a node of the graph, and whether edges lead to it. */
  place: 'offered' | 'known' | 'forgotten';
}

export type Gate =
  | { readonly says: 'pass' }
  | { readonly says: 'block'; readonly reason: string; readonly untilAt?: number }
  | { readonly says: 'unknown'; readonly kind: string }
  /** Open for the first `openMs` of every period since `fromAt`. */
  | { readonly says: 'windows'; readonly fromAt: number; readonly openMs: number; readonly periodMs: number };

export type Lender =
  | { readonly says: 'grant' }
  | { readonly says: 'refuse'; readonly reason: string }
  | { readonly says: 'nothing' };

/** What commands turn. */
export interface Knobs {
  readonly gate: Gate;
  readonly lender: Lender;
  /** Undefined: the login manager does not answer. */
  readonly people: readonly Session[] | undefined;
  readonly rebootComes: boolean;
  readonly shutdownWorks: boolean;
}

/** `left`: how many times more; without it, until it is mended. */
interface Fault {
  readonly kind: string;
  left: number;
}

/** What people read when an effect fails. */
const MESSAGES: Readonly<Record<Failable, string>> = {
  save: 'no space left on device',
  'register-driver': 'rpm-ostree does not answer',
  'read-status': 'rpm-ostree does not answer',
  check: 'the update server does not answer',
  stage: 'the download broke off',
  finalize: 'rpm-ostree could not unlock the deployment',
};
const LOCK_DOWN = 'the lock server does not answer';
const OUTSIDE = 'outside of maintenance windows';

export class TranscriptWorld implements World {
  policy: Policy;
  knobs: Knobs = {
    gate: { says: 'pass' },
    lender: { says: 'grant' },
    people: [],
    rebootComes: true,
    shutdownWorks: true,
  };
  /** The stream that the present check asks for. */
  streamAsked: string | undefined;
  readonly takesMs = new Map<EffectKind, number>();
  readonly #faults = new Map<Failable, Fault>();
  readonly #answered: (word: string) => void;
  /** Oldest first. */
  readonly #listed: Listed[] = [];

  /** `answered`: hears what effects come to, where that is not simply that they worked. */
  constructor(policy: Policy, answered: (word: string) => void) {
    this.policy = policy;
    this.#answered = answered;
  }

  /** A release that is in the graph already comes back to it, or is offered again. */
  list(version: string, stream: string, builtFor: string, place: 'offered' | 'known'): void {
    const old = this.#listed.find((listed) => listed.version === version && listed.stream === stream);
    if (old !== undefined) {
      old.place = place;
      return;
    }
    this.#listed.push({ version, stream, builtFor, age: this.#listed.length, place });
  }

  /** `known`: no edge leads to it any more. `forgotten`: no graph has it. False: none ever had. */
  move(version: string, place: 'known' | 'forgotten'): boolean {
    const found = this.#listed.filter((listed) => listed.version === version);
    for (const listed of found) {
      listed.place = place;
    }
    return found.length > 0;
  }

  fail(effect: Failable, kind: string, times: number): void {
    this.#faults.set(effect, { kind, left: times });
  }

  mend(effect: Failable): void {
    this.#faults.delete(effect);
  }

  check(query: CheckQuery): CheckResult | Error {
    const fault = this.#faultOf('check');
    if (fault !== undefined) {
      return fault;
    }
    const listed = this.#listed.filter(
      ({ stream, place }) => stream === this.streamAsked && place !== 'forgotten',
    );
    const nodes = listed.map(({ version, age }) => ({
      version,
      payload: payloadOf(version).value,
      metadata: {
        'org.fedoraproject.coreos.scheme': 'checksum',
        'org.fedoraproject.coreos.releases.age_index': String(age),
      },
    }));
    const edges = listed.flatMap((to, toIndex) =>
      listed.flatMap((from, fromIndex) =>
        to.place === 'offered' && from.age < to.age ? [[fromIndex, toIndex]] : [],
      ),
    );
    const graph = parseGraph({ nodes, edges });
    return { ...selectUpdate(surroundingsOf(graph, query.booted), query), notModified: false };
  }

  survey(question: GateQuestion): readonly GateReport[] {
    const { at, overrides = [] } = question;
    const holds = judgeHold(question);
    const reports = [...this.#reports(at), ...(holds.verdict === 'pass' ? [] : [holds])].map((report) =>
      isOverridden(report, overrides) ? overridden(report) : report,
    );
    this.#answered(reports.find(({ verdict }) => verdict !== 'pass')?.verdict ?? 'pass');
    return reports;
  }

  acquire(): SlotAnswer | Error {
    const { lender } = this.knobs;
    switch (lender.says) {
      case 'grant':
        this.#answered('granted');
        return { kind: 'granted' };
      case 'refuse':
        this.#answered('refused');
        return { kind: 'refused', reason: lender.reason, label: 'lock' };
      case 'nothing':
        return this.#failing('fleet_lock_unreachable', LOCK_DOWN);
    }
  }

  release(): Error | undefined {
    return this.knobs.lender.says === 'nothing'
      ? this.#failing('fleet_lock_unreachable', LOCK_DOWN)
      : undefined;
  }

  sessions(): readonly Session[] | Error {
    return this.knobs.people ?? new KindError('bus_call_timeout', 'the login manager does not answer');
  }

  stageFault(): Error | undefined {
    return this.#faultOf('stage');
  }

  stagedStream({ version }: Release, own: string | undefined): string | undefined {
    return this.#listed.find((listed) => listed.version === version)?.builtFor ?? own;
  }

  finalizeFault(): Error | undefined {
    return this.#faultOf('finalize');
  }

  driverFault(): Error | undefined {
    return this.#faultOf('register-driver');
  }

  statusFault(): Error | undefined {
    return this.#faultOf('read-status');
  }

  saveFault(): Error | undefined {
    return this.#faultOf('save');
  }

  rebootComes(): boolean {
    return this.knobs.rebootComes;
  }

  finalizationWorks(): boolean {
    return this.knobs.shutdownWorks;
  }

  durationMs({ kind }: Effect): number {
    return this.takesMs.get(kind) ?? 0;
  }

  /** No jitter, so that times are round. */
  roll(): number {
    return 0;
  }

  #reports(at: number): readonly GateReport[] {
    const { gate } = this.knobs;
    switch (gate.says) {
      case 'pass':
        return PASSING;
      case 'unknown': {
        const reason = `the gate cannot tell (${gate.kind})`;
        return [{ gate: 'gate', verdict: 'unknown', reason, label: gate.kind }];
      }
      case 'block': {
        const isOver = gate.untilAt !== undefined && at >= gate.untilAt;
        return isOver ? PASSING : blocking(gate.reason, 'outside_window', gate.untilAt);
      }
      case 'windows': {
        const { fromAt, openMs, periodMs } = gate;
        const phaseMs = (((at - fromAt) % periodMs) + periodMs) % periodMs;
        return phaseMs < openMs ? PASSING : blocking(OUTSIDE, 'outside_window', at - phaseMs + periodMs);
      }
    }
  }

  #faultOf(effect: Failable): Error | undefined {
    const fault = this.#faults.get(effect);
    if (fault === undefined || fault.left === 0) {
      return undefined;
    }
    fault.left -= 1;
    return this.#failing(fault.kind, MESSAGES[effect]);
  }

  #failing(kind: string, message: string): Error {
    this.#answered(kind);
    return new KindError(kind, message);
  }
}
