/**
 * Which happenings are entries of the history. Pure.
 *
 * Invariants:
 * - The sentence of an entry is that of the log, where the log has one: nobody words a happening twice.
 * - What is only said again is no entry.
 */
import type { Happening, HappeningKind, HappeningOf } from '../agent/happenings.ts';
import type { Request } from '../agent/requests.ts';
import type { Payload, Target } from '../agent/release.ts';
import type { Model } from '../agent/state.ts';
import type { Entry, EntryKind, Fields } from '../history/entry.ts';
import { printable } from '../errors.ts';
import { name } from './line.ts';
import { linesOf } from './log-lines.ts';

interface Kept {
  readonly kind: EntryKind;
  readonly fields?: Fields;
  /** Where the log has no line for it. */
  readonly text?: string;
}

type Keep<K extends HappeningKind> = (happening: HappeningOf<K>, model: Model) => Kept | undefined;

const never = (): undefined => undefined;

/** Undefined: it is no entry. `at`: wall clock, milliseconds. `model`: the one it led to. */
export function entryOf(happening: Happening, at: number, model: Model): Entry | undefined {
  // The table's types hold for each kind; here an entry is looked up by what came.
  const keep = KEPT[happening.kind] as (happening: Happening, model: Model) => Kept | undefined;
  const kept = keep(happening, model);
  const [line] = linesOf(happening);
  return kept === undefined
    ? undefined
    : { at, kind: kept.kind, text: kept.text ?? line?.text ?? kept.kind, fields: kept.fields ?? {} };
}

/** How entries of one release find each other. */
export function payloadText({ scheme, value }: Payload): string {
  return `${scheme}:${value}`;
}

function of(target: Target): Fields {
  return { release: target.version, payload: payloadText(target.payload) };
}

function ofRequest({ id, by, wish }: Request): Fields {
  const overrides = wish.kind === 'reboot' && wish.overrides.length > 0;
  return {
    request: id,
    uid: by.uid,
    wish: wish.kind,
    ...(overrides && { overrides: wish.overrides.join(',') }),
  };
}

/** Of the release that the machine is busy with. */
function ofState({ state }: Model): Fields {
  return 'release' in state ? of(state.release) : {};
}

const KEPT: { readonly [K in HappeningKind]: Keep<K> } = {
  selected: ({ release }, { memory }) => ({
    kind: 'offered',
    fields: { ...of(release), ...(memory.host !== undefined && { booted: memory.host.booted.version }) },
  }),
  staged: ({ release }) => ({ kind: 'staged', fields: of(release) }),
  'staging-failed': ({ release, failure, repeated }) =>
    repeated ? undefined : { kind: 'staging-failed', fields: { ...of(release), error: failure.kind } },
  'wrong-stream': ({ release, expected, found }) => ({
    kind: 'wrong-stream',
    fields: { ...of(release), expected, ...(found !== undefined && { found }) },
  }),
  abandoned: ({ release, attempts, untilAt }) => ({
    kind: 'abandoned',
    fields: { ...of(release), attempts, untilAt },
  }),
  'foreign-staged': ({ version }) => ({ kind: 'foreign-staged', fields: { release: version } }),
  'no-longer-offered': ({ release }) => ({ kind: 'dropped', fields: of(release) }),
  dropped: ({ version, why }) => ({ kind: 'dropped', fields: { release: version, why } }),
  'staged-lost': ({ release, replacedBy }) => ({
    kind: 'dropped',
    fields: { ...of(release), ...(replacedBy !== undefined && { replacedBy }) },
  }),
  'reboot-held': ({ by, label, untilAt, repeated }, model) =>
    repeated
      ? undefined
      : {
          kind: 'held',
          fields: { ...ofState(model), by, label, ...(untilAt !== undefined && { untilAt }) },
        },
  'sessions-seen': ({ sessions, repeated }, model) =>
    repeated || sessions.length === 0
      ? undefined
      : {
          kind: 'held',
          fields: { ...ofState(model), by: 'people', label: 'people', count: sessions.length },
        },
  'reboot-asked': ({ release }) => ({
    kind: 'reboot-asked',
    text: `the reboot into '${name(release)}' is asked for`,
    fields: of(release),
  }),
  'reboot-refused': ({ target, why }) => ({
    kind: 'reboot-refused',
    text: `no reboot into '${printable(target.version)}' comes of it: ${printable(why)}`,
    fields: { ...of(target), why },
  }),
  finalized: ({ release }) => ({ kind: 'finalized', fields: of(release) }),
  'booted-as-asked': ({ target }) => ({ kind: 'booted', fields: of(target) }),
  'reboot-missed': ({ target, booted, strikes }) => ({
    kind: 'reboot-missed',
    fields: { ...of(target), booted: booted.version, strikes },
  }),
  'rolled-back': ({ target, booted }) => ({
    kind: 'rolled-back',
    fields: { ...of(target), booted: booted.version },
  }),
  deadend: ({ reason }) => ({ kind: 'deadend', fields: { reason } }),
  'off-graph': ({ booted }) => ({ kind: 'off-graph', fields: { booted } }),
  reconfigured: () => ({ kind: 'configuration-taken' }),
  'request-taken': ({ request }) => ({ kind: 'request', fields: ofRequest(request) }),
  'request-ended': ({ request, outcome }) => ({
    kind: 'request',
    fields: {
      ...ofRequest(request),
      outcome: outcome.kind === 'done' ? 'done' : outcome.error,
      ...(outcome.kind === 'done' && outcome.release !== undefined && { release: outcome.release }),
    },
  }),

  // Named one by one, so that a new happening has to be decided on here.
  waiting: never,
  registering: never,
  checking: never,
  staging: never,
  following: never,
  finalizing: never,
  working: never,
  failing: never,
  recovered: never,
  'state-changed': never,
  initialized: never,
  'updates-disabled': never,
  steady: never,
  checked: never,
  'no-deadend': never,
  'targets-ignored': never,
  'downgrade-refused': never,
  'graph-warning': never,
  'offers-skipped': never,
  'offer-left': never,
  'check-put-off': never,
  'on-graph-again': never,
  'staging-busy': never,
  'staging-cut-short': never,
  'staging-held': ({ release, reason, repeated }) =>
    repeated ? undefined : { kind: 'held', fields: { ...of(release), by: 'people', label: 'hold', reason } },
  'foreign-gone': never,
  'staged-changed': never,
  'failed-one-dropped': never,
  'staged-other': never,
  'transaction-over': never,
  'transaction-running': never,
  'transaction-lost': never,
  blocked: never,
  'drop-failed': never,
  'staged-kept-off-graph': never,
  'staged-unoffered': never,
  'reboot-allowed': never,
  'asking-failed': never,
  'slot-returned': never,
  'slot-kept': never,
  'slot-wait-over': never,
  'slot-given-up': never,
  'sessions-untold': never,
  'reboot-postponed': never,
  'others-excluded': () => undefined,
  'grace-begun': () => undefined,
  'grace-ending': () => undefined,
  'grace-over': () => undefined,
  'finalize-failed': never,
  'waiting-for-reboot': never,
  'reboot-overdue': never,
};
