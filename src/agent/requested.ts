/**
 * What a request makes of a machine, between two effects. Pure.
 *
 * Invariants:
 * - A request that is taken ends once. One that is refused changes nothing.
 * - What people hold or deny is in the record before anything else is done, and is written at once.
 * - A reboot that was about to be asked for is taken back, also in the record, when a hold, a denial or a cancel comes.
 * - After the finalization went out, what would stop it is too late.
 * - A hold of a person counts against every reboot that was asked for before it, also by the same person.
 */
import { isPrintable, printable } from '../text/printable.ts';
import { longDate } from '../text/long-date.ts';
import {
  denialName,
  holdsNow,
  nextHoldId,
  skippedBy,
  withAdminDenial,
  withHold,
  withoutAdminDenial,
  withoutHold,
} from './admin-lists.ts';
import { settled, type Advance } from './advance.ts';
import { checkDue } from './checking.ts';
import type { Happening } from './happenings.ts';
import type { Moment } from './moment.ts';
import { holdsInForce, pendingOf, type Kept, type Pending } from './pending.ts';
import { done, refused } from './request-outcomes.ts';
import { ended } from './request-ends.ts';
import type { Override } from './overrides.ts';
import { isRebooting, startedOver } from './reconfigure.ts';
import { isSkipped } from './skip.ts';
import { foreignStaged } from './states/back-to-polling.ts';
import { recorded, type Memory, type Model, type Policy } from './state.ts';
import { isInForce } from './record.ts';
import type { Release } from './release.ts';
import {
  LONGEST_REASON,
  LONGEST_RELEASE,
  MOST_ADMIN_DENIALS,
  MOST_HOLDS,
  MOST_REQUESTS,
  type Outcome,
  type Request,
  type Wish,
} from './requests.ts';

export function requested(model: Model, now: Moment, policy: Policy, request: Request): Advance {
  const happenings: Happening[] = [{ kind: 'request-taken', request }];
  const tell = (happening: Happening): void => void happenings.push(happening);
  // The table's types hold for each kind; here an entry is looked up by what is wished.
  const take = TAKES[request.wish.kind] as Take<Wish['kind']>;
  const isFull = model.memory.requests.length >= MOST_REQUESTS;
  const answer = isFull
    ? refused('Busy', 'too many requests wait: ask again when they have ended')
    : take(request.wish, { model, now, policy, request, tell });
  if ('memory' in answer) {
    return settled(answer, model, happenings, now, policy);
  }
  tell({ kind: 'request-ended', request, outcome: answer });
  return settled(model, model, happenings, now, policy);
}

interface Scene {
  readonly model: Model;
  readonly now: Moment;
  readonly policy: Policy;
  readonly request: Request;
  readonly tell: (happening: Happening) => void;
}

/** The machine with the request pending, or how it ended at once. */
type Answer = Model | Outcome;
type Take<K extends Wish['kind']> = (wish: Extract<Wish, { kind: K }>, scene: Scene) => Answer;

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
  cancel: (_wish, scene) => cancelled(scene),
  discard: (_wish, scene) => whyNotUpdating(scene) ?? discarded(scene),
  hold: (wish, scene) => held(wish, scene),
  release: ({ hold }, scene) => released(hold, scene),
  deny: ({ release, reason }, scene) => denied(denialName(release), reason, scene),
  allow: ({ release }, scene) => allowed(denialName(release), scene),
};

const NO_NAME = refused('Invalid', 'a release must be named by version, checksum or digest');

function isName(text: string): boolean {
  return text !== '' && text.length <= LONGEST_RELEASE && isPrintable(text);
}

function begun({ model, request }: Scene): Model {
  return withPending(model, { request, begun: false });
}

/** Whom the request overrides is not asked, also where that was about to happen. */
function rebooting(overrides: readonly Override[], scene: Scene): Model {
  const { state } = scene.model;
  const isPassed =
    state.name === 'UpdateStaged' &&
    ((state.step === 'acquire' && overrides.includes('fleet-lock')) ||
      (state.step === 'warn' && overrides.includes('people')));
  const model = isPassed ? again(scene.model, 'a reboot was asked for', scene) : scene.model;
  return begun({ ...scene, model });
}

function withPending({ state, memory }: Model, pending: Pending): Model {
  return { state, memory: { ...memory, requests: [...memory.requests, pending] } };
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
    : refused('NotStaged', `what is staged, ${foreign.version}, was staged by somebody else`);
}

