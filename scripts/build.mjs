// Bundles the agent into dist/: one entry, and chunks for what is loaded only when first needed.
import { rm } from 'node:fs/promises';
import { rolldown } from 'rolldown';

await rm('dist', { recursive: true, force: true });
const bundle = await rolldown({
  input: { zincati: 'src/main.ts' },
  platform: 'node',
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
await bundle.write({
  dir: 'dist',
  format: 'esm',
  entryFileNames: '[name].mjs',
  chunkFileNames: 'chunks/[name]-[hash].mjs',
  minify: { compress: true, mangle: true },
  sourcemap: false,
});
await bundle.close();
