/**
 * What a request makes of a machine, between two effects. Pure; request-ends.ts says how each one ends.
 *
 * Invariants:
 * - A request that cannot be granted ends at once, and changes nothing.
 * - Whatever was under way is decided anew. Where a request speaks against a reboot that was about to be asked for, that
 *   is taken back, also in the record.
 * - Once rpm-ostree was asked to finalize, nothing that would stop the reboot is taken.
 */
import { settled, type Advance } from './advance.ts';
import { checkDue } from './checking.ts';
import type { Happening } from './happenings.ts';
import {
  holdsInForce,
  nextHoldId,
  skipOf,
  withAdminDenial,
  withHold,
  withoutDenials,
  withoutHold,
} from './holds.ts';
import type { EffectKind } from './messages.ts';
import type { Moment } from './moment.ts';
import { isRebooting, withoutAsking } from './reconfigure.ts';
import { withoutWanted, type AgentRecord } from './record.ts';
import {
  LONGEST_REASON,
  MOST_ADMIN_DENIALS,
  MOST_HOLDS,
  MOST_REQUESTS,
  type Outcome,
  type Request,
  type RequestError,
  type RequestOf,
  type Wish,
} from './requests.ts';
import { isSkipped } from './skip.ts';
import { recorded, type AgentState, type Memory, type Model, type Pending, type Policy } from './state.ts';
import { longDate } from '../text/long-date.ts';
import { isPrintable, printable } from '../text/printable.ts';

/** What a request may cut short, beside a wait, which all of them do. */
export function cutBy(wish: Wish, { state }: Model): readonly EffectKind[] {
  switch (wish.kind) {
    case 'cancel':
      return ['stage', 'acquire-slot'];
    case 'hold':
      return wish.what === 'stage' ? ['stage'] : ['acquire-slot'];
    case 'discard':
      return ['acquire-slot'];
    case 'deny':
      return 'release' in state && isSkipped([wish.release], state.release) ? ['stage', 'acquire-slot'] : [];
    case 'check':
    case 'stage':
    case 'reboot':
    case 'release':
    case 'allow':
      return [];
  }
}

/** What granting a request makes of the machine, and how it ends, where that is known already. */
interface Granted {
  readonly model: Model;
  readonly outcome?: Outcome;
  readonly happenings?: readonly Happening[];
}
type Refused = Extract<Outcome, { kind: 'refused' }>;

export function requested(model: Model, now: Moment, policy: Policy, request: Request): Advance {
  const taken: Happening = { kind: 'request-taken', request };
  const answer: Granted | Refused =
    model.memory.requests.length >= MOST_REQUESTS
      ? refused('Busy', `${MOST_REQUESTS} requests wait already; try again when some of them have ended`)
      : grant(model, now, policy, request);
  if ('kind' in answer) {
    const ended: Happening = { kind: 'request-ended', request, outcome: answer };
    return settled(model, model, [taken, ended], now, policy);
  }
  const { outcome, happenings = [] } = answer;
  if (outcome === undefined || answer.model.memory.save.due) {
    return settled(pending(answer.model, request, outcome), model, [taken, ...happenings], now, policy);
  }
  const ended: Happening = { kind: 'request-ended', request, outcome };
  return settled(answer.model, model, [taken, ...happenings, ended], now, policy);
}

/** A changed record is written first; then the request ends so. */
function pending({ state, memory }: Model, request: Request, onceSaved: Outcome | undefined): Model {
  const entry: Pending = { request, ...(onceSaved !== undefined && { onceSaved }) };
  const save = onceSaved === undefined ? memory.save : { ...memory.save, dueMono: 0 };
  return { state, memory: { ...memory, save, requests: [...memory.requests, entry] } };
}

