/**
 * Which releases must not be chosen: what is on disk (a rollback sticks), and what was given up. Pure.
 *
 * Invariant: payloads are compared, never versions or positions in the graph, which a local deployment does not have.
 */
import { denialMs } from './pacing.ts';
import type { HostStatus } from './ports.ts';
import { includesPayload, samePayload, type Payload, type Release } from './release.ts';
import type { Denial } from './state.ts';

/** At most this many denials are kept; the one given up longest ago goes first. */
const MAX_DENIALS = 64;

/** The booted and all other deployments but the staged one, and the denials that are not over yet. */
export function deniedPayloads(
  host: HostStatus | undefined,
  denials: readonly Denial[],
  at: number,
): readonly Payload[] {
  const denied: Payload[] = [];
  const add = (payload: Payload | undefined): void => {
    if (payload !== undefined && !includesPayload(denied, payload)) denied.push(payload);
  };
  for (const deployment of host?.deployments ?? []) if (!deployment.staged) add(deployment.payload);
  for (const denial of denials) if (isInForce(denial, at)) add(denial.payload);
  return denied;
}

export function isInForce(denial: Denial, at: number): boolean {
  return denial.untilAt === undefined || at < denial.untilAt;
}

/** Gives `release` up for a time that grows with every time it is given up. */
export function abandon(denials: readonly Denial[], release: Release, at: number): readonly Denial[] {
  const strikes = (denials.find((denial) => samePayload(denial.payload, release.payload))?.strikes ?? 0) + 1;
  return withDenial(denials, {
    payload: release.payload,
    version: release.version,
    reason: 'abandoned',
    untilAt: at + denialMs(strikes),
    strikes,
  });
}

/** Refuses `release` for good: what was staged is not of this node's stream. */
export function refuseStream(denials: readonly Denial[], release: Release): readonly Denial[] {
  return withDenial(denials, {
    payload: release.payload,
    version: release.version,
    reason: 'wrong-stream',
    strikes: 1,
  });
}

function withDenial(denials: readonly Denial[], denial: Denial): readonly Denial[] {
  const others = denials.filter((other) => !samePayload(other.payload, denial.payload));
  return [...others, denial].slice(-MAX_DENIALS);
}
