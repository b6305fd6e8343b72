/**
 * Plays one move of a search: one node takes a step, or something happens to it. Pure.
 *
 * Invariants:
 * - The agent's own machine decides, on a simulated node. Nothing here decides for it.
 * - The state and the choices that a move asks for tell it. The same ones give the same next state.
 * - A shutdown that was asked for is over before the node waits for anything.
 */
import type { Happening } from '../../agent/happenings.ts';
import type { EffectKind } from '../../agent/messages.ts';
import type { Deployment } from '../../agent/ports.ts';
import { samePayload } from '../../agent/release.ts';
import type { Request, Wish } from '../../agent/requests.ts';
import { SimulatedNode } from '../../simulate/node.ts';
import { NOTHING_LEFT, type Bounds, type Left } from './bounds.ts';
import { Hasher } from './canonical.ts';
import { FIRST_OPTION, type Choices } from './choices.ts';
import { paid, type Menu, type Option } from './menu.ts';
import { BOOTING, turns, type Turn } from './menus.ts';
import { NEW, OLD_BOOTED } from './releases.ts';
import { checkDown, checkFinalize, Violation } from './safety.ts';
import { SEARCH_POLICY } from './search-policy.ts';
import { worldOf, type Scene } from './small-world.ts';
import {
  accountNumbers,
  hasSlot,
  isResting,
  UNTOUCHED,
  type Account,
  type NodeAt,
  type StateAt,
} from './world-state.ts';

/** Hears what a move does, in words. */
export type Tell = (text: string) => void;

/** From the boot until its services run. */
const BOOT_MS = 10_000;
const START_AT = Date.UTC(2026, 0, 1);

/** What is there even if the agent is killed before it hears of it. */
const LEAVE_SOMETHING: ReadonlySet<EffectKind> = new Set([
  'save',
  'release-slot',
  'stage',
  'discard-staged',
  'acquire-slot',
  'finalize',
]);
/** Requests cut them short, or are taken beside them. What comes beside any other is taken after it. */
const TAKE_LONG: ReadonlySet<EffectKind> = new Set(['stage', 'acquire-slot', 'release-slot', 'check']);
/** A window does not change meanwhile: they take no time to speak of. */
const AT_ONCE: ReadonlySet<EffectKind> = new Set(['survey', 'save', 'finalize']);

