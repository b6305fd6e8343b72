/**
 * The surroundings of one node in a search: every answer is a choice. Pure.
 *
 * Invariants:
 * - A choice costs what the menu says. The first one is that of a world in which everything works.
 * - What an answer does to the world is in the scene: the lock's book, the window, the reboot that is on its way.
 */
import type {
  CheckQuery,
  CheckResult,
  GateQuestion,
  GateReport,
  Session,
  SlotAnswer,
} from '../../agent/ports.ts';
import { judgeHold } from '../../gates/hold.ts';
import { isOverridden, overridden } from '../../gates/overridable.ts';
import { block, pass, unknown } from '../../gates/verdict.ts';
import { KindError, type SimulatedNode } from '../../simulate/node.ts';
import { CALM, type World } from '../../simulate/world.ts';
import { afterAsking, afterGivingBack } from './lock.ts';
import type { Menu, Option } from './menu.ts';
import {
  ASKING,
  FINALIZING,
  GIVING_BACK,
  LENDING,
  OFFER,
  PEOPLE,
  READING,
  SAVING,
  STAGING,
  WINDOW,
} from './menus.ts';
import { answerTo } from './releases.ts';
import { SEARCH_POLICY } from './search-policy.ts';
import { hasSlot, type Account } from './world-state.ts';

/** The node that moves, and what is around it. */
export interface Scene {
  node: number;
  readonly slots: number;
  lent: number;
  account: Account;
  /** What comes of a finalization that works. */
  willGoDown: boolean;
  readonly pick: <O extends Option>(menu: Menu<O>) => O;
  /** An effect begins. */
  readonly begins: () => void;
  readonly status: () => SimulatedNode;
  readonly tell: (text: string) => void;
}

export function worldOf(scene: Scene): World {
  return {
    ...CALM,
    policy: SEARCH_POLICY,
    check: (query) => check(scene, query),
    survey: (question) => [windowReport(scene, question), judgeHold(question)],
    acquire: () => acquire(scene),
    release: () => giveBack(scene),
    incomplete: () =>
      scene.status().mono < scene.account.completeMono ? 'services are still starting' : undefined,
    sessions: () => sessions(scene),
    stageFault: () =>
      scene.pick(STAGING).name === 'staging fails'
        ? new KindError('rpm_ostree_transaction_failed')
        : undefined,
    finalizeFault: () => finalizing(scene),
    statusFault: () =>
      scene.pick(READING).name === 'the deployments are read'
        ? undefined
        : new KindError('rpm_ostree_unreachable'),
    saveFault: () =>
      scene.pick(SAVING).name === 'the record is written' ? undefined : new KindError('record_unwritable'),
    // The player makes the node go down, at any moment after that.
    rebootComes: () => {
      note(scene, { isGoingDown: scene.willGoDown });
      return false;
    },
    durationMs: () => {
      scene.begins();
      return 0;
    },
  };
}

function note(scene: Scene, changes: Partial<Account>): void {
  scene.account = { ...scene.account, ...changes };
}

function check(scene: Scene, query: CheckQuery): CheckResult | Error {
  switch (scene.pick(OFFER).name) {
    case 'the update is offered': {
      const result = answerTo('offered', query);
      note(scene, { unoffered: 0 });
      return result;
    }
    case 'the update is not offered':
      note(scene, { unoffered: Math.min(scene.account.unoffered + 1, 2) });
      return answerTo('not offered', query);
    case 'the graph does not know the node':
      return answerTo('off graph', query);
    case 'the server does not answer':
      return new KindError('client_failed_request');
  }
}

function windowReport(scene: Scene, { overrides = [] }: GateQuestion): GateReport {
  if (scene.account.window === 'unknown') {
    switch (scene.pick(WINDOW).name) {
      case 'the window is open':
        note(scene, { window: 'open' });
        break;
      case 'the window is closed':
        note(scene, { window: 'closed' });
        break;
      case 'nobody can tell whether the window is open':
        return unknown('periodic', 'internal', 'nobody can tell');
    }
  }
  const report =
    scene.account.window === 'open'
      ? pass('periodic', 'periodic', 'in a maintenance window')
      : block('periodic', 'outside_window', 'outside of maintenance windows');
  return isOverridden(report, overrides) ? overridden(report) : report;
}

function acquire(scene: Scene): SlotAnswer | Error {
  const { lent, node, slots } = scene;
  const after = afterAsking(lent, node, slots);
  const isFree = !hasSlot(lent, node) && hasSlot(after, node);
  switch ((isFree ? scene.pick(LENDING) : scene.pick(ASKING)).name) {
    case 'the slot is lent':
    case 'the lock answers': {
      scene.lent = after;
      const isLent = hasSlot(after, node);
      if (!isFree) {
        scene.tell(isLent ? 'the node keeps its slot' : 'no slot is free');
      }
      return isLent ? { kind: 'granted' } : REFUSED;
    }
    case 'another node has the slot':
      return REFUSED;
    case 'the slot is lent, and the answer is lost':
      scene.lent = after;
      return UNSURE;
    case 'the slot is lent as soon as the node is drained':
      scene.lent = after;
      return DRAINING;
    case 'the question is lost on its way':
    case 'the answer is lost':
      return UNSURE;
    case 'the lock cannot be reached':
      return new KindError('fleet_lock_unreachable');
  }
}

function giveBack(scene: Scene): Error | undefined {
  const { name } = scene.pick(GIVING_BACK);
  if (name !== 'the lock cannot be reached') {
    scene.lent = afterGivingBack(scene.lent, scene.node);
  }
  return name === 'the slot is given back' ? undefined : new KindError('fleet_lock_unreachable');
}

function sessions({ pick }: Scene): readonly Session[] | Error {
  switch (pick(PEOPLE).name) {
    case 'nobody is logged in':
      return [];
    case 'somebody is logged in':
      return [{ user: 'core', tty: 'tty1' }];
    case 'nobody can tell who is logged in':
      return new KindError('bus_call_timeout');
  }
}

function finalizing(scene: Scene): Error | undefined {
  switch (scene.pick(FINALIZING).name) {
    case 'the reboot is on its way':
      scene.willGoDown = true;
      return undefined;
    case 'the finalization works, and the reboot never comes':
      scene.willGoDown = false;
      return undefined;
    case 'the finalization is refused':
      return new KindError('rpm_ostree_failed');
    case 'rpm-ostree vanishes, and nothing is done':
      return new KindError('rpm_ostree_transaction_lost');
    case 'rpm-ostree vanishes, and the reboot is on its way': {
      const node = scene.status();
      node.deployments = node.deployments.map((deployment) =>
        deployment.staged ? { ...deployment, finalizationLocked: false } : deployment,
      );
      note(scene, { isGoingDown: true });
      return new KindError('rpm_ostree_transaction_lost');
    }
  }
}

const REFUSED: SlotAnswer = { kind: 'refused', reason: 'all slots are taken', label: 'fleet_lock' };

const DRAINING: SlotAnswer = {
  kind: 'may-be-held',
  reason: 'the node is being drained',
  label: 'fleet_lock',
  askAgainMs: 15_000,
};

const UNSURE: SlotAnswer = {
  ...DRAINING,
  reason: 'nobody knows whether the slot is held',
  errorKind: 'fleet_lock_unreachable',
};
