/** What a module that has a fault calls while it runs. */
import { faultOf } from './all-faults.ts';

/** The substitute for the export that the change at `place` of fault `id` names. */
export function substitute(id: string, place: number, original: unknown): unknown {
  const change = faultOf(id).changes[place];
  if (change?.kind !== 'export') {
    throw new Error(`change ${place} of ${id} must be of an export`);
  }
  return Reflect.apply(change.make, undefined, [original]);
}
