/**
 * What a request makes of a machine, between two effects. Pure.
 *
 * Invariants:
 * - A request that is taken ends once. One that is refused changes nothing.
 * - What people hold or deny is in the record before anything else is done, and is written at once.
 * - A hold, a denial or a cancel takes back a reboot that was about to be asked for, also in the record.
 * - After the finalization went out, what would stop it is too late.
 * - Whom a reboot overrides is not asked, also where that was about to happen.
 */
import { longDate } from '../text/long-date.ts';
import { denialName, withAdminDenial } from './admin-lists.ts';
import { settled, type Advance } from './advance.ts';
import type { Happening } from './happenings.ts';
import type { EffectKind } from './messages.ts';
import type { Moment } from './moment.ts';
import type { Override } from './overrides.ts';
import type { Pending } from './pending-request.ts';
import { holdsInForce, pendingOf } from './pending.ts';
import { isRebooting } from './rebooting.ts';
import type { Release } from './release.ts';
import { ended, type Ended } from './request-ends.ts';
import { done, refused } from './request-outcomes.ts';
import { allowed, denied, held, released } from './requested-lists.ts';
import { MOST_ADMIN_DENIALS, MOST_REQUESTS, type Outcome, type Request, type Wish } from './requests.ts';
import type { AgentState, Model, Policy } from './state.ts';
import { rested } from './states/available/counted.ts';
import { foreignStaged } from './states/back-to-polling.ts';
import {
  again,
  isName,
  NO_NAME,
  toDiscard,
  withoutDenied,
  withPending,
  written,
  type Answer,
  type Scene,
  type Take,
} from './taking.ts';

/** `underWay`: the effect that goes on meanwhile, where one does. See beside.ts. */
export function requested(
  model: Model,
  now: Moment,
  policy: Policy,
  request: Request,
  underWay?: EffectKind,
): Advance {
  const happenings: Happening[] = [{ kind: 'request-taken', request }];
  const tell = (happening: Happening): void => void happenings.push(happening);
  // The table's types hold for each kind; here an entry is looked up by what is wished.
  const take = TAKES[request.wish.kind] as Take<Wish['kind']>;
  const isFull = model.memory.requests.length >= MOST_REQUESTS;
  const answer = isFull
    ? refused('Busy', 'too many requests wait: ask again when they have ended')
    : take(request.wish, { model, now, policy, request, tell, underWay });
  if ('memory' in answer) {
    return settled(answer, model, happenings, now, policy);
  }
  tell({ kind: 'request-ended', request, outcome: answer });
  return settled(model, model, happenings, now, policy);
}

const TAKES: { readonly [K in Wish['kind']]: Take<K> } = {
  check: (_wish, scene) => whyNotUpdating(scene) ?? whyNotChecking(scene) ?? begun(scene),
  stage: (wish, scene) =>
    whyNotUpdating(scene) ??
    whyNotChecking(scene) ??
    (wish.to === undefined || isName(wish.to) ? undefined : NO_NAME) ??
    whyNotStaging(scene) ??
    begun(scene),
  reboot: ({ overrides }, scene) =>
    whyNotUpdating(scene) ?? whyNotRebooting(scene) ?? rebooting(overrides, scene),
  cancel: ({ request }, scene) => (request === undefined ? cancelled(scene) : cancelledOne(request, scene)),
  discard: (_wish, scene) => whyNotUpdating(scene) ?? discarded(scene),
  hold: (wish, scene) => held(wish, scene),
  release: ({ hold }, scene) => released(hold, scene),
  deny: ({ release, reason }, scene) => denied(release, reason, scene),
  allow: ({ release }, scene) => allowed(release, scene),
};

function begun({ model, request }: Scene): Model {
  return withPending(model, { request, begun: false });
}