function grant(model: Model, now: Moment, policy: Policy, request: Request): Granted | Refused {
  const { wish } = request;
  switch (wish.kind) {
    case 'check':
      return unlessOff(policy) ?? unlessRebooting(model) ?? checkNow(model, now);
    case 'stage':
      return unlessOff(policy) ?? unlessRebooting(model) ?? unlessHeld(model, now) ?? checkNow(model, now);
    case 'reboot':
      return unlessOff(policy) ?? rebootNow(model);
    case 'cancel':
      return unlessRebooting(model) ?? cancelled(model, now, policy);
    case 'discard':
      return unlessRebooting(model) ?? discarded(model, now, request);
    case 'hold':
      return held(model, now, { ...request, wish });
    case 'release':
      return released(model, now, wish.hold);
    case 'deny':
      return denied(model, now, { ...request, wish });
    case 'allow':
      return allowed(model, now, policy, wish.release);
  }
}

function refused(error: RequestError, text: string, gates?: readonly string[]): Refused {
  return { kind: 'refused', error, text, ...(gates !== undefined && { gates }) };
}

function unlessOff({ enabled }: Policy): Refused | undefined {
  return enabled ? undefined : refused('Disabled', 'updates are switched off: updates.enabled is false');
}

function unlessRebooting({ state }: Model): Refused | undefined {
  return isRebooting(state)
    ? refused('TooLate', `the reboot into ${printable(state.release.version)} is on its way`)
    : undefined;
}

function unlessHeld({ memory }: Model, { at }: Moment): Refused | undefined {
  const [hold] = holdsInForce(memory.record, 'stage', at);
  return hold === undefined
    ? undefined
    : refused('Blocked', `hold ${hold.id} keeps this node from staging${because(hold.reason)}`, ['hold']);
}

export function because(reason: string): string {
  return reason === '' ? '' : `: ${printable(reason)}`;
}

/** The node's own pauses do not count; the server's word does. */
function checkNow({ state, memory }: Model, now: Moment): Granted | Refused {
  const { serverDueMono } = memory.check;
  if (serverDueMono !== undefined && now.mono < serverDueMono) {
    const untilAt = now.at + serverDueMono - now.mono;
    return refused('Busy', `the update server asked to be left alone until ${longDate(untilAt)}`);
  }
  return { model: { state: awake(state), memory: checkDue(memory, 0) } };
}

/** The state decides anew, as when its wait is over. What is about to be done is done first. */
function awake(state: AgentState): AgentState {
  switch (state.name) {
    case 'ReportedSteady':
    case 'NoNewUpdate':
    case 'OffGraph':
      return state.step === 'rest' ? { ...state, step: 'refresh' } : state;
    case 'UpdateAvailable':
      return state.step === 'rest' ? { ...state, step: 'refresh' } : state;
    case 'UpdateStaged':
      return state.step === 'finalize' || state.step === 'discard' ? state : { ...state, step: 'refresh' };
    case 'StartState':
    case 'Initialized':
    case 'UpdateFinalized':
    case 'EndState':
      return state;
  }
}

function rebootNow({ state, memory }: Model): Granted | Refused {
  if (isRebooting(state)) {
    const text = `the reboot into ${printable(state.release.version)} is on its way`;
    return { model: { state, memory }, outcome: { kind: 'done', changed: false, text } };
  }
  return state.name === 'UpdateStaged'
    ? { model: { state: awake(state), memory } }
    : refused('NotStaged', 'nothing is staged; `zincati update` stages what the update server offers');
}

function cancelled(model: Model, now: Moment, policy: Policy): Granted {
  const { model: free, happenings } = backToRest(model, now, policy.retryIntervalMs, 'it was cancelled');
  const { state, memory } = free;
  const given = memory.requests.filter(({ onceSaved }) => onceSaved === undefined);
  const requests = memory.requests.filter(({ onceSaved }) => onceSaved !== undefined);
  const isChanged = given.length > 0 || free.state !== model.state;
  const text = isChanged
    ? 'cancelled; the agent goes on by itself after its usual pause, unless it is held'
    : 'there is nothing to cancel';
  return {
    model: { state, memory: { ...memory, requests } },
    outcome: { kind: 'done', changed: isChanged, text },
    happenings: [
      ...happenings,
      ...given.map(({ request }): Happening => {
        const outcome = refused('Cancelled', 'somebody cancelled it');
        return { kind: 'request-ended', request, outcome };
      }),
    ],
  };
}

