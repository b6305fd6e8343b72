/** Where in a maintenance window the turn of a node begins, so that a fleet does not reboot in the same second. Pure. */
import { createHash } from 'node:crypto';
import { MINUTE_MS, SECOND_MS } from '../text/units.ts';

/** So many bytes of a hash make an integer that a number holds exactly. */
const HASH_BYTES = 6;

/** The node's place, from 0 to below 1. It stays the same for life, and places are spread evenly over a fleet. */
export function placeOfNode(nodeUuid: string): number {
  const hash = createHash('sha256').update(`maintenance window splay ${nodeUuid}`).digest();
  return hash.readUIntBE(0, HASH_BYTES) / 2 ** (8 * HASH_BYTES);
}

/** Whole seconds after the opening, in milliseconds. Every node is left at least the last minute of the window. */
export function splayOffsetMs(place: number, splayMinutes: number, windowLengthMs: number): number {
  const mostMs = Math.max(0, Math.min(splayMinutes * MINUTE_MS, windowLengthMs - MINUTE_MS));
  return Math.floor(place * (Math.floor(mostMs / SECOND_MS) + 1)) * SECOND_MS;
}
