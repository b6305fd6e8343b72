/**
 * The properties of the agent as they were last told, and what has changed since.
 *
 * Invariants:
 * - What `get` returns has been announced, or is announced by the `update` that brought it.
 * - Nothing is written to find out: each step of the agent looks, and hardly any changes more than one property.
 */
import { isSameValue } from '../dbus/same-value.ts';
import type { BusValue, Variant } from '../dbus/types.ts';

export class Changes {
  #values: ReadonlyMap<string, Variant> = new Map();

  get(name: string): BusValue {
    return this.#values.get(name)?.value ?? '';
  }

  /** Takes the new values and returns those that differ from the ones before. */
  update(values: ReadonlyMap<string, Variant>): ReadonlyMap<string, Variant> {
    const before = this.#values;
    this.#values = values;
    return new Map([...values].filter(([name, value]) => !isSameValue(value, before.get(name))));
  }
}