/** Exported for its tests: `overrides` count from here on. */
export function rebooting(overrides: readonly Override[], scene: Scene): Model {
  const { state } = scene.model;
  const isPassed =
    state.name === 'UpdateStaged' &&
    ((state.step === 'acquire' && overrides.includes('fleet-lock')) ||
      (state.step === 'warn' && overrides.includes('people')));
  const model = isPassed ? again(scene.model, 'a reboot was asked for', scene) : scene.model;
  return begun({ ...scene, model });
}

function whyNotUpdating({ model: { state }, policy }: Scene): Outcome | undefined {
  if (isRebooting(state)) {
    return refused('TooLate', `the reboot into ${state.release.version} is on its way`);
  }
  return policy.enabled ? undefined : refused('Disabled', 'updates are switched off by configuration');
}

/** The node's own pauses do not count, those that the server asks for do. */
function whyNotChecking({ model: { memory }, now }: Scene): Outcome | undefined {
  const { notBefore } = memory.check;
  return notBefore === undefined || now.mono >= notBefore.mono
    ? undefined
    : refused('Blocked', `the update server wants no request before ${longDate(notBefore.at)}`, [
        'update_server',
      ]);
}

function whyNotStaging({ model: { memory }, now }: Scene): Outcome | undefined {
  const holds = holdsInForce(memory.record, 'stage', now.at);
  if (holds.length > 0) {
    return refused('Blocked', `staging is held: ${holds.map(({ id }) => id).join(', ')}`, ['hold']);
  }
  return pendingOf(memory, 'stage') === undefined
    ? undefined
    : refused('Busy', 'a release is being staged already');
}

function whyNotRebooting({ model: { state, memory } }: Scene): Outcome | undefined {
  if (pendingOf(memory, 'reboot') !== undefined) {
    return refused('Busy', 'a reboot is asked for already');
  }
  if (state.name === 'UpdateAvailable') {
    return refused('NotStaged', `${state.release.version} is not staged yet`);
  }
  const foreign = foreignStaged(memory);
  return foreign === undefined || state.name === 'UpdateStaged'
    ? undefined
    : refused('NotStaged', `what boots next, ${foreign.version}, was put there by somebody else`);
}

/** Ends what requests have begun, and staging whoever began it. */
function cancelled(scene: Scene): Answer {
  const { model, now, policy, request, tell } = scene;
  if (isRebooting(model.state)) {
    return refused('TooLate', `the reboot into ${model.state.release.version} is on its way`);
  }
  const { state } = model;
  const over = ended(model.memory, ({ request: { wish } }) =>
    CANCELLABLE.has(wish.kind) ? refused('Cancelled', `by request ${request.id}`) : undefined,
  );
  over.happenings.forEach(tell);
  // What only waits for its next attempt, which nobody asked for, is not being staged.
  const isStaging =
    state.name === 'UpdateAvailable' &&
    state.step !== 'discard' &&
    (state.step !== 'rest' ||
      state.isCut === true ||
      state.terms !== undefined ||
      over.happenings.length > 0);
  const outcome = cancelOutcome(isStaging ? state.release : undefined, requestsOf(over));
  tell({ kind: 'request-ended', request, outcome });
  if (isStaging) {
    return { state: leftAlone(state, now, policy), memory: over.memory };
  }
  const hadReboot = pendingOf(model.memory, 'reboot') !== undefined;
  return hadReboot
    ? again({ state, memory: over.memory }, 'it was cancelled', scene)
    : { state, memory: over.memory };
}

/** Exported for its tests. `staging`: the release whose staging ends. */
export function cancelOutcome(staging: Release | undefined, requests: readonly Request[]): Outcome {
  if (staging === undefined && requests.length === 0) {
    return done('there is nothing to cancel: nothing is being staged, and no request waits', {
      changed: false,
    });
  }
  const ended = requests.map(({ id, by, wish: { kind } }) => `${kind} of uid ${by.uid} (${id})`);
  const parts = [
    ...(staging === undefined ? [] : [`${staging.version} is not being staged for now`]),
    ...(ended.length === 0 ? [] : [`cancelled: ${ended.join(', ')}`]),
  ];
  return done(parts.join('; '), {
    changed: true,
    ...(staging !== undefined && { release: staging.version }),
    cancelled: requests,
  });
}

