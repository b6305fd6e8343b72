/**
 * Requests about what people keep in the record: holds and denials. Pure.
 *
 * Invariants:
 * - What is refused changes nothing. What is taken is written before anything else is done.
 * - A hold or a denial that concerns the attempt under way ends it, unless the finalization went out.
 * - A hold counts against every reboot that was asked for before it, also by the same person.
 */
import { longDate } from '../text/long-date.ts';
import { printable } from '../text/printable.ts';
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
import { checkDue } from './checking.ts';
import type { Moment } from './moment.ts';
import { isRebooting } from './rebooting.ts';
import { isInForce, pardoned } from './record.ts';
import { done, refused } from './request-outcomes.ts';
import { isInstant, LONGEST_REASON, MOST_ADMIN_DENIALS, MOST_HOLDS, type Wish } from './requests.ts';
import { isSkipped } from './skip.ts';
import type { Memory, Model } from './state.ts';
import {
  again,
  isName,
  NO_NAME,
  toDiscard,
  withoutDenied,
  withoutRequests,
  withoutStaging,
  written,
  type Answer,
  type Scene,
} from './taking.ts';

export function held(wish: Extract<Wish, { kind: 'hold' }>, scene: Scene): Answer {
  const { model, now, request } = scene;
  const { state, memory } = model;
  const { what, untilAt } = wish;
  if (what === 'reboot' && isRebooting(state)) {
    return refused('TooLate', `the reboot into ${state.release.version} is on its way`);
  }
  if (untilAt !== undefined && (!isInstant(untilAt) || untilAt <= now.at)) {
    return refused('Invalid', 'a hold must end at a whole millisecond in the future');
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

export function released(id: string, scene: Scene): Answer {
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

export function denied(named: string, reason: string, scene: Scene): Answer {
  const { model, now, policy, request } = scene;
  const { state, memory } = model;
  const release = denialName(named);
  if (!isName(release)) {
    return NO_NAME;
  }
  if (isRebooting(state) && isSkipped([release], state.release)) {
    return refused('TooLate', `the reboot into ${state.release.version} is on its way`);
  }
  const { adminDenials } = memory.record;
  if (skippedBy(memory, policy).includes(release)) {
    const known = done(`${release} is denied already`, { changed: false });
    // Perhaps by a request just now: then this one waits for the disk as that one does.
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

export function allowed(named: string, scene: Scene): Answer {
  const { model, now, policy } = scene;
  const { memory } = model;
  const release = denialName(named);
  if (!isName(release)) {
    return NO_NAME;
  }
  if (policy.skip.includes(release)) {
    return refused('Blocked', `${release} is denied by the configuration (updates.skip)`, ['configuration']);
  }
  const { adminDenials, denials } = memory.record;
  const own = denials.filter((denial) => isInForce(denial, now.at) && isSkipped([release], denial));
  if (own.length === 0 && !adminDenials.some((denial) => denial.release === release)) {
    return refused('NotFound', `nobody has denied ${release}`);
  }
  const outcome = done(`${release} is no longer denied${whereItIs(release, memory)}`, {
    changed: true,
    release,
  });
  const after: Model = { ...model, memory: checkedSoon(memory, now) };
  const lists = pardoned(withoutAdminDenial(memory.record, release), (target) =>
    isSkipped([release], target),
  );
  return written(after, lists, outcome, scene);
}

/** What is on disk and was left is not taken again while it is there. */
function whereItIs(release: string, { host }: Memory): string {
  const isOnDisk = host?.deployments.some(
    ({ staged, booted, version, payload }) =>
      !staged && !booted && payload !== undefined && isSkipped([release], { version, payload }),
  );
  return isOnDisk === true
    ? '; it is on disk, and is taken again once that deployment is gone: `rpm-ostree cleanup --rollback`'
    : '';
}

/** As soon as the server wants to be asked. */
function checkedSoon(memory: Memory, { mono }: Moment): Memory {
  const { dueMono, notBefore } = memory.check;
  return checkDue(memory, Math.min(dueMono, Math.max(mono, notBefore?.mono ?? 0)));
}
