/**
 * Has the runtime compile for size: the agent works for a few milliseconds in minutes, and compilers for speed take 25 MB.
 *
 * Invariant: this comes when nearly everything is loaded. With other options of V8, whatever was compiled beforehand is
 * refused: that of this program, and that of the runtime itself.
 */

const OPTIONS = [
  // WebAssembly, which is the HTTP parser, by its quick compiler alone. At run time no option implies another one.
  '--liftoff-only',
  '--no-wasm-tier-up',
  '--no-wasm-dynamic-tiering',
  // JavaScript neither by the first nor by the last of three compilers.
  '--no-sparkplug',
  '--flush-baseline-code',
  '--no-turbofan',
  // What a collection finds compiled and not run since the last one goes. Most of it has run once, at the start.
  '--bytecode-old-age=1',
];

let isDone = false;

/** To be called before the first HTTP request, and when the agent first rests. */
export function compileForSize(): void {
  if (isDone) {
    return;
  }
  isDone = true;
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  for (const option of OPTIONS) {
    setFlagsFromString(option);
  }
}