function requestsOf({ happenings }: Ended): readonly Request[] {
  return happenings.map(({ request }) => request);
}

/** Ends one request and what it has begun. What the node does by itself goes on, and so do the requests of others. */
function cancelledOne(id: string, scene: Scene): Answer {
  const { model, now, policy, request, underWay, tell } = scene;
  const { state } = model;
  const found = model.memory.requests.find((pending) => pending.request.id === id);
  if (found === undefined || !CANCELLABLE.has(found.request.wish.kind)) {
    return refused('TooLate', 'that request has ended, or cannot be ended early');
  }
  const over = ended(model.memory, (pending) =>
    isCancelled(pending, id) ? refused('Cancelled', `by request ${request.id}`) : undefined,
  );
  over.happenings.forEach(tell);
  const { kind } = found.request.wish;
  const isStaging = kind === 'stage' && found.begun && state.name === 'UpdateAvailable';
  const ofStaging = isStaging ? { release: state.release.version } : {};
  const text = isStaging
    ? `${state.release.version} is not being staged for now`
    : `the ${kind} is cancelled; what the node does by itself goes on`;
  const outcome = done(text, { changed: true, ...ofStaging, cancelled: requestsOf(over) });
  tell({ kind: 'request-ended', request, outcome });
  if (underWay !== undefined) {
    // Whoever performs that effect ends it, and the machine goes on from there.
    return { state, memory: over.memory };
  }
  if (isStaging && state.step !== 'discard') {
    return { state: leftAlone(state, now, policy), memory: over.memory };
  }
  return kind === 'reboot'
    ? again({ state, memory: over.memory }, 'it was cancelled', scene)
    : { state, memory: over.memory };
}

/** Exported, so that tests can show what comes of a cancel that is about others too. */
export function isCancelled({ request }: Pending, id: string): boolean {
  return request.id === id;
}

/** On a person's terms a release is not wanted any more; on those of the configuration it is tried again. */
function leftAlone(state: UpdateAvailable, { mono }: Moment, { retryIntervalMs }: Policy): AgentState {
  return state.terms === undefined
    ? rested(state, mono + retryIntervalMs)
    : { name: 'NoNewUpdate', step: 'rest' };
}

type UpdateAvailable = Extract<AgentState, { name: 'UpdateAvailable' }>;

const CANCELLABLE: ReadonlySet<Wish['kind']> = new Set(['check', 'stage', 'reboot']);

function discarded(scene: Scene): Answer {
  const { model, now, request } = scene;
  const { state, memory } = model;
  if (memory.host === undefined) {
    return refused('Busy', 'the deployments are not read yet: ask again in a minute');
  }
  const release = toDiscard(model);
  if (release === undefined) {
    return refused('NotStaged', 'no release of this agent is staged');
  }
  const { version } = release;
  const isStaging = state.name === 'UpdateAvailable';
  if (memory.record.adminDenials.length >= MOST_ADMIN_DENIALS) {
    return refused('LimitsExceeded', `at most ${MOST_ADMIN_DENIALS} releases can be denied: allow one first`);
  }
  const denial = {
    // As people will name it when they allow it again.
    release: isName(version) ? version : denialName(release.payload.value),
    by: request.by,
    reason: 'discarded',
    sinceAt: now.at,
  };
  const outcome = done(
    isStaging
      ? `${version} is not staged, and denied`
      : `${version} is denied, and dropped as soon as rpm-ostree can`,
    { changed: true, release: version },
  );
  const next = withAdminDenial(memory.record, denial);
  return written(withoutDenied(model, scene, release), next, outcome, scene, !isStaging);
}
