/**
 * A node, its person and its lock server, and an account of what must never happen.
 *
 * Invariant: the account uses the server's book, the deployments, the sessions and the effects. It asks the agent for
 * nothing.
 */
import { draw, roll } from '../../../src/simulate/chance.ts';
import { KindError, SimulatedNode } from '../../../src/simulate/node.ts';
import { CALM } from '../../../src/simulate/world.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/text/units.ts';
import { deployment, PASSING, POLICY } from '../samples.ts';
import { Violation } from '../violation.ts';
import { FIRST, type FlappingGraph } from './flapping-graph.ts';
import { LockClient } from './lock-client.ts';
import type { LockFamily } from './lock-family.ts';
import { Person } from './person.ts';

const SHUTDOWN_MS = 90 * SECOND_MS;
const GRACE_MS = POLICY.sessions.graceMinutes * MINUTE_MS;
/** After the boot is complete, or once the node has nothing to reboot into. */
const LONGEST_IDLE_HOLD_MS = HOUR_MS;
/** While it wants to reboot, and nobody knows whether it may. */
const LONGEST_HOLD_MS = DAY_MS + 2 * HOUR_MS;

/** Nodes of one group that are in a reboot: from the finalization until the boot is complete. */
export type InReboot = Map<string, { untilAt: number }>;

export class WatchedNode {
  readonly name: string;
  readonly server: LockFamily;
  readonly person: Person;
  readonly node: SimulatedNode;
  /** Those that the agent asked for. */
  reboots = 0;
  /** With somebody logged in whose grace was over. */
  rebootsUnderPeople = 0;
  readonly #seed: number;
  readonly #client: LockClient;
  readonly #inReboot: InReboot;
  #completeAt: number;
  #asked = false;
  /** Since when the present deployment is staged, by its id. */
  #staged: { readonly id: string; readonly sinceAt: number } | undefined;
  #idleSinceAt: number;