export class Player {
  readonly #bounds: Bounds;
  readonly #hasher = new Hasher(SEARCH_POLICY);
  readonly #sim: SimulatedNode;
  readonly #scene: Scene;
  #meanwhile: Wish | undefined;
  #tell: Tell | undefined;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
    const scene: Scene = {
      node: 0,
      slots: bounds.slots,
      lent: 0,
      account: UNTOUCHED,
      willGoDown: true,
      pick: (menu) => this.#pick(menu),
      begins: () => this.#ask(this.#meanwhile),
      status: () => this.#sim,
      tell: (text) => this.#tell?.(text),
    };
    this.#scene = scene;
    this.#sim = new SimulatedNode(worldOf(scene), [OLD_BOOTED], START_AT, {
      happened: (happenings) => {
        happenings.forEach((happening) => this.#hear(happening));
      },
    });
  }

  #choices: Pick<Choices, 'choose'> = FIRST_OPTION;
  #left: Left = NOTHING_LEFT;
  #isRestless = false;

  begin(): StateAt {
    const { nodes, crashes, faults, requests } = this.#bounds;
    const node = this.#snapshot();
    return {
      nodes: Array.from({ length: nodes }, () => node),
      lent: 0,
      left: { crashes, faults, requests },
    };
  }

  /** What becomes of `state` when node `place` moves. Throws Violation. */
  move(state: StateAt, place: number, choices: Pick<Choices, 'choose'>, tell?: Tell): StateAt {
    this.#left = state.left;
    this.#isRestless = this.#bounds.isRestless;
    const next = this.#moved(state, place, choices, tell);
    checkDown(next, this.#bounds);
    return next;
  }

  /** The same in a world in which everything works. */
  moveWell(state: StateAt, place: number): StateAt {
    this.#left = NOTHING_LEFT;
    this.#isRestless = false;
    return this.#moved(state, place, FIRST_OPTION, undefined);
  }

  #moved(state: StateAt, place: number, choices: Pick<Choices, 'choose'>, tell: Tell | undefined): StateAt {
    const from = state.nodes[place];
    if (from === undefined) {
      throw new Error('only a node of the state can move');
    }
    this.#choices = choices;
    this.#tell = tell;
    this.#load(state, from, place);
    try {
      this.#play(this.#pick(turns(this.#occasion(from))));
    } catch (error) {
      throw error instanceof Violation ? error : new Violation('a fault of the program', String(error));
    }
    return {
      nodes: state.nodes.map((node, index) => (index === place ? this.#snapshot() : node)),
      lent: this.#scene.lent,
      left: this.#left,
    };
  }

  #load(
    state: StateAt,
    { machine, record, deployments, at, mono, reboots, account }: NodeAt,
    place: number,
  ): void {
    Object.assign(this.#sim, { machine, record, deployments, at, mono, reboots });
    Object.assign(this.#scene, { node: place, lent: state.lent, account });
    this.#meanwhile = undefined;
  }

  #snapshot(): NodeAt {
    const { machine, model, effect, record, deployments, at, mono, reboots, policy } = this.#sim;
    const { account } = this.#scene;
    const numbers = accountNumbers({ account, mono });
    const hash = this.#hasher.hash(
      { ...model, deployments, next: effect.kind },
      record,
      { at, mono },
      policy.bootId,
      numbers,
    );
    return { machine, record, deployments, at, mono, reboots, account, hash };
  }

  #occasion(node: NodeAt): Parameters<typeof turns>[0] {
    const { kind } = node.machine.effect;
    return {
      isGoingDown: node.account.isGoingDown,
      isResting: isResting(node),
      leavesSomething: LEAVE_SOMETHING.has(kind),
      takesLong: TAKE_LONG.has(kind),
      canRollBack: this.#sim.deployments.length > 1 && this.#sim.booted.version === NEW.version,
    };
  }

  #pick<O extends Option>(menu: Menu<O>): O {
    const option = menu.pick({ ...this.#left, isRestless: this.#isRestless }, this.#choices);
    this.#left = paid(this.#left, option.cost);
    if (option.name !== '') {
      this.#tell?.(option.name);
    }
    return option;
  }

  #play(turn: Turn): void {
    switch (turn.kind) {
      case 'goes on':
        this.#step();
        return;
      case 'goes down':
      case 'rebooted':
        this.#reboot();
        return;
      case 'killed before':
        this.#restart();
        return;
      case 'killed after':
        this.#step();
        this.#restart();
        return;
      case 'loses power':
        this.#boot(this.#sim.deployments.filter(({ staged }) => !staged));
        return;
      case 'rolled back':
        this.#boot(this.#before());
        return;
      case 'asked':
        if (turn.isMeanwhile === true) {
          this.#meanwhile = turn.wish;
          this.#step();
        } else {
          this.#ask(turn.wish);
        }
    }
  }

  #step(): void {
    const { effect, record } = this.#sim;
    const { lent, node, account } = this.#scene;
    if (effect.kind === 'finalize') {
      checkFinalize(effect.release, account, record, hasSlot(lent, node));
    } else if (!AT_ONCE.has(effect.kind)) {
      this.#note({ window: 'unknown' });
    }
    this.#sim.step();
  }

  #ask(wish: Wish | undefined): void {
    this.#meanwhile = undefined;
    if (wish === undefined) {
      return;
    }
    if (wish.kind === 'hold' || wish.kind === 'deny' || wish.kind === 'discard') {
      this.#note({ isRefusedByPeople: true });
    }
    this.#sim.request({ id: 'request-1', by: { uid: 1000 }, wish });
  }

  #hear(happening: Happening): void {
    if (happening.kind === 'request-taken') {
      this.#note({ isWindowPassed: passesWindow(happening.request) });
    }
    if (happening.kind !== 'request-ended') {
      return;
    }
    const { request, outcome } = happening;
    this.#tell?.(`the ${request.wish.kind} that was asked for ends: ${outcome.text}`);
    this.#note({ isWindowPassed: false });
    if (outcome.kind === 'done') {
      const { kind } = request.wish;
      this.#note({
        ...(kind === 'hold' && { isHeld: true }),
        ...((kind === 'deny' || kind === 'discard') && { isDenied: true }),
      });
    }
  }

  /** The agent starts again, on the same boot. */
  #restart(): void {
    const { mono } = this.#sim;
    this.#sim.restart();
    // The clock of the boot goes on.
    this.#note({
      completeMono: Math.max(this.#scene.account.completeMono - mono, 0),
      unoffered: 0,
      isWindowPassed: false,
      window: 'unknown',
    });
  }

  #reboot(): void {
    const { staged, booted, deployments } = this.#sim;
    if (staged?.finalizationLocked !== false) {
      this.#boot(deployments.filter((deployment) => !deployment.staged));
      return;
    }
    const fresh = { ...staged, finalizationLocked: undefined, staged: false, booted: true };
    switch (this.#pick(BOOTING).name) {
      case 'the update is booted':
        this.#boot([fresh, { ...booted, booted: false }]);
        return;
      case 'the update is lost at shutdown':
        this.#boot([booted]);
        return;
      case 'the update is booted, and falls back by itself':
        this.#boot([booted, { ...fresh, booted: false }]);
        this.#note({ isRolledBack: true });
    }
  }

  /** The node in the release before, with the update still on disk. */
  #before(): readonly Deployment[] {
    const { deployments } = this.#sim;
    this.#note({ isRolledBack: true });
    return deployments
      .filter(({ staged }) => !staged)
      .map((deployment) => ({ ...deployment, booted: !deployment.booted }))
      .toSorted((a, b) => Number(b.booted) - Number(a.booted));
  }

  #boot(deployments: readonly Deployment[]): void {
    const { record, policy, mono } = this.#sim;
    const { account } = this.#scene;
    const wasAsked = record.asked?.bootId === policy.bootId;
    this.#sim.deployments = deployments;
    this.#sim.reboots += 1;
    this.#sim.restart();
    const isThere =
      this.#sim.booted.payload !== undefined && samePayload(this.#sim.booted.payload, NEW.payload);
    this.#note({
      window: 'unknown',
      isGoingDown: false,
      isComingUp: account.isGoingDown || (account.isComingUp && mono < account.completeMono),
      completeMono: BOOT_MS,
      isRolledBack: account.isRolledBack && !isThere,
      missed: isThere ? 0 : account.missed + (account.isGoingDown ? 1 : 0),
      seeminglyMissed: isThere ? 0 : account.seeminglyMissed + (wasAsked ? 1 : 0),
      unoffered: 0,
      isWindowPassed: false,
    });
    this.#tell?.(`the node boots ${this.#sim.booted.version}`);
  }

  #note(changes: Partial<Account>): void {
    this.#scene.account = { ...this.#scene.account, ...changes };
  }
}

function passesWindow({ wish }: Request): boolean {
  return wish.kind === 'reboot' && wish.overrides.includes('window');
}
