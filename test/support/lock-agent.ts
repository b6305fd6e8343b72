/**
 * A whole agent with a real lock server: the real loop, and the real lender over real HTTP. The host is in memory. Time
 * stands still while requests are under way, and jumps while the agent waits.
 */
import type { Effect, EffectKind } from '../../src/agent/messages.ts';
import type { Ports } from '../../src/agent/perform.ts';
import type { Deployment, Session } from '../../src/agent/ports.ts';
import { EMPTY_RECORD, type AgentRecord } from '../../src/agent/record.ts';
import { Runner } from '../../src/agent/runner.ts';
import { initialModel, type Model } from '../../src/agent/state.ts';
import type { Gate } from '../../src/gates/gate.ts';
import { Survey } from '../../src/gates/survey.ts';
import { Lenders } from '../../src/lenders/lenders.ts';
import { lockClient, NODE_ID } from './lock-client.ts';
import { POLICY, checkResult, deployment, host, release, staged } from './samples.ts';
import { VirtualClock } from './virtual-clock.ts';

/** More waits than any of the tests needs. */
const MOST_WAITS = 500;

export interface LockAgentOptions {
  readonly baseUrl: string;
  readonly nodeUuid?: string;
  /** Asked before the lock server. */
  readonly gates?: readonly Gate[];
}

export class LockAgent {
  readonly nodeUuid: string;
  readonly clock = new VirtualClock();
  /** The effects so far, with the instants at which they began. */
  readonly effects: { readonly kind: EffectKind; readonly mono: number }[] = [];
  /** Who is logged in. */
  sessions: readonly Session[] = [];
  /** rpm-ostree's answer to a finalization. */
  finalizeFault: Error | undefined;
  finalized = 0;
  model: Model = initialModel();
  readonly #options: LockAgentOptions;
  #deployments: readonly Deployment[] = [deployment('1.0', { booted: true })];
  #record: AgentRecord = EMPTY_RECORD;
  #waiting = Promise.withResolvers<Effect & { kind: 'wait' }>();

  constructor(options: LockAgentOptions) {
    this.#options = options;
    this.nodeUuid = options.nodeUuid ?? NODE_ID;
  }

  get stagedVersion(): string | undefined {
    return this.#deployments.find((each) => each.staged)?.version;
  }

  count(kind: EffectKind): number {
    return this.effects.filter((effect) => effect.kind === kind).length;
  }

  /** One life of the process, until `done`, which is checked before each effect. */
  async live(done: () => boolean): Promise<void> {
    const life = new AbortController();
    await using client = lockClient(this.#options.baseUrl, { nodeUuid: this.nodeUuid, clock: this.clock });
    this.#waiting = Promise.withResolvers();
    const running = new Runner({
      model: initialModel(this.#record),
      configuration: {
        policy: {
          ...POLICY,
          hasLenders: true,
          slotPlaces: [
            { lender: 'fleet_lock', address: this.#options.baseUrl, group: 'workers', id: this.nodeUuid },
          ],
          jitter: false,
        },
        ports: this.#ports(new Lenders([client.lender], () => client.lender)),
      },
      dice: () => 0,
      observer: {
        begins: (_beginning, _at, { model, effect }) => {
          this.model = model;
          this.effects.push({ kind: effect.kind, mono: this.clock.monotonic() });
          if (done()) {
            life.abort();
          } else if (effect.kind === 'wait') {
            this.#waiting.resolve(effect);
          }
        },
        happened: () => undefined,
        configured: () => undefined,
      },
      signal: life.signal,
    }).run();
    try {
      for (let waits = 0; waits < MOST_WAITS; waits++) {
        const effect = await Promise.race([this.#waiting.promise, running]);
        if (effect === undefined) {
          return;
        }
        this.#waiting = Promise.withResolvers();
        const { forMs, untilAt = Infinity } = effect;
        await this.clock.advance(Math.min(forMs, untilAt - this.clock.now()));
      }
      throw new Error(`still in ${this.model.state.name} after ${MOST_WAITS} waits`);
    } finally {
      life.abort();
      await running;
    }
  }

  #ports(lenders: Lenders): Ports {
    return {
      clock: this.clock,
      gates: new Survey({ gates: this.#options.gates ?? [], clock: this.clock }),
      lenders,
      rpmOstree: {
        registerDriver: async () => undefined,
        status: async () => host([...this.#deployments]),
        stage: async (target) => {
          const made = staged(target.version);
          this.#deployments = [made, deployment('1.0', { booted: true })];
          return made;
        },
        finalize: async () => {
          if (this.finalizeFault !== undefined) {
            throw this.finalizeFault;
          }
          this.finalized++;
        },
        discardStaged: async () => {
          this.#deployments = [deployment('1.0', { booted: true })];
        },
        followActive: async () => 'ended',
      },
      updatesFor: () => ({
        check: async () => checkResult({ kind: 'update', release: release('2.0', 2) }),
      }),
      sessions: { list: async () => this.sessions, broadcast: async () => undefined },
      records: {
        save: async (record) => {
          this.#record = record;
        },
      },
      notice: () => '',
      onProgress: () => undefined,
    };
  }
}
