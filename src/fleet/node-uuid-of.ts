/** The made-up id of a simulated node. Pure. */
import { createHash } from 'node:crypto';

/** 32 lower-case hexadecimal digits, the same for the same three. */
export function nodeUuidOf(seed: number, group: string, place: number): string {
  return createHash('sha256').update(`simulated node ${seed} ${group} ${place}`).digest('hex').slice(0, 32);
}
