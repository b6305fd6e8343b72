/**
 * How requests end: what came of each, read from what happened. Pure.
 *
 * Invariants:
 * - A request ends once, and always: at the latest when the machine rests again.
 * - What changes the record ends well only after the record is on disk.
 */
import type { Happening, HappeningKind, HappeningOf } from './happenings.ts';
import type { Effect, Event } from './messages.ts';
import { samePayload } from './release.ts';
import type { Outcome, RequestError } from './requests.ts';
import type { Model, Pending, Policy } from './state.ts';
import { printable } from '../text/printable.ts';

/** What an event, or a request, led to. */
export interface Advanced {
  readonly model: Model;
  readonly effect: Effect;
  readonly happenings: readonly Happening[];
}

/** What led to it. */
interface Answer {
  readonly effect: Effect;
  readonly event: Event;
}

type Ended = HappeningOf<'request-ended'>;

export function endedRequests(
  advance: Advanced,
  answer: Answer | undefined,
  policy: Policy,
): readonly Ended[] {
  return advance.model.memory.requests.flatMap((pending): Ended[] => {
    const outcome = outcomeOf(pending, advance, answer, policy);
    return outcome === undefined ? [] : [{ kind: 'request-ended', request: pending.request, outcome }];
  });
}

function outcomeOf(
  { request, onceSaved }: Pending,
  advance: Advanced,
  answer: Answer | undefined,
  policy: Policy,
): Outcome | undefined {
  if (onceSaved !== undefined) {
    return afterSaving(onceSaved, advance, answer?.event);
  }
  switch (request.wish.kind) {
    case 'check':
      return ofCheck(advance) ?? whenResting(advance, policy);
    case 'stage':
      return ofStage(request.id, advance, answer) ?? whenResting(advance, policy);
    case 'reboot':
      return ofReboot(request.by.uid, advance, answer?.event) ?? whenResting(advance, policy);
    case 'discard':
      return ofDiscard(advance) ?? whenResting(advance, policy);
    case 'cancel':
    case 'hold':
    case 'release':
    case 'deny':
    case 'allow':
      // They change the record, or end at once.
      return undefined;
  }
}

function done(text: string, changed: boolean, release?: string): Outcome {
  return { kind: 'done', text, changed, ...(release !== undefined && { release }) };
}

function refused(error: RequestError, text: string, gates?: readonly string[]): Outcome {
  return { kind: 'refused', error, text: printable(text), ...(gates !== undefined && { gates }) };
}

function told<K extends HappeningKind>({ happenings }: Advanced, kind: K): HappeningOf<K> | undefined {
  return happenings.find((happening): happening is HappeningOf<K> => happening.kind === kind);
}

function afterSaving(outcome: Outcome, { model }: Advanced, event: Event | undefined): Outcome | undefined {
  if (event?.kind === 'save-failed') {
    const { message } = event.failure;
    return refused('Failed', `it counts until the agent ends, and could not be written down: ${message}`);
  }
  return model.memory.save.due ? undefined : outcome;
}

function ofCheck(advance: Advanced): Outcome | undefined {
  const failing = checkFailure(advance);
  if (failing !== undefined) {
    return refused('Failed', failing);
  }
  const outcome = told(advance, 'checked')?.result.outcome;
  if (outcome === undefined) {
    return undefined;
  }
  switch (outcome.kind) {
    case 'update':
      return done(`${name(outcome.release)} is offered`, true, outcome.release.version);
    case 'no-update':
      return done('no update is offered', false);
    case 'downgrade-refused':
      return done(
        `only ${name(outcome.release)} is offered, which is older: updates.allow_downgrade is false`,
        false,
      );
    case 'off-graph':
      return done('the update server does not know the booted release', false);
  }
}

function checkFailure({ happenings }: Advanced): string | undefined {
  for (const happening of happenings) {
    if (happening.kind === 'failing' && happening.activity === 'check') {
      return happening.failure.message;
    }
  }
  return undefined;
}

function ofStage(id: string, advance: Advanced, answer: Answer | undefined): Outcome | undefined {
  const { state } = advance.model;
  const staged = told(advance, 'staged');
  if (staged !== undefined) {
    return done(`${name(staged.release)} is staged`, true, staged.release.version);
  }
  const blocked = blockedStaging(advance);
  if (blocked !== undefined) {
    return blocked;
  }
  // An answer to a check that was not made for this request says nothing about it.
  if (answer?.effect.kind !== 'check' || answer.effect.request !== id) {
    return undefined;
  }
  if (answer.event.kind === 'check-failed') {
    return refused('Failed', answer.event.failure.message);
  }
  const outcome = told(advance, 'checked')?.result.outcome;
  if (outcome === undefined) {
    return undefined;
  }
  if (outcome.kind !== 'update') {
    const text = ofCheck(advance)?.text ?? 'no update is offered';
    return refused('NoUpdate', text);
  }
  const isStaged =
    state.name === 'UpdateStaged' && samePayload(state.release.payload, outcome.release.payload);
  return isStaged
    ? done(`${name(state.release)} is staged already`, false, state.release.version)
    : undefined;
}

