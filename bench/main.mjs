// The benchmarks: `npm run bench -- --help`. JavaScript, so that a Node too old for TypeScript can say that it is.
import process from 'node:process';
import '../scripts/node-version.mjs';

const { bench } = await import('./benchmarks.ts');
process.exitCode = await bench(process.argv.slice(2));
