/** Where in a maintenance window a node begins, so that the nodes of a fleet do not all reboot in the same second. Pure. */
import { createHash } from 'node:crypto';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
/** Bytes of a hash that make an exact integer. */
const HASH_BYTES = 6;

/** The node's place between 0 and 1 (never 1 itself): the same for all of its life, evenly spread over a fleet. */
export function placeOfNode(nodeUuid: string): number {
  const hash = createHash('sha256').update(`maintenance window splay ${nodeUuid}`).digest();
  return hash.readUIntBE(0, HASH_BYTES) / 2 ** (8 * HASH_BYTES);
}

/** Whole seconds after the opening, in milliseconds; at least the last minute of the window is left to the last node. */
export function splayOffsetMs(place: number, splayMinutes: number, windowLengthMs: number): number {
  const mostMs = Math.min(splayMinutes * MINUTE_MS, windowLengthMs - MINUTE_MS);
  return mostMs <= 0 ? 0 : Math.floor(place * (Math.floor(mostMs / SECOND_MS) + 1)) * SECOND_MS;
}
