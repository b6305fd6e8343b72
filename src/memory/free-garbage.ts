/**
 * Frees what large answers and messages left behind. The runtime lets some 64 MB of buffers gather before it looks for garbage, which
 * is as much as the agent has in all.
 *
 * Invariant: bytes that were read never gather beyond {@link MOST_GARBAGE_BYTES} and what is being read.
 */
import { MEBIBYTE } from '../text/units.ts';

/** Real answers have 0.07 MB: with them alone, garbage is collected every few hours. */
const MOST_GARBAGE_BYTES = 2 * MEBIBYTE;

let gathered = 0;
let collect: (() => void) | undefined;

/** Notes that so many bytes were read, packed or unpacked. What was noted before is freed if it is much. */
export function bytesRead(bytes: number): void {
  gathered += bytes;
}

/** Collects garbage if there is much of it. It takes some milliseconds, so it is called between two answers or messages. */
export function freeGarbage(): void {
  if (gathered < MOST_GARBAGE_BYTES) {
    return;
  }
  gathered = 0;
  collect ??= collector();
  collect();
}

/** The runtime has it only on request, and only in contexts that are made afterwards. */
function collector(): () => void {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  const { runInNewContext } = process.getBuiltinModule('node:vm');
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return typeof found === 'function' ? () => void Reflect.apply(found, undefined, []) : () => undefined;
}
