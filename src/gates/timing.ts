/** When a gate passes, as far as one look can tell. Pure. */
import type { GateClass, Pass, PassAfter } from '../agent/ports.ts';
import type { Hold, Holdable } from '../agent/requests.ts';

export interface Timing {
  readonly class: GateClass;
  readonly passAfter: PassAfter;
}

const always: PassAfter = (at) => ({ fromAt: at });

/** Nothing is known of later: it stays as it is, or passes from now on. */
export const OBSERVED: Timing = { class: 'observed', passAfter: always };

/** Every instant is known. */
export function timed(passAfter: PassAfter): Timing {
  return { class: 'timed', passAfter };
}

/** At every instant. */
export const OPEN: Timing = timed(always);

/** At no instant. */
export const SHUT: Timing = timed(() => undefined);

/** From an instant on. */
export function openFrom(openAt: number): Timing {
  return timed((at) => ({ fromAt: Math.max(at, openAt) }));
}

/** Until an instant, which no longer counts, and then no more. */
export function openUntil(untilAt: number): Timing {
  return timed((at) => (at < untilAt ? { fromAt: at, untilAt } : undefined));
}

/** Of a gate that lets pass while no hold on reboots is in force, or on something else. */
export function outsideHolds(holds: readonly Hold[] = [], on: Holdable = 'reboot'): Timing {
  const ends = holds
    .filter(({ what }) => what === on)
    .map(({ untilAt }) => untilAt ?? Number.POSITIVE_INFINITY);
  const openAt = Math.max(Number.NEGATIVE_INFINITY, ...ends);
  return openAt === Number.POSITIVE_INFINITY ? SHUT : openFrom(openAt);
}

/** `pass` where nothing says that it ends. */
export function passOf(fromAt: number, untilAt: number | undefined): Pass {
  return untilAt === undefined ? { fromAt } : { fromAt, untilAt };
}
