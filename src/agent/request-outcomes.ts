/**
 * What a happening means for a request that the machine has gone about. Pure: tables.
 *
 * Invariant: a kind of happening that is missing in a table leaves the request as it is.
 */
import { longDate } from '../text/long-date.ts';
import type { Happening, HappeningKind, HappeningOf } from './happenings.ts';
import type { Moment } from './moment.ts';
import { LENDER_PATIENCE_MS } from './pacing.ts';
import { ownHolds } from './pending.ts';
import type { Pending } from './pending-request.ts';
import { samePayload } from './release.ts';
import type { Outcome, Request, RequestError, Wish } from './requests.ts';
import type { Memory, Model } from './state.ts';

export function done(text: string, more: Omit<Extract<Outcome, { kind: 'done' }>, 'kind' | 'text'>): Outcome {
  return { kind: 'done', text, ...more };
}

export function refused(error: RequestError, text: string, gates?: readonly string[]): Outcome {
  return { kind: 'refused', error, text, ...(gates !== undefined && { gates }) };
}

interface Scene {
  readonly request: Request;
  readonly model: Model;
  readonly now: Moment;
}

type Ends = {
  readonly [K in HappeningKind]?: (happening: HappeningOf<K>, scene: Scene) => Outcome | undefined;
};

/** The outcome that the first of `happenings` means that means any. */
export function firstOutcome(
  { request, begun }: Pending,
  model: Model,
  happenings: readonly Happening[],
  now: Moment,
): Outcome | undefined {
  const { kind } = request.wish;
  // A check is a check, whoever asked for it.
  const ends = begun || kind === 'check' ? ENDS[kind] : ENDS_UNBEGUN[kind];
  for (const happening of happenings) {
    // The table's types hold for each kind; here an entry is looked up by what came.
    const end = ends[happening.kind] as
      ((happening: Happening, scene: Scene) => Outcome | undefined) | undefined;
    const outcome = end?.(happening, { request, model, now });
    if (outcome !== undefined) {
      return outcome;
    }
  }
  return undefined;
}

const CANNOT_ASK: Ends = {
  failing: ({ activity, failure }) =>
    activity === 'check' || activity === 'status' ? refused('Failed', failure.message) : undefined,
};

const CHECKING: Ends = {
  ...CANNOT_ASK,
  checked: ({ result: { outcome } }) => {
    switch (outcome.kind) {
      case 'update':
        return done(`the update server offers ${outcome.release.version}`, {
          changed: true,
          release: outcome.release.version,
        });
      case 'no-update':
        return done('the update server offers nothing newer', { changed: false });
      case 'downgrade-refused':
        return done(`the update server offers ${outcome.release.version}, which would be a downgrade`, {
          changed: false,
          release: outcome.release.version,
        });
      case 'off-graph':
        return done('the update graph does not have the booted release', { changed: false });
    }
  },
};

const STAGING: Ends = {
  ...CANNOT_ASK,
  staged: ({ release: { version } }) => done(`${version} is staged`, { changed: true, release: version }),
  checked: ({ result: { outcome, skipped } }, { request: { wish }, model: { state } }) => {
    const to = wish.kind === 'stage' ? wish.to : undefined;
    switch (outcome.kind) {
      case 'update': {
        // It is staged already, and nothing more happens.
        const { version, payload } = outcome.release;
        const isStaged = state.name === 'UpdateStaged' && samePayload(state.release.payload, payload);
        return isStaged
          ? done(`${version} is staged already`, { changed: false, release: version })
          : undefined;
      }
      case 'no-update': {
        if (to !== undefined && skipped.includes(to)) {
          return refused('Blocked', `${to} is denied: allow it first`, ['denied']);
        }
        const what = to === undefined ? 'offers nothing newer' : `does not offer ${to}`;
        return refused('NoUpdate', `the update server ${what}`);
      }
      case 'downgrade-refused':
        return refused(
          'NoUpdate',
          `${outcome.release.version} would be a downgrade, which the configuration forbids`,
        );
      case 'off-graph':
        return refused('NoUpdate', 'the update graph does not have the booted release');
    }
  },
  'staging-failed': ({ failure }) => refused('Failed', failure.message),
  'staged-other': ({ release }) =>
    refused('Failed', `rpm-ostree staged something else than ${release.version}`),
  'wrong-stream': ({ release }) =>
    refused('Failed', `${release.version} is of another stream than this node`),
  'offer-left': ({ staged }) =>
    refused('Blocked', `somebody else wants ${staged} to boot next: it is left as it is`, ['foreign']),
  'staging-held': ({ reason }) => refused('Blocked', reason, ['hold']),
  'no-longer-offered': ({ release }) => refused('NoUpdate', `${release.version} is no longer offered`),
  'staging-cut-short': ({ release }) =>
    refused('Cancelled', `staging ${release.version} was cut short by a later request`),
};

