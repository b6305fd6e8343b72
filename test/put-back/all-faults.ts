/** Every fault that can be put back, by its id. */
import type { PutBackFault } from './fault.ts';
import { FAULTS } from './faults.ts';
import { SEARCH_FAULTS } from './search-faults.ts';
import { SHOWN_FAULTS } from './world-as-it-is/all.ts';
import { WORLD_FAULTS } from './world-faults.ts';

export const ALL_FAULTS: readonly PutBackFault[] = [
  ...FAULTS,
  ...SHOWN_FAULTS,
  ...WORLD_FAULTS,
  ...SEARCH_FAULTS,
];

/** Throws when there is none. */
export function faultOf(id: string): PutBackFault {
  const found = ALL_FAULTS.find((fault) => fault.id === id);
  if (found === undefined) {
    throw new Error(`there must be a fault "${id}" to put back`);
  }
  return found;
}
