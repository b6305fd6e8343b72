// Lays out below a folder what a host needs: `install.mjs DESTDIR [--layout usr|local] [--with-node]`.
// --with-node also installs the Node that runs this script. `npm run build` comes first. More is in docs/install.md.
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import './node-version.mjs';

import { LAYOUTS, layOut } from './layout.mjs';

/** The npm package with the native addon for this machine, or undefined. npm installs it where there is one. */
function ownAddon() {
  const name = `node-unix-socket-linux-${process.arch}-gnu`;
  return existsSync(path.join(import.meta.dirname, '../node_modules', name)) ? name : undefined;
}

const USAGE = `Usage: install.mjs DESTDIR [OPTIONS]

Lays out below a folder what a host needs. \`npm run build\` comes first.

  --layout NAME  usr (default) or local: /usr, or /usr/local for hosts that cannot write /usr
  --with-node    also installs the Node that runs this script
  --help         this text
`;

function parse(args) {
  const { values, positionals } = given({
    args,
    allowPositionals: true,
    options: {
      layout: { type: 'string', default: 'usr' },
      'with-node': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    return undefined;
  }
  const [destination] = positionals;
  if (destination === undefined || positionals.length !== 1) {
    throw new UsageError('cannot install: there must be one folder to install below');
  }
  if (!LAYOUTS.includes(values.layout)) {
    throw new UsageError(`cannot install: --layout must be usr or local, got "${values.layout}"`);
  }
  return { destination, layout: values.layout, withNode: values['with-node'] };
}

function install({ destination, layout, withNode }) {
  try {
    layOut(path.resolve(destination), {
      layout,
      addon: ownAddon(),
      node: withNode ? process.execPath : undefined,
    });
    return 0;
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

const { given, runProgram, UsageError } = await import('../sandbox/program.ts');
process.exitCode = await runProgram(process.argv.slice(2), {
  name: 'node scripts/install.mjs',
  usage: USAGE,
  parse,
  run: install,
});
