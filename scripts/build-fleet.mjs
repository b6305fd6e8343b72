// Bundles the fleet's own program into dist/fleet/. The agent's bundle has none of it. bundled.json names the packages
// whose code is in it. dist/fleet/share has the manual page and the completion scripts.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import './node-version.mjs';
import { bundledPackages } from './bundled-packages.mjs';

const { rolldown } = await import('rolldown');

const OUT = 'dist/fleet';

await rm(OUT, { recursive: true, force: true });
const bundle = await rolldown({
  input: { 'zincati-fleet': 'fleet/main.ts' },
  platform: 'node',
  // A native addon has to stay a file of its own.
  external: [/^node-unix-socket[-/]/],
  onwarn(warning) {
    // Packages that use eval or import themselves are not ours to mend. What only the agent loads late is needed here
    // at once. Everything else is a fault.
    const isForeign = warning.id?.includes('node_modules') === true;
    if (!isForeign && !['EVAL', 'CIRCULAR_DEPENDENCY', 'INEFFECTIVE_DYNAMIC_IMPORT'].includes(warning.code)) {
      process.stderr.write(`build: ${warning.message}\n`);
    }
  },
});
const { output } = await bundle.write({
  dir: OUT,
  format: 'esm',
  entryFileNames: '[name].mjs',
  chunkFileNames: 'chunks/[name]-[hash].mjs',
  minify: { compress: true, mangle: true },
  sourcemap: false,
});
await bundle.close();
await writeFile(`${OUT}/bundled.json`, `${JSON.stringify(await bundledPackages(output), null, 2)}\n`);

const { sharedFiles } = await import('../fleet/shared-files.ts');
for (const [name, text] of Object.entries(sharedFiles())) {
  const file = path.join(OUT, 'share', name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}