/** Ends what requests have begun, and staging whoever began it. */
function cancelled(scene: Scene): Answer {
  const { model, now, policy, request, tell } = scene;
  if (isRebooting(model.state)) {
    return refused('TooLate', `the reboot into ${model.state.release.version} is on its way`);
  }
  const { state } = model;
  const isStaging = state.name === 'UpdateAvailable' && state.step !== 'discard';
  const over = ended(model.memory, ({ request: { wish } }) =>
    CANCELLABLE.has(wish.kind) ? refused('Cancelled', `by request ${request.id}`) : undefined,
  );
  over.happenings.forEach(tell);
  const isChanged = isStaging || over.happenings.length > 0;
  const outcome = isChanged
    ? done(
        isStaging
          ? `${state.release.version} is not being staged for now`
          : 'what was asked for is cancelled',
        {
          changed: true,
        },
      )
    : done('there is nothing to cancel', { changed: false });
  tell({ kind: 'request-ended', request, outcome });
  if (isStaging) {
    // On a person's terms it is not wanted any more; on those of the configuration it is tried again.
    return state.terms === undefined
      ? {
          state: { ...state, step: 'rest', dueMono: now.mono + policy.retryIntervalMs },
          memory: over.memory,
        }
      : { state: { name: 'NoNewUpdate', step: 'rest' }, memory: over.memory };
  }
  const hadReboot = pendingOf(model.memory, 'reboot') !== undefined;
  return hadReboot
    ? again({ state, memory: over.memory }, 'it was cancelled', scene)
    : { state, memory: over.memory };
}

const CANCELLABLE: ReadonlySet<Wish['kind']> = new Set(['check', 'stage', 'reboot']);

