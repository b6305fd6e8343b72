// Bundles the agent into dist/: one entry, chunks for what is loaded only when first needed, and bundled.json, which
// names the packages whose code is in them. PUT_BACK=ID builds it with a fault of test/put-back.
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { rolldown } from 'rolldown';

/** Old names of licences, as SPDX has them now. */
const SPDX = { 'LGPL-3.0': 'LGPL-3.0-only', 'MIT/X11': 'MIT' };
/** Packages whose licence is in a file alone. */
const LICENCES = { jsbi: 'Apache-2.0' };

const fault = process.env.PUT_BACK;
const plugins = fault === undefined ? [] : [(await import('../test/put-back/plugin.ts')).putBack(fault)];

await rm('dist', { recursive: true, force: true });
const bundle = await rolldown({
  input: { zincati: 'src/main.ts' },
  platform: 'node',
  plugins,
  // Carries a native addon, which has to stay a file of its own.
  external: ['node-unix-socket'],
  onwarn(warning) {
    // Packages that evaluate or import themselves are none of ours to mend; anything else is.
    if (
      warning.id?.includes('node_modules') === true ||
      warning.code === 'EVAL' ||
      warning.code === 'CIRCULAR_DEPENDENCY'
    )
      return;
    process.stderr.write(`build: ${warning.message}\n`);
  },
});
const { output } = await bundle.write({
  dir: 'dist',
  format: 'esm',
  entryFileNames: '[name].mjs',
  chunkFileNames: 'chunks/[name]-[hash].mjs',
  minify: { compress: true, mangle: true },
  sourcemap: false,
});
await bundle.close();
await writeFile('dist/bundled.json', `${JSON.stringify(await bundledPackages(output), null, 2)}\n`);

/** Name, version, licence and folder of each package with a module in the bundle, by folder. */
async function bundledPackages(chunks) {
  const folders = new Set();
  for (const id of chunks.flatMap((chunk) => chunk.moduleIds ?? [])) {
    const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path.relative('.', id)) ?? [];
    if (folder !== undefined) folders.add(folder);
  }
  return Promise.all(
    [...folders].sort().map(async (folder) => {
      const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
      const stated = license?.type ?? license ?? LICENCES[name];
      if (stated === undefined) throw new Error(`cannot build: the licence of ${name} must be known`);
      return { name, version, license: SPDX[stated] ?? stated, folder };
    }),
  );
}
