/**
 * The port `Gatekeeper` over the ports `Gates` and `Lenders`: joins the reports of all gates into one verdict.
 *
 * Invariants:
 * - A gate that blocks counts for more than one that cannot tell: the reasons of all that block are the answer.
 * - Where no gate blocks and one cannot tell, the adapter rejects as that gate did.
 */
import type {
  Clock,
  Gatekeeper,
  GateQuestion,
  GateReport,
  Gates,
  JointVerdict,
  Lenders,
  SlotRequest,
} from '../agent/ports.ts';
import { AgentError } from '../errors.ts';

/** A gate could not tell. `kind` and message are those of its report. */
class UnknownGateError extends AgentError {
  readonly kind: string;

  constructor({ label, reason }: GateReport) {
    super(reason);
    this.kind = label;
  }
}

export interface GatekeeperParts {
  readonly gates: Gates;
  readonly lenders: Lenders;
  readonly clock: Pick<Clock, 'now'>;
  /** What the questions are about, as the machine knows it at that moment. */
  readonly subject: () => Omit<GateQuestion, 'at'> & Omit<SlotRequest, 'at'>;
}

export class GatekeeperAdapter implements Gatekeeper {
  readonly #parts: GatekeeperParts;

  constructor(parts: GatekeeperParts) {
    this.#parts = parts;
  }

  async askLocal(nowMs: number, signal: AbortSignal): Promise<JointVerdict> {
    const { gates, subject } = this.#parts;
    const { booted, staged } = subject();
    return joinReports(await gates.survey({ at: nowMs, booted, staged }, signal));
  }

  async askRemote(nowMs: number, signal: AbortSignal): Promise<JointVerdict> {
    const answer = await this.#parts.lenders.acquire(this.#request(nowMs), signal);
    if (answer.kind === 'granted') {
      return ALLOWED;
    }
    const { reason, label, untilAt } = answer;
    return denied(reason, label, untilAt);
  }

  async reportSteady(signal: AbortSignal): Promise<void> {
    const { lenders, clock } = this.#parts;
    await lenders.release(this.#request(clock.now()), signal);
  }

  #request(at: number): SlotRequest {
    return { at, stream: this.#parts.subject().stream };
  }
}

const ALLOWED: JointVerdict = { verdict: 'allow', reason: '', label: 'allowed' };

/**
 * The joint answer, and the earliest instant at which it can become "allow": the latest one of those that block, since
 * all of them have to pass. Throws where no gate blocks and one cannot tell.
 */
export function joinReports(reports: readonly GateReport[]): JointVerdict {
  const blocks = reports.filter((report) => report.verdict === 'block');
  const [first] = blocks;
  if (first !== undefined) {
    const reason = blocks.map((block) => block.reason).join('; ');
    const instants = blocks.flatMap(({ nextAt }) => (nextAt === undefined ? [] : [nextAt]));
    return denied(reason, first.label, instants.length === 0 ? undefined : Math.max(...instants));
  }
  const unknown = reports.find((report) => report.verdict === 'unknown');
  if (unknown !== undefined) {
    throw new UnknownGateError(unknown);
  }
  return ALLOWED;
}

function denied(reason: string, label: string, untilAt: number | undefined): JointVerdict {
  return { verdict: 'deny', reason, label, ...(untilAt !== undefined && { untilAt }) };
}