function discarded(scene: Scene): Answer {
  const { model, now, request } = scene;
  const { state, memory } = model;
  const release = toDiscard(model);
  if (memory.host === undefined) {
    return refused('Busy', 'the deployments are not read yet: ask again in a minute');
  }
  if (release === undefined) {
    return refused('NotStaged', 'no release of this agent is staged');
  }
  const { version } = release;
  const isStaging = state.name === 'UpdateAvailable';
  if (memory.record.adminDenials.length >= MOST_ADMIN_DENIALS) {
    return refused('LimitsExceeded', `at most ${MOST_ADMIN_DENIALS} releases can be denied: allow one first`);
  }
  const denial = {
    release: denialName(release.payload.value),
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

/** What this agent has staged, or is staging. */
function toDiscard({ state, memory }: Model): Release | undefined {
  if (state.name === 'UpdateStaged' || state.name === 'UpdateAvailable') {
    return state.release;
  }
  const staged = memory.host?.staged;
  return staged?.payload === undefined || foreignStaged(memory) !== undefined
    ? undefined
    : { version: staged.version, payload: staged.payload };
}

function held(wish: Extract<Wish, { kind: 'hold' }>, scene: Scene): Answer {
  const { model, now, request } = scene;
  const { state, memory } = model;
  const { what, untilAt } = wish;
  if (what === 'reboot' && isRebooting(state)) {
    return refused('TooLate', `the reboot into ${state.release.version} is on its way`);
  }
  if (untilAt !== undefined && (!Number.isSafeInteger(untilAt) || untilAt <= now.at)) {
    return refused('Invalid', 'a hold must end in the future');
  }
  const holds = holdsNow(memory.record, now.at);
  if (holds.length >= MOST_HOLDS) {
    return refused('LimitsExceeded', `at most ${MOST_HOLDS} holds can be in force: release one first`);
  }
  const id = nextHoldId(holds);
  const reason = printable(wish.reason).slice(0, LONGEST_REASON);
  const hold = {
    id,
    what,
    by: request.by,
    reason,
    sinceAt: now.at,
    ...(untilAt !== undefined && { untilAt }),
  };
  const until = untilAt === undefined ? 'until it is released' : `until ${longDate(untilAt)}`;
  const outcome = done(`${what === 'reboot' ? 'reboots are' : 'staging is'} held ${until} (${id})`, {
    changed: true,
    hold: id,
  });
  const next = withHold(memory.record, hold, now.at);
  const after =
    what === 'reboot'
      ? again(withoutRequests(model, 'reboot', scene), `hold ${id} came`, scene)
      : withoutStaging(model, scene);
  return written(after, next, outcome, scene);
}

function released(id: string, scene: Scene): Answer {
  const { model, now } = scene;
  const { record } = model.memory;
  const found = holdsNow(record, now.at).find((hold) => hold.id === id);
  if (found === undefined) {
    return refused('NotFound', `no hold ${printable(id).slice(0, LONGEST_REASON)} is in force`);
  }
  const outcome = done(`hold ${id} is released`, { changed: true, hold: id });
  const { state, memory } = model;
  const isResting = state.name === 'UpdateStaged' && state.step === 'rest';
  const after: Model = {
    state: isResting ? { ...state, dueMono: now.mono } : state,
    // What staging was held for is looked for again.
    memory: found.what === 'stage' ? checkedSoon(memory, now) : memory,
  };
  return written(after, withoutHold(record, id, now.at), outcome, scene);
}

function denied(release: string, reason: string, scene: Scene): Answer {
  const { model, now, policy, request } = scene;
  const { state, memory } = model;
  if (!isName(release)) {
    return NO_NAME;
  }
  if (isRebooting(state) && isSkipped([release], state.release)) {
    return refused('TooLate', `the reboot into ${state.release.version} is on its way`);
  }
  const { adminDenials } = memory.record;
  if (skippedBy(memory, policy).includes(release)) {
    const known = done(`${release} is denied already`, { changed: false });
    // By a request just now, perhaps: then it waits for the disk as that one does.
    return memory.save.due && !policy.skip.includes(release)
      ? written(model, memory.record, known, scene)
      : known;
  }
  if (adminDenials.length >= MOST_ADMIN_DENIALS) {
    return refused('LimitsExceeded', `at most ${MOST_ADMIN_DENIALS} releases can be denied: allow one first`);
  }
  const denial = {
    ...{ release, by: request.by, sinceAt: now.at },
    reason: printable(reason).slice(0, LONGEST_REASON),
  };
  const outcome = done(`${release} is denied`, { changed: true, release });
  const target = toDiscard(model);
  const isHit = target !== undefined && isSkipped([release], target);
  const after = isHit ? withoutDenied(model, scene, target) : model;
  return written(after, withAdminDenial(memory.record, denial), outcome, scene);
}

function allowed(release: string, scene: Scene): Answer {
  const { model, now, policy } = scene;
  const { memory } = model;
  if (!isName(release)) {
    return NO_NAME;
  }
  if (policy.skip.includes(release)) {
    return refused('Blocked', `${release} is denied by the configuration (updates.skip)`, ['configuration']);
  }
  const { adminDenials, denials } = memory.record;
  if (!adminDenials.some((denial) => denial.release === release)) {
    const own = denials.find((denial) => isInForce(denial, now.at) && isSkipped([release], denial));
    return own === undefined
      ? refused('NotFound', `nobody has denied ${release}`)
      : refused('Blocked', `${release} is denied by the agent itself (${own.reason})`, ['denied']);
  }
  const outcome = done(`${release} is no longer denied`, { changed: true, release });
  const after: Model = { ...model, memory: checkedSoon(memory, now) };
  return written(after, withoutAdminDenial(memory.record, release), outcome, scene);
}

/** As soon as the server wants to be asked. */
function checkedSoon(memory: Memory, { mono }: Moment): Memory {
  const { dueMono, notBefore } = memory.check;
  return checkDue(memory, Math.min(dueMono, Math.max(mono, notBefore?.mono ?? 0)));
}

/** `model` with a record that is written at once. `begins`: something is done after that. */
function written(
  { state, memory }: Model,
  lists: Kept,
  outcome: Outcome,
  { request, model, now }: Scene,
  begins = false,
): Model {
  const { holds, adminDenials } = model.memory.record;
  const { holds: nextHolds, adminDenials: nextDenials } = lists;
  const next = recorded(memory, { ...memory.record, holds: nextHolds, adminDenials: nextDenials });
  const at = { ...next, save: { ...next.save, due: true, dueMono: now.mono } };
  const pending = { request, begun: begins, written: { before: { holds, adminDenials }, outcome } };
  return withPending({ state, memory: at }, pending);
}

/** An attempt to reboot begins anew: what was lent goes back, and what was about to be asked for is taken back. */
function again(model: Model, why: string, { now, policy, tell }: Scene): Model {
  const { model: after, happenings } = startedOver(model, now, policy, why);
  happenings.forEach(tell);
  return after;
}

/** A release on its way to the disk is left alone, whoever asked for it; what is on disk stays there. */
function withoutStaging(model: Model, scene: Scene): Model {
  const { state } = model;
  return state.name === 'UpdateAvailable' && state.step !== 'discard'
    ? {
        state: { name: 'NoNewUpdate', step: 'rest' },
        memory: withoutRequests(model, 'stage', scene).memory,
      }
    : model;
}

/** What was asked for before, and goes against this request, is over. */
function withoutRequests(model: Model, kind: 'reboot' | 'stage', { request, tell }: Scene): Model {
  const over = ended(model.memory, ({ request: { wish } }) =>
    wish.kind === kind ? refused('Cancelled', `by request ${request.id}`) : undefined,
  );
  over.happenings.forEach(tell);
  return { ...model, memory: over.memory };
}

/** `release` was denied just now: it is neither staged nor booted. */
function withoutDenied(model: Model, scene: Scene, { version }: Release): Model {
  const { state, memory } = model;
  switch (state.name) {
    case 'UpdateStaged':
      return again(model, `${version} is denied`, scene);
    case 'UpdateAvailable':
      return withoutStaging(model, scene);
    case 'ReportedSteady':
    case 'NoNewUpdate':
    case 'OffGraph':
      return state.step === 'rest' ? { state: { ...state, step: 'refresh' }, memory } : model;
    case 'StartState':
    case 'Initialized':
    case 'UpdateFinalized':
    case 'EndState':
      return model;
  }
}
