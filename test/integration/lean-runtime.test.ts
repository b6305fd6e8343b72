/** What the runtime's compilers do once the program is told to be small. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const MODULE = path.join(import.meta.dirname, '../../src/memory/lean-runtime.ts');

/** (module (func (export "f") (param i32) (result i32) …)): adds up the numbers from its argument down to 1. */
const WASM = [
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f],
  ...[3, 2, 1, 0],
  ...[7, 5, 1, 1, 0x66, 0, 0],
  ...[10, 27, 1, 25, 1, 1, 0x7f, 3, 0x40, 0x20, 1, 0x20, 0, 0x6a, 0x21, 1],
  ...[0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x20, 1, 0x0b],
];

/** Works hard in both languages until V8 has compiled all that it wants to, and tells by which compilers. */
const WORK = `
  const inWasm = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(${JSON.stringify(WASM)}))).exports.f;
  const inJs = new Function('n', 'let sum = 0; for (let i = 0; i < n; i++) sum += i % 7; return sum;');
  const tiers = new Function('js', 'wasm', 'return [%ActiveTierIsTurbofan(js), %IsLiftoffFunction(wasm)]');
  const endAt = performance.now() + LIMIT_MS;
  let found;
  do {
    for (let turn = 0; turn < 300; turn++) { inJs(20000); inWasm(20000); }
    await new Promise((resolve) => setImmediate(resolve));
    found = tiers(inJs, inWasm);
  } while (performance.now() < endAt && !(found[0] && !found[1]));
  console.log(JSON.stringify({ turbofan: found[0], liftoff: found[1] }));
`;

/** `limitMs`: how long it waits for the compilers for speed. */
async function compilersAfter(first: string, limitMs: number): Promise<unknown> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    '--allow-natives-syntax',
    '--input-type=module',
    '--eval',
    `${first}\n${WORK.replace('LIMIT_MS', String(limitMs))}`,
  ]);
  // V8 names options that it does not know there.
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

it('the compilers for speed are not used any more, however much work there is', async () => {
  const forSize = `import { compileForSize } from ${JSON.stringify(MODULE)}; compileForSize(); compileForSize();`;
  expect(await compilersAfter(forSize, 1000)).toEqual({ turbofan: false, liftoff: true });
});

it('without that, both are', async () => {
  expect(await compilersAfter('', 20_000)).toEqual({ turbofan: true, liftoff: false });
});
