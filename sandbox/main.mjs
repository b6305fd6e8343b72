// The demo: `npm run demo -- --help`. JavaScript, so that a Node too old for TypeScript can say that it is.
import process from 'node:process';
import '../scripts/node-version.mjs';

const { demo } = await import('./demo.ts');
process.exitCode = await demo(process.argv.slice(2));
