/** Options of a method of the agent, as the bus has them. Pure. */
import { Variant } from '../dbus/types.ts';

export type CallOptions = Readonly<Record<string, Variant>>;

export const option = {
  flag: (value: boolean): Variant => new Variant('b', value),
  text: (value: string): Variant => new Variant('s', value),
  count: (value: number): Variant => new Variant('u', value),
  texts: (value: readonly string[]): Variant => new Variant('as', value),
  instant: (at: number): Variant => new Variant('x', BigInt(Math.floor(at)) * 1000n),
};
