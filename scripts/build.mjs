// Bundles the agent into dist/: one entry, and chunks that are loaded when they are first needed. bundled.json names the
// packages whose code is in them. dist/share has what is made of the table of commands: manual page, completion scripts,
// JSON schemas. PUT_BACK=ID builds it with a fault of test/put-back.
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import './node-version.mjs';
import { nodeOptions } from './node-options.mjs';
import { ascii } from './ascii.mjs';
import { bundledPackages } from './bundled-packages.mjs';
import { UNDICI_WITHOUT_MILO, unusedParts } from './unused-parts.mjs';

const { rolldown } = await import('rolldown');

/** What is compiled beforehand: what commands load that must not make anybody wait, and what each start of the agent loads. */
const QUICK =
  /^(?:program|chunks\/(?:_facts-worker_threads|asking|atomic-file|bus|doorbell|folder-lock|help|history-log|http|identity|load-settings|lock-place|log|motd|periodic|pino|process-name|process-user|resolve-below|rolldown-runtime|run-agent|schema|secrets|server|upcoming|zoneinfo)-.*)\.cjs$/;

/** dbus-next loads them for integers of 64 bits, which src/dbus/reader.ts reads itself. One compiles WebAssembly at once. */
const NEVER_RUN = ['jsbi', 'long'];

/**
 * What is loaded together is one file: each more costs a command half a millisecond. With all that they import, and what
 * an earlier line has left. The agent loads the first two.
 */
const GROUPS = [
  { name: 'words', tags: ['$initial'] },
  {
    name: 'bus',
    test: /\/src\/(?:dbus\/(?:connect|calls|system-bus-address)|service\/experimental|calendar\/(?:tzif|zone-files)|files\/(?:read-now|read-small-file)|agent\/ports|gates\/overridable|history\/last-words)\.ts$/,
  },
  {
    name: 'asking',
    test: /\/src\/cli\/(?:status|why|wait|history|check|update|reboot|cancel|discard|hold|release|deny|allow|denied)\.ts$/,
  },
  { name: 'http', test: /\/undici\/lib\/(?:dispatcher\/agent|core\/connect)\.js$/ },
].map((group, index, { length }) => ({ ...group, priority: length - index }));

const fault = process.env.PUT_BACK;
const plugins = fault === undefined ? [] : [(await import('../test/put-back/plugin.ts')).putBack(fault)];

await rm('dist', { recursive: true, force: true });
await rolled({ zincati: 'src/load.ts' });
const output = await rolled({ program: 'src/main.ts' });
await writeFile('dist/bundled.json', `${JSON.stringify(await bundledPackages(output), null, 2)}\n`);

await compile(output.map(({ fileName }) => fileName));
await writeShare();

/** Writes one bundle below dist/. Resolves with its chunks. */
async function rolled(input) {
  const bundle = await rolldown({
    input,
    platform: 'node',
    plugins: [unusedParts, ...plugins, ascii],
    transform: { define: UNDICI_WITHOUT_MILO },
    // A native addon has to stay a file of its own.
    external: [/^node-unix-socket[-/]/],
    resolve: {
      alias: Object.fromEntries(NEVER_RUN.map((name) => [name, path.resolve('scripts/absent.cjs')])),
    },
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
    // Unlike modules, such files can be compiled beforehand, and load a tenth faster without that.
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: 'chunks/[name]-[hash].cjs',
    codeSplitting: { groups: GROUPS },
    minify: { compress: true, mangle: true },
    sourcemap: false,
  });
  await bundle.close();
  return output;
}

/** For the Node that runs here. Packages for other processors do without. */
async function compile(names) {
  const quick = names.filter((name) => QUICK.test(name)).map((name) => path.join('dist', name));
  // A runtime with another hash seed would refuse the outcome; with this seed alone it is the same each time.
  const seeds = ['--random-seed=1'];
  await promisify(execFile)(process.execPath, [
    ...(await nodeOptions()),
    ...seeds,
    'scripts/compile.mjs',
    ...quick,
  ]);
}

/** Below dist/share, each file where /usr/share has it. */
async function writeShare() {
  const { sharedFiles } = await import('../src/cli/shared-files.ts');
  for (const [name, text] of Object.entries(sharedFiles())) {
    const file = path.join('dist/share', name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}
