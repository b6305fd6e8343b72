// Bundles the agent into dist/: one entry, and chunks that are loaded when they are first needed. bundled.json names the
// packages whose code is in them. dist/share has what is made of the table of commands: manual page, completion scripts,
// JSON schemas. PUT_BACK=ID builds it with a fault of test/put-back.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import './node-version.mjs';
import { UNDICI_WITHOUT_MILO, unusedParts } from './unused-parts.mjs';

const { rolldown } = await import('rolldown');

/** Old names of licences, and what SPDX calls them now. */
const SPDX = { 'LGPL-3.0': 'LGPL-3.0-only', 'MIT/X11': 'MIT' };
/** Packages that state their licence in a file only. */
const LICENCES = { jsbi: 'Apache-2.0' };

const fault = process.env.PUT_BACK;
const plugins = fault === undefined ? [] : [(await import('../test/put-back/plugin.ts')).putBack(fault)];

await rm('dist', { recursive: true, force: true });
const bundle = await rolldown({
  input: { zincati: 'src/main.ts' },
  platform: 'node',
  plugins: [unusedParts, ...plugins],
  transform: { define: UNDICI_WITHOUT_MILO },
  // Carries a native addon, which has to stay a file of its own.
  external: ['node-unix-socket'],
  onwarn(warning) {
    // Packages that use eval or import themselves are not ours to mend. Everything else is.
    const isForeign = warning.id?.includes('node_modules') === true;
    if (!isForeign && !['EVAL', 'CIRCULAR_DEPENDENCY'].includes(warning.code)) {
      process.stderr.write(`build: ${warning.message}\n`);
    }
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

await writeShare();

/** Below dist/share, each file where /usr/share has it. */
async function writeShare() {
  const { sharedFiles } = await import('../src/cli/shared-files.ts');
  for (const [name, text] of Object.entries(sharedFiles())) {
    const file = path.join('dist/share', name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

/** Name, version, licence, folder and files of each package with a module in the bundle, sorted by folder. */
async function bundledPackages(chunks) {
  const filesOf = new Map();
  for (const { fileName, moduleIds = [] } of chunks) {
    for (const id of moduleIds) {
      const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path.relative('.', id)) ?? [];
      if (folder !== undefined) {
        filesOf.set(folder, (filesOf.get(folder) ?? new Set()).add(fileName));
      }
    }
  }
  return Promise.all(
    [...filesOf.keys()].sort().map(async (folder) => {
      const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
      const stated = license?.type ?? license ?? LICENCES[name];
      if (stated === undefined) {
        throw new Error(`cannot build: the licence of ${name} must be known`);
      }
      return {
        name,
        version,
        license: SPDX[stated] ?? stated,
        folder,
        files: [...filesOf.get(folder)].sort(),
      };
    }),
  );
}
