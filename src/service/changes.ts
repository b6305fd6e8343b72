/**
 * The properties of the agent as they were last told, and what has changed since.
 *
 * Invariant: what `get` returns has been announced, or is announced by the `update` that brought it.
 */
import { encodeMessage } from '../dbus/codec.ts';
import { MESSAGE_TYPE } from '../dbus/message.ts';
import type { BusValue, Variant } from '../dbus/types.ts';

export class Changes {
  #values: ReadonlyMap<string, Variant> = new Map();
  #bytes: ReadonlyMap<string, Buffer> = new Map();

  get(name: string): BusValue {
    return this.#values.get(name)?.value ?? '';
  }

  /** Takes the new values and returns those that differ from the ones before. */
  update(values: ReadonlyMap<string, Variant>): ReadonlyMap<string, Variant> {
    const bytes = new Map([...values].map(([name, value]) => [name, bytesOf(value)]));
    const changed = new Map(
      [...values].filter(([name]) => bytes.get(name)?.equals(this.#bytes.get(name) ?? NONE) !== true),
    );
    this.#values = values;
    this.#bytes = bytes;
    return changed;
  }
}

const NONE = Buffer.alloc(0);

function bytesOf(value: Variant): Buffer {
  return encodeMessage({
    type: MESSAGE_TYPE.methodReturn,
    serial: 1,
    replySerial: 1,
    signature: 'v',
    body: [value],
  });
}