/** Off the way to staging or to the reboot, with what was written down for it taken back. */
function backToRest(
  model: Model,
  { mono }: Moment,
  pauseMs: number,
  why: string,
): { readonly model: Model; readonly happenings: readonly Happening[] } {
  const { state } = model;
  if (state.name === 'UpdateStaged' && state.step !== 'rest' && state.step !== 'discard') {
    const { memory, refused: happenings } = withoutAsking(model, why);
    return { model: { state: { ...state, step: 'rest', dueMono: mono + pauseMs }, memory }, happenings };
  }
  if (state.name === 'UpdateAvailable' && state.step !== 'rest' && state.step !== 'discard') {
    return {
      model: { ...model, state: { ...state, step: 'rest', dueMono: mono + pauseMs } },
      happenings: [],
    };
  }
  return { model, happenings: [] };
}

function discarded(model: Model, now: Moment, { by }: Request): Granted | Refused {
  const { state } = model;
  if (state.name !== 'UpdateStaged') {
    return refused('NotStaged', 'nothing is staged that the agent could drop');
  }
  const { memory, refused: happenings } = withoutAsking(model, 'it was discarded');
  const { version } = state.release;
  const denial = { release: version, by, reason: 'discarded', sinceAt: now.at };
  const record = withAdminDenial(withoutWanted(memory.record), denial);
  return record === undefined
    ? tooManyDenials()
    : { model: { state: { ...state, step: 'discard' }, memory: recorded(memory, record) }, happenings };
}

function tooManyDenials(): Refused {
  return refused(
    'LimitsExceeded',
    `at most ${MOST_ADMIN_DENIALS} releases can be denied; \`zincati allow\` lifts a denial`,
  );
}

function held(model: Model, now: Moment, request: RequestOf<'hold'>): Granted | Refused {
  const { what, untilAt, reason } = request.wish;
  if (!isPrintable(reason) || reason.length > LONGEST_REASON) {
    return refused('Invalid', `reason must be one line of at most ${LONGEST_REASON} characters`);
  }
  if (untilAt !== undefined && !(untilAt > now.at)) {
    return refused('Invalid', `until must be an instant that comes, got ${longDate(untilAt)}`);
  }
  const late = what === 'reboot' ? unlessRebooting(model) : undefined;
  if (late !== undefined) {
    return late;
  }
  const id = nextHoldId(model.memory.record);
  const hold = {
    id,
    what,
    by: request.by,
    reason,
    sinceAt: now.at,
    ...(untilAt !== undefined && { untilAt }),
  };
  const record = withHold(model.memory.record, hold, now.at);
  if (record === undefined) {
    return refused(
      'LimitsExceeded',
      `at most ${MOST_HOLDS} holds can be in force; \`zincati release\` ends one`,
    );
  }
  const { model: free, happenings } = unlessFree(model, now, what);
  const until = untilAt === undefined ? 'until it is released' : `until ${longDate(untilAt)}`;
  return {
    model: { state: free.state, memory: recorded(free.memory, withRecord(free.memory, record)) },
    outcome: {
      kind: 'done',
      changed: true,
      hold: id,
      text: `hold ${id} keeps this node from ${DOING[what]} ${until}`,
    },
    happenings,
  };
}

const DOING = { reboot: 'rebooting', stage: 'staging' } as const;

/** The holds of `record`, and whatever else `memory` has written down since. */
function withRecord({ record }: Memory, { holds }: AgentRecord): AgentRecord {
  return holds === undefined ? record : { ...record, holds };
}

function unlessFree(
  model: Model,
  now: Moment,
  what: 'reboot' | 'stage',
): { readonly model: Model; readonly happenings: readonly Happening[] } {
  const { state } = model;
  if (what === 'stage') {
    return state.name === 'UpdateAvailable' && state.step !== 'discard'
      ? { model: { ...model, state: { name: 'NoNewUpdate', step: 'rest' } }, happenings: [] }
      : { model, happenings: [] };
  }
  return state.name === 'UpdateStaged' ? backToRest(model, now, 0, 'it was held') : { model, happenings: [] };
}