/** What was on its way to the disk already is what was asked for, where that is true. */
const STAGED_MEANWHILE: Ends = {
  staged: ({ release: { version } }, { request }) =>
    isWhatIsStaged(request, version)
      ? done(`${version} is staged`, { changed: true, release: version })
      : undefined,
};

/** Whether somebody asks for nothing more than that `version` is staged, which the node did of its own. */
export function isWhatIsStaged({ wish }: Request, version: string): boolean {
  return wish.kind === 'stage' && !wish.ignoreRollout && (wish.to ?? version) === version;
}

const REBOOTING: Ends = {
  finalized: ({ release: { version } }, { request, model, now }) => {
    const passed = ownHolds(model.memory, request, now.at).map(({ id }) => id);
    const own = passed.length === 0 ? '' : `; it passes ${passed.join(', ')}, held by the same person`;
    return done(`the reboot into ${version} is on its way${own}`, { changed: true, release: version });
  },
  'reboot-held': ({ by, reason, label, untilAt, cutShort }, { model }) => {
    if (cutShort === true) {
      return refused('Cancelled', 'the attempt was cut short by a later request or a new configuration');
    }
    if (isLenderAwaited(model)) {
      return undefined;
    }
    const until = untilAt === undefined ? '' : `; not before ${longDate(untilAt)}`;
    return refused('Blocked', `${reason}${until}`, by === 'lenders' ? [label] : blockers(model.memory));
  },
  'asking-failed': ({ failure }, { model }) =>
    refused(
      'Blocked',
      failure.message,
      failure.kind.startsWith('fleet_lock') ? ['fleet_lock'] : blockers(model.memory),
    ),
  'reboot-postponed': () => refused('Blocked', 'somebody is logged in, and is waited for', ['people']),
  'finalize-failed': ({ failure }) => refused('Failed', failure.message),
  'reboot-refused': ({ why }) => refused('Failed', why),
  'staged-unoffered': ({ release }) =>
    refused('Blocked', `the update server no longer offers ${release.version}`, ['update_server']),
  'staged-lost': ({ release }) => refused('NotStaged', `${release.version} is no longer staged`),
  dropped: ({ version }) => refused('NotStaged', `${version} was dropped: it is denied, or was withdrawn`),
  failing: ({ activity, failure }) =>
    activity === 'status' || activity === 'save' ? refused('Failed', failure.message) : undefined,
};

/** A lender keeps a place for this node, and is asked again soon enough: what is overridden stays so meanwhile. */
export function isLenderAwaited({ state }: Model): boolean {
  return (
    state.name === 'UpdateStaged' &&
    state.holding.by === 'lender' &&
    state.holding.errorKind === undefined &&
    state.dueMono <= state.holding.since.mono + LENDER_PATIENCE_MS
  );
}

const DISCARDING: Ends = {
  dropped: ({ version }) =>
    done(`${version} is no longer staged, and denied`, { changed: true, release: version }),
  // It is denied, so it is never booted: dropping it is tried again.
  'drop-failed': ({ failure }) => stillThere(failure.message),
  'staged-changed': ({ failure }) => stillThere(failure.message),
};

function stillThere(why: string): Outcome {
  return done(`it is denied, and not dropped yet: ${why}`, { changed: true });
}

const ENDS: { readonly [K in Wish['kind']]: Ends } = {
  check: CHECKING,
  stage: STAGING,
  reboot: REBOOTING,
  discard: DISCARDING,
  // They end when the record is on disk, or at once.
  cancel: {},
  hold: {},
  release: {},
  deny: {},
  allow: {},
};

/** Of requests that the machine has not gone about. */
const ENDS_UNBEGUN: { readonly [K in Wish['kind']]: Ends } = {
  check: {},
  stage: STAGED_MEANWHILE,
  reboot: {},
  discard: {},
  cancel: {},
  hold: {},
  release: {},
  deny: {},
  allow: {},
};

/** Gates that did not pass at the last look. */
function blockers({ look }: Memory): readonly string[] {
  const against = look?.reports.filter(({ verdict }) => verdict !== 'pass').map(({ gate }) => gate) ?? [];
  return [...new Set(against)];
}