  constructor(
    name: string,
    seed: number,
    server: LockFamily,
    graph: FlappingGraph,
    inReboot: InReboot,
    startAt: number,
    calmAt: number,
  ) {
    this.name = name;
    this.#seed = seed;
    this.server = server;
    this.#inReboot = inReboot;
    this.#client = new LockClient(server, name);
    this.person = new Person(seed, name, startAt, calmAt);
    this.#completeAt = startAt;
    this.#idleSinceAt = startAt;
    this.node = new SimulatedNode(
      {
        ...CALM,
        policy: {
          ...POLICY,
          hasLenders: true,
          slotPlaces: [{ lender: 'fleet_lock', address: 'https://lock', group: server.flavour, id: name }],
        },
        check: (query) => {
          this.person.act(this.node, false);
          return graph.check(query, this.node.at);
        },
        survey: () => PASSING,
        acquire: ({ at }) => {
          this.person.act(this.node, false);
          return this.#client.taken(at);
        },
        release: () => this.#client.givenBack(),
        incomplete: () => (this.node.at < this.#completeAt ? 'services are starting' : undefined),
        sessions: () => this.person.sessions(this.node.at),
        // Nobody else stages meanwhile: rpm-ostree runs one transaction at a time.
        stageFault: () =>
          this.#draw('stage fails') < 0.1 && this.node.at < calmAt
            ? new KindError('rpm_ostree_transaction_failed', 'network')
            : undefined,
        durationMs: (effect) => {
          const { at } = this.node;
          switch (effect.kind) {
            case 'acquire-slot':
              return this.#client.send('pre-reboot', at);
            case 'release-slot':
              return effect.asksBoot && at < this.#completeAt ? 0 : this.#client.send('steady-state', at);
            case 'stage':
              return 2 * MINUTE_MS;
            case 'check':
              return SECOND_MS;
            default:
              return 0;
          }
        },
        roll: (n) => roll(seed, name, n),
      },
      [deployment(FIRST.version, { booted: true })],
      startAt,
      { rebooted: () => this.#rebooted() },
    );
  }

  get holds(): boolean {
    return this.server.book.has(this.name);
  }

  step(): void {
    const { node, person } = this;
    person.act(node, true);
    if (this.#draw('killed') < 0.001) {
      this.#client.forget();
      node.restart();
    }
    if (node.effect.kind === 'finalize') {
      this.#checkFinalize();
    }
    const { reboots } = node;
    node.step();
    this.#checkPerson(node.reboots !== reboots);
    this.#noteStaged();
    this.#checkHold();
  }

  #checkFinalize(): void {
    const { node, server } = this;
    const { at, staged } = node;
    if (!this.holds) {
      throw this.#violation('a reboot is asked for without a slot');
    }
    const others = [...this.#inReboot].filter(([name, { untilAt }]) => name !== this.name && at < untilAt);
    if (server.book.size > 1 || others.length > 0) {
      throw this.#violation(`a reboot is asked for while ${others.map(([name]) => name).join()} is in one`);
    }
    if (this.person.sessions(at).length > 0) {
      const sinceAt = this.#staged?.id === staged?.id ? (this.#staged?.sinceAt ?? at) : at;
      if (this.person.presentMs(sinceAt, at) < GRACE_MS) {
        throw this.#violation('a reboot is asked for under people whose grace is not over');
      }
      this.rebootsUnderPeople += 1;
    }
    // Whether it comes is known when it has come; the shutdown may take as long as the agent waits for it.
    this.#asked = true;
    this.#inReboot.set(this.name, { untilAt: Number.POSITIVE_INFINITY });
  }

  #rebooted(): void {
    const { node } = this;
    this.#client.forget();
    node.pass(SHUTDOWN_MS);
    this.#completeAt = node.at + Math.floor((1 + 20 * this.#draw('boot takes')) * MINUTE_MS);
    if (this.#asked) {
      this.reboots += 1;
      this.#asked = false;
      this.#inReboot.set(this.name, { untilAt: this.#completeAt });
    }
    // Whatever was staged is booted now.
    this.person.staged = undefined;
  }

  #checkPerson(isRebooted: boolean): void {
    const { staged } = this.person;
    if (!isRebooted && staged !== undefined && this.node.staged?.id !== staged.id) {
      throw this.#violation(`what a person staged is gone, there is ${this.node.staged?.id ?? 'nothing'}`);
    }
  }

  #noteStaged(): void {
    const { staged, at } = this.node;
    if (staged?.id !== this.#staged?.id) {
      this.#staged = staged === undefined ? undefined : { id: staged.id, sinceAt: at };
    }
  }

  /** The time for which the server was down does not count. */
  #checkHold(): void {
    const { node, server } = this;
    const isIdle = node.staged === undefined || node.staged.id === this.person.staged?.id;
    if (!isIdle) {
      this.#idleSinceAt = Number.POSITIVE_INFINITY;
    } else if (this.#idleSinceAt === Number.POSITIVE_INFINITY) {
      this.#idleSinceAt = node.at;
    }
    const heldSinceAt = server.book.get(this.name);
    if (heldSinceAt === undefined) {
      return;
    }
    const fromAt = Math.max(heldSinceAt, this.#completeAt);
    const idleFromAt = Math.max(fromAt, this.#idleSinceAt);
    if (this.#upMs(idleFromAt) > LONGEST_IDLE_HOLD_MS || this.#upMs(fromAt) > LONGEST_HOLD_MS) {
      throw this.#violation('a slot is held for too long');
    }
  }

  #upMs(fromAt: number): number {
    const { at } = this.node;
    const downMs = this.server.down
      .map((span) => Math.min(span.untilAt, at) - Math.max(span.fromAt, fromAt))
      .reduce((sum, ms) => sum + Math.max(ms, 0), 0);
    return at - fromAt - downMs;
  }

  #draw(purpose: string): number {
    return draw(this.#seed, this.name, purpose, this.node.steps + this.node.lives);
  }

  #violation(what: string): Violation {
    const { at, effect, model, staged } = this.node;
    const where = `${this.name}, ${new Date(at).toISOString()}, ${model.state.name}, ${effect.kind}`;
    return new Violation(`${what}: ${where}, staged ${staged?.id ?? 'nothing'}`);
  }
}
