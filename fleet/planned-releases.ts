/** Made-up releases of a plan: one every so often, each rolled out, some of them bad. Pure. */
import { createHash } from 'node:crypto';
import type { PlannedRelease } from '../src/fleet/plan.ts';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../src/text/units.ts';
import { MOST_RELEASES, type PlanValues } from './plan-keys.ts';

/** Oldest first. The first one is what all nodes have booted at the beginning. */
export function plannedReleases(
  values: PlanValues,
  { fromAt, untilAt }: { readonly fromAt: number; readonly untilAt: number },
): readonly PlannedRelease[] {
  const releases: PlannedRelease[] = [releaseOf(0, fromAt)];
  const everyMs = values['releases.every_days'] * DAY_MS;
  let publishedAt = fromAt + values['releases.first_day'] * DAY_MS;
  while (publishedAt < untilAt && releases.length <= MOST_RELEASES) {
    const number = releases.length;
    const isBad = isMultiple(number, values['releases.bad_every']);
    const minutes = values['releases.rollout_hours'] * 60;
    releases.push({
      ...releaseOf(number, publishedAt),
      isBad,
      ...(minutes > 0 && {
        rollout: {
          startEpoch: Math.floor(publishedAt / SECOND_MS),
          startValue: 0,
          durationMinutes: Math.ceil(minutes),
        },
      }),
      ...(isMultiple(number, values['releases.barrier_every']) && { barrier: 'the plan says so' }),
      ...(isBad && { haltedAt: publishedAt + values['releases.halt_hours'] * HOUR_MS }),
    });
    publishedAt += everyMs;
  }
  return releases;
}

function isMultiple(number: number, of: number): boolean {
  return of > 0 && number % of === 0;
}

function releaseOf(number: number, at: number): PlannedRelease {
  const date = new Date(at).toISOString().slice(0, 10).replaceAll('-', '');
  const version = `44.${date}.${number}`;
  return {
    version,
    checksum: createHash('sha256').update(`planned release ${version}`).digest('hex'),
    publishedAt: at,
    isBad: false,
  };
}
