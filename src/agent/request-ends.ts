/**
 * How requests end: by what happens, and at the latest when the machine rests again. Pure.
 *
 * Invariants:
 * - What a request waits for is a happening, or the record on disk. Nothing else ends it.
 * - A request that the machine has gone about ends before the machine rests. So none is forgotten. Only a reboot waits
 *   longer, for a lender that asks for patience.
 * - A record that cannot be written takes back what waits for it: a request that failed has changed nothing.
 */
import type { Happening, HappeningOf } from './happenings.ts';
import type { Moment } from './moment.ts';
import type { Pending } from './pending-request.ts';
import { done, firstOutcome, isLenderAwaited, isWhatIsStaged, refused } from './request-outcomes.ts';
import { beforeWriting } from './pending.ts';
import { isRebooting } from './rebooting.ts';
import type { Outcome, Request } from './requests.ts';
import { recorded, type Memory, type Model } from './state.ts';

export interface Ended {
  readonly memory: Memory;
  readonly happenings: readonly HappeningOf<'request-ended'>[];
}

/** What of the requests is over after `happenings` led to `model`. */
export function afterHappenings(model: Model, happenings: readonly Happening[], now: Moment): Ended {
  const unsaved = happenings.find(isSaveFailing);
  const memory = unsaved === undefined ? model.memory : takenBack(model.memory);
  return ended(memory, (pending) => {
    const { written, begun } = pending;
    if (written === undefined) {
      return firstOutcome(pending, model, happenings, now);
    }
    if (model.memory.save.due) {
      return unsaved && refused('Failed', `nothing has changed: ${unsaved.failure.message}`);
    }
    // What was denied has still to be dropped.
    return begun ? firstOutcome(pending, model, happenings, now) : written.outcome;
  });
}

/** The machine is about to wait: what it has gone about has come to nothing. */
export function atRest(model: Model): Ended {
  const isAwaited = isLenderAwaited(model);
  return ended(model.memory, (pending) =>
    pending.begun && !(isAwaited && pending.request.wish.kind === 'reboot')
      ? outcomeAtRest(pending, model)
      : undefined,
  );
}

/** The requests that `outcome` answers are over. */
export function ended(memory: Memory, outcome: (pending: Pending) => Outcome | undefined): Ended {
  const left: Pending[] = [];
  const happenings: HappeningOf<'request-ended'>[] = [];
  for (const pending of memory.requests) {
    const end = outcome(pending);
    if (end === undefined) {
      left.push(pending);
    } else {
      happenings.push({ kind: 'request-ended', request: pending.request, outcome: end });
    }
  }
  return happenings.length === 0
    ? { memory, happenings }
    : { memory: { ...memory, requests: left }, happenings };
}

export const ENDING = refused('ShuttingDown', 'the agent ends');

/** The agent ends: what is told of the requests that still wait. */
export function endedWithAgent(requests: readonly Request[]): readonly Happening[] {
  return requests.map((request) => ({ kind: 'request-ended', request, outcome: ENDING }));
}

type SaveFailing = HappeningOf<'failing'> & { readonly activity: 'save' };

function isSaveFailing(happening: Happening): happening is SaveFailing {
  return happening.kind === 'failing' && happening.activity === 'save';
}

/** All of them fail together, so what the oldest one found is what the disk has. */
function takenBack(memory: Memory): Memory {
  const before = beforeWriting(memory);
  return before === undefined ? memory : recorded(memory, { ...memory.record, ...before });
}

function outcomeAtRest({ request, written }: Pending, { state, memory }: Model): Outcome {
  if (written !== undefined) {
    return written.outcome;
  }
  if (isRebooting(state)) {
    const { version } = state.release;
    if (isWhatIsStaged(request, version)) {
      return done(`${version} is staged, and the reboot into it is on its way`, {
        changed: false,
        release: version,
      });
    }
    return refused('TooLate', 'the reboot is on its way');
  }
  if (state.name === 'EndState') {
    return refused('Disabled', 'updates are switched off by configuration');
  }
  if (request.wish.kind === 'reboot') {
    return state.name === 'UpdateStaged'
      ? refused('Busy', 'rpm-ostree is busy with something else')
      : refused('NotStaged', 'no release of this agent is staged');
  }
  if (memory.host?.booted.payload === undefined) {
    return refused('NoUpdate', 'the booted deployment is in no update graph');
  }
  return refused('Busy', 'rpm-ostree is busy with something else, or restarts');
}