function blockedStaging(advance: Advanced): Outcome | undefined {
  const held = told(advance, 'staging-held');
  if (held !== undefined) {
    return refused('Blocked', `hold ${held.hold.id} keeps this node from staging`, ['hold']);
  }
  const left = told(advance, 'offer-left');
  if (left !== undefined) {
    return refused('Blocked', `somebody staged ${left.staged}, which is left as it is`, ['staged']);
  }
  const failed = told(advance, 'staging-failed');
  if (failed !== undefined) {
    return refused('Failed', failed.failure.message);
  }
  const wrong = told(advance, 'wrong-stream');
  if (wrong !== undefined) {
    return refused('Failed', `${wrong.release.version} is not of stream ${wrong.expected}, and is denied`);
  }
  const other = told(advance, 'staged-other');
  if (other !== undefined) {
    return refused('Failed', `rpm-ostree staged ${other.found.version} in place of ${other.release.version}`);
  }
  const busy = told(advance, 'staging-busy');
  return busy === undefined ? undefined : refused('Busy', busy.failure.message);
}

function ofReboot(uid: number, advance: Advanced, event: Event | undefined): Outcome | undefined {
  const finalized = told(advance, 'finalized');
  if (finalized !== undefined) {
    const own = (advance.model.memory.record.holds ?? []).filter(
      ({ what, by }) => what === 'reboot' && by.uid === uid,
    );
    const passed = own.length === 0 ? '' : `; your own hold ${own.map(({ id }) => id).join(', ')} was passed`;
    return done(`the node reboots into ${name(finalized.release)}${passed}`, true, finalized.release.version);
  }
  const held = told(advance, 'reboot-held');
  if (held !== undefined) {
    const reports =
      event?.kind === 'surveyed' ? event.reports.filter(({ verdict }) => verdict !== 'pass') : [];
    const gates = reports.length > 0 ? reports.map(({ gate }) => gate) : [held.label];
    return refused('Blocked', held.reason, gates);
  }
  const postponed = told(advance, 'reboot-postponed');
  if (postponed !== undefined) {
    return refused('Blocked', 'people are logged in, and get time to finish', ['people']);
  }
  const failed =
    told(advance, 'asking-failed') ?? told(advance, 'finalize-failed') ?? told(advance, 'sessions-untold');
  return failed === undefined ? undefined : refused('Failed', failed.failure.message);
}

function ofDiscard(advance: Advanced): Outcome | undefined {
  const dropped = told(advance, 'dropped');
  if (dropped !== undefined) {
    return done(`${printable(dropped.version)} is dropped, and denied from now on`, true, dropped.version);
  }
  const failed = told(advance, 'drop-failed') ?? told(advance, 'staged-changed');
  return failed === undefined ? undefined : refused('Failed', failed.failure.message);
}

/** The machine rests, and the request has not got its answer: the state says why. */
function whenResting({ model, effect }: Advanced, { enabled }: Policy): Outcome | undefined {
  if (effect.kind !== 'wait' || effect.forMs <= 0) {
    return undefined;
  }
  if (!enabled) {
    return refused('Disabled', 'updates are switched off: updates.enabled is false');
  }
  return refused('Failed', whyResting(model));
}

function whyResting({ state, memory }: Model): string {
  if (memory.hostStreak !== undefined) {
    return `the deployments cannot be read: ${memory.hostStreak.kind}`;
  }
  switch (state.name) {
    case 'OffGraph':
      return 'the booted deployment is not in the update graph';
    case 'UpdateStaged':
      return state.holding.by === 'failure'
        ? state.holding.message
        : 'the node is not done with what it was about; ask again';
    case 'EndState':
    case 'UpdateFinalized':
      return 'the reboot is on its way';
    case 'UpdateAvailable':
      return state.lastFailure === '' ? 'another transaction runs in rpm-ostree' : state.lastFailure;
    case 'StartState':
    case 'Initialized':
    case 'ReportedSteady':
    case 'NoNewUpdate':
      return 'nothing came of it; the log of the agent says why';
  }
}

function name({ version }: { readonly version: string }): string {
  return printable(version);
}

/** Every request that still waits when the agent ends. */
export function endedWithAgent(requests: readonly Pending[]): readonly Happening[] {
  return requests.map(({ request }) => ({
    kind: 'request-ended',
    request,
    outcome: refused('ShuttingDown', 'the agent ends; what it has written down stays'),
  }));
}
