/**
 * Slots that this node may hold: where each was asked for, as whom, and since when. Pure.
 *
 * Invariants:
 * - What may be held is in the record, and so on disk, before anybody is asked for it.
 * - A slot is given back where it was taken and as who took it, whatever is configured by then.
 * - Only an address that names the stream needs to know the stream.
 */
import type { AgentRecord } from './record.ts';
import { isUnsettled } from './rebooting.ts';
import { isSamePlace, MOST_SLOTS, STREAM_TEMPLATE, type MayHold, type SlotPlace } from './slot-place.ts';
import type { AgentState, Memory, Model, Policy } from './state.ts';

/** The stream that the node follows; undefined while it is not known. */
export function streamOf({ host }: Memory, { stream }: Policy): string | undefined {
  return stream ?? host?.booted.stream;
}

/** The configured lenders as they would be asked now. Those whose address names an unknown stream are left out. */
export function placesNow(memory: Memory, policy: Policy): readonly SlotPlace[] {
  const stream = streamOf(memory, policy);
  return policy.slotPlaces.flatMap((place) => {
    if (!place.address.includes(STREAM_TEMPLATE)) {
      return [place];
    }
    return stream === undefined || stream === ''
      ? []
      : [{ ...place, address: place.address.replaceAll(STREAM_TEMPLATE, () => encodeURIComponent(stream)) }];
  });
}

/**
 * Whether the configured lenders are to be told that the node is up. While updates are switched off, or the deployments are
 * not read, nobody needs to know the stream. A lender whose address names it was never asked then.
 */
export function isReportOwed({ state, memory }: Model, policy: Policy): boolean {
  const needsStream = policy.enabled && state.name !== 'StartState';
  const canBeTold = needsStream || placesNow(memory, policy).length === policy.slotPlaces.length;
  return memory.steady.owed && !isKeepingSlot(state) && canBeTold;
}

/** What may be held with lenders that are configured now, and with lenders that are no longer. */
export function mayHold(
  memory: Memory,
  policy: Policy,
): { readonly present: readonly MayHold[]; readonly former: readonly MayHold[] } {
  const places = placesNow(memory, policy);
  const isPresent = (slot: MayHold): boolean => places.some((place) => isSamePlace(place, slot));
  const { slots } = memory.record;
  return { present: slots.filter(isPresent), former: slots.filter((slot) => !isPresent(slot)) };
}

/**
 * A slot that may be held is kept while the agent is going to ask again, and still wants to reboot. It is kept as well while
 * nobody knows whether a reboot is on its way.
 */
export function isKeepingSlot(state: AgentState): boolean {
  return state.name === 'UpdateStaged' && (state.holding.by === 'lender' || isUnsettled(state));
}

/** The record of a node that is about to ask its lenders. */
export function withSlotsAsked(record: AgentRecord, places: readonly SlotPlace[], at: number): AgentRecord {
  const asked = places.filter((place) => !record.slots.some((slot) => isSamePlace(slot, place)));
  return asked.length === 0
    ? record
    : {
        ...record,
        slots: [...record.slots, ...asked.map((place) => ({ ...place, sinceAt: at }))].slice(-MOST_SLOTS),
      };
}

/** The record of a node that was lent a slot of each place. */
export function withSlotsGranted(record: AgentRecord, places: readonly SlotPlace[], at: number): AgentRecord {
  const isNew = (slot: MayHold): boolean =>
    slot.grantedAt === undefined && places.some((place) => isSamePlace(place, slot));
  return record.slots.some(isNew)
    ? {
        ...record,
        slots: record.slots.map((slot) => (isNew(slot) ? { ...slot, grantedAt: at } : slot)),
      }
    : record;
}

export function withoutSlots(record: AgentRecord, returned: readonly SlotPlace[]): AgentRecord {
  const slots = record.slots.filter((slot) => !returned.some((place) => isSamePlace(place, slot)));
  return slots.length === record.slots.length ? record : { ...record, slots };
}
