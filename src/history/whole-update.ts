/**
 * One record of a whole update, made of the entries that led to it. Pure.
 *
 * Invariant: what the entries do not say is left out; nothing is guessed.
 */
import type { Entry, Fields } from './entry.ts';

export interface WholeUpdate {
  readonly text: string;
  readonly fields: Fields;
  readonly bootedAt: number;
  /** From the offer to the boot. Left out: not known. */
  readonly tookMs?: number;
  /** Left out: not known. */
  readonly downtimeMs?: number;
}

/** A downtime beyond this is a clock that was set, or a machine that was off. */
const LONGEST_DOWNTIME_MS = 24 * 3_600_000;

/**
 * `history`: the entries before, in their order. `payload`: of the release that was booted at `bootedAt` (wall clock,
 * milliseconds). The fields are `release`, `payload` and, where they are known:
 *
 * - `from`, the release before it;
 * - `offeredAt`, `stagedAt`, `askedAt`, `bootedAt`: milliseconds since 1970 UTC;
 * - `downtimeMs`: from rpm-ostree's answer to the finalization to the agent's start in the new boot;
 * - `bytes` that were fetched;
 * - `waitedFor`: labels of what held the reboot, and `people`.
 */
export function wholeUpdate(
  history: readonly Entry[],
  release: string,
  payload: string,
  bootedAt: number,
): WholeUpdate {
  const mine = ofThisUpdate(history, payload);
  const offeredAt = mine.find(({ kind }) => kind === 'offered')?.at;
  const staged = mine.findLast(({ kind }) => kind === 'staged');
  const askedAt = mine.findLast(({ kind }) => kind === 'reboot-asked')?.at;
  const finalizedAt = mine.findLast(({ kind }) => kind === 'finalized')?.at ?? askedAt;
  const downtimeMs = finalizedAt === undefined ? undefined : bootedAt - finalizedAt;
  const isPlausible = downtimeMs !== undefined && downtimeMs > 0 && downtimeMs <= LONGEST_DOWNTIME_MS;
  const waitedFor = [
    ...new Set(mine.filter(({ kind }) => kind === 'held').map(({ fields }) => String(fields['label']))),
  ];
  const from = mine.map(({ fields }) => fields['booted']).find((booted) => typeof booted === 'string');
  const bytes = staged?.fields['bytes'];
  const fields: Fields = {
    release,
    payload,
    ...(from !== undefined && { from }),
    ...(offeredAt !== undefined && { offeredAt }),
    ...(staged !== undefined && { stagedAt: staged.at }),
    ...(askedAt !== undefined && { askedAt }),
    bootedAt,
    ...(isPlausible && { downtimeMs }),
    ...(typeof bytes === 'number' && { bytes }),
    ...(waitedFor.length > 0 && { waitedFor: waitedFor.join(', ') }),
  };
  const down = isPlausible ? `, ${Math.round(downtimeMs / 1000)} s down` : '';
  const tookMs = offeredAt === undefined ? undefined : bootedAt - offeredAt;
  const times = {
    bootedAt,
    ...(tookMs !== undefined && tookMs > 0 && { tookMs }),
    ...(isPlausible && { downtimeMs }),
  };
  return {
    text: `updated ${from === undefined ? '' : `from '${from}' `}to '${release}'${down}`,
    fields,
    ...times,
  };
}

/** From the last offer of this release on: an earlier run of it may have ended otherwise. */
function ofThisUpdate(history: readonly Entry[], payload: string): readonly Entry[] {
  const mine = history.filter(({ fields }) => fields['payload'] === payload);
  const since = mine.slice(mine.findLastIndex(({ kind }) => kind === 'updated') + 1);
  const start = since.findIndex(({ kind }) => kind === 'offered');
  return start < 0 ? since : since.slice(start);
}
