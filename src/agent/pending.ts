/**
 * Requests that were taken and have not ended, and what follows from them for the machine. Pure.
 *
 * Invariants:
 * - They are in memory alone: what a request leaves on disk is a hold, a denial or a staged release.
 * - Overrides apply while their request is pending, and to nothing else.
 * - At most one reboot is pending.
 */
import type { Override } from './overrides.ts';
import type { Kept, Pending } from './pending-request.ts';
import type { AgentRecord, StageTerms } from './record.ts';
import { samePayload } from './release.ts';
import { isHoldInForce, type Hold, type Holdable, type Request, type Wish } from './requests.ts';
import type { Memory } from './state.ts';

export function pendingOf<K extends Wish['kind']>(
  { requests }: Pick<Memory, 'requests'>,
  kind: K,
): (Pending & { readonly request: Request & { readonly wish: Extract<Wish, { kind: K }> } }) | undefined {
  const found = requests.find(({ request }) => request.wish.kind === kind);
  // The type guard is the comparison above, which the compiler does not follow into `wish`.
  return found as ReturnType<typeof pendingOf<K>>;
}

/** What a person overrides for the reboot that is asked for just now. */
export function overridesOf(memory: Pick<Memory, 'requests'>): readonly Override[] {
  return pendingOf(memory, 'reboot')?.request.wish.overrides ?? [];
}

export function isOverridden(memory: Pick<Memory, 'requests'>, override: Override): boolean {
  return overridesOf(memory).includes(override);
}

/** Holds on reboots that count just now: who asks for the reboot passes his own. */
export function rebootHolds({ record, requests }: Pick<Memory, 'record' | 'requests'>): readonly Hold[] {
  const uid = pendingOf({ requests }, 'reboot')?.request.by.uid;
  return record.holds.filter(({ what, by }) => what !== 'reboot' || by.uid !== uid);
}

/** Holds of who asks for the reboot, which it passes. */
export function ownHolds({ record }: Pick<Memory, 'record'>, { by }: Request, at: number): readonly Hold[] {
  return holdsInForce(record, 'reboot', at).filter((hold) => hold.by.uid === by.uid);
}

export function holdsInForce(
  { holds }: Pick<AgentRecord, 'holds'>,
  what: Holdable,
  at: number,
): readonly Hold[] {
  return holds.filter((hold) => hold.what === what && isHoldInForce(hold, at));
}

/**
 * The graph is asked on terms that say nothing of what is staged. Such is a question about one version alone, or one
 * with the rollout where what is staged came without it.
 */
export function isAboutAnother(memory: Pick<Memory, 'requests' | 'record'>): boolean {
  const wish = pendingOf(memory, 'stage')?.request.wish;
  if (wish === undefined) {
    return false;
  }
  return (
    wish.to !== undefined || (memory.record.staged?.terms?.ignoreRollout === true && !wish.ignoreRollout)
  );
}

/**
 * On which terms the graph is asked. Those of a pending request come first. What was staged on terms is asked about on
 * the same terms: otherwise the next answer would take it away.
 */
export function termsOf(memory: Pick<Memory, 'requests' | 'record' | 'host'>): StageTerms {
  const asked = pendingOf(memory, 'stage')?.request.wish;
  if (asked !== undefined) {
    return {
      ...(asked.ignoreRollout && { ignoreRollout: true }),
      ...(asked.to !== undefined && { to: asked.to }),
    };
  }
  const { staged } = memory.record;
  const onDisk = memory.host?.staged?.payload;
  return staged?.terms !== undefined && onDisk !== undefined && samePayload(staged.payload, onDisk)
    ? staged.terms
    : {};
}

/** What the disk has while requests wait for it; all of them fail together, so that of the oldest one counts. */
export function beforeWriting({ requests }: Pick<Memory, 'requests'>): Kept | undefined {
  const [oldest] = requests.flatMap(({ written }) => written?.before ?? []);
  return oldest;
}