function released({ state, memory }: Model, now: Moment, id: string): Granted | Refused {
  const record = withoutHold(memory.record, id);
  if (record === memory.record) {
    return refused('NotFound', `there is no hold ${printable(id)}; \`zincati hold\` lists them`);
  }
  const next = checkDueUnlessAsked(memory, now);
  return {
    model: { state: awake(state), memory: recorded(next, record) },
    outcome: { kind: 'done', changed: true, text: `hold ${printable(id)} is released` },
  };
}

/** What was held is looked at again at once, unless the server asked for patience. */
function checkDueUnlessAsked(memory: Memory, { mono }: Moment): Memory {
  const { serverDueMono } = memory.check;
  return serverDueMono !== undefined && mono < serverDueMono ? memory : checkDue(memory, 0);
}

const LONGEST_NAME = 255;

/** As it is compared: checksums and digests in lower case, without the name of an image. Undefined: no name at all. */
export function nameOfRelease(text: string): string | undefined {
  const name = text.replace(/^\S+@(?=sha\d+:)/i, '');
  if (name === '' || name.length > LONGEST_NAME || !isPrintable(name) || /\s/.test(name)) {
    return undefined;
  }
  return /^(?:[0-9a-f]{64}|sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/i.test(name)
    ? name.toLowerCase()
    : name;
}

function notAName(): Refused {
  return refused('Invalid', 'release must be a version, a checksum, or a digest such as sha256:HEX');
}

function denied(model: Model, now: Moment, request: RequestOf<'deny'>): Granted | Refused {
  const { state } = model;
  const { reason } = request.wish;
  const release = nameOfRelease(request.wish.release);
  if (release === undefined) {
    return notAName();
  }
  if (!isPrintable(reason) || reason.length > LONGEST_REASON) {
    return refused('Invalid', `reason must be one line of at most ${LONGEST_REASON} characters`);
  }
  const isIt = 'release' in state && isSkipped([release], state.release);
  const late = isIt ? unlessRebooting(model) : undefined;
  if (late !== undefined) {
    return late;
  }
  const { memory, refused: happenings } = isIt
    ? withoutAsking(model, 'it was denied')
    : { ...model, refused: [] };
  const { wanted } = memory.record;
  const isWanted = wanted !== undefined && isSkipped([release], wanted);
  const record = withAdminDenial(isWanted ? withoutWanted(memory.record) : memory.record, {
    release,
    by: request.by,
    reason,
    sinceAt: now.at,
  });
  if (record === undefined) {
    return tooManyDenials();
  }
  const text = `${printable(release)} is denied; \`zincati allow ${printable(release)}\` lifts that`;
  return {
    model: { state: isIt ? without(state) : state, memory: recorded(memory, record) },
    outcome: { kind: 'done', changed: true, release, text },
    happenings,
  };
}

/** The release that the state is about is not wanted any more. */
function without(state: AgentState): AgentState {
  switch (state.name) {
    case 'UpdateAvailable':
      return state.step === 'discard' ? state : { name: 'NoNewUpdate', step: 'refresh' };
    case 'UpdateStaged':
      return { ...state, step: 'refresh' };
    case 'StartState':
    case 'Initialized':
    case 'ReportedSteady':
    case 'NoNewUpdate':
    case 'OffGraph':
    case 'UpdateFinalized':
    case 'EndState':
      return state;
  }
}

function allowed({ state, memory }: Model, now: Moment, policy: Policy, text: string): Granted | Refused {
  const release = nameOfRelease(text);
  if (release === undefined) {
    return notAName();
  }
  const record = withoutDenials(memory.record, release);
  if (record === memory.record) {
    return skipOf(memory.record, policy).includes(release)
      ? refused('Blocked', `the configuration denies ${printable(release)}: updates.skip`, ['denied'])
      : refused('NotFound', `${printable(release)} is not denied; \`zincati denied\` lists what is`);
  }
  return {
    model: { state: awake(state), memory: recorded(checkDueUnlessAsked(memory, now), record) },
    outcome: { kind: 'done', changed: true, release, text: `${printable(release)} is allowed again` },
  };
}
