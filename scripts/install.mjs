// Lays out below a folder what a host needs: `install.mjs DESTDIR [--layout usr|local] [--with-node]`.
// --with-node also installs the Node that runs this script. `npm run build` comes first. More is in docs/install.md.
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import './node-version.mjs';

import { LAYOUTS, layOut } from './layout.mjs';

/** The npm package with the native addon for this machine, or undefined. npm installs it where there is one. */
function ownAddon() {
  const name = `node-unix-socket-linux-${process.arch}-gnu`;
  return existsSync(path.join(import.meta.dirname, '../node_modules', name)) ? name : undefined;
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      layout: { type: 'string', default: 'usr' },
      'with-node': { type: 'boolean', default: false },
    },
  });
  const [destination] = positionals;
  if (destination === undefined || positionals.length !== 1) {
    throw new Error('cannot install: there must be one folder to install below');
  }
  if (!LAYOUTS.includes(values.layout)) {
    throw new Error(`cannot install: --layout must be usr or local, got "${values.layout}"`);
  }
  layOut(path.resolve(destination), {
    layout: values.layout,
    addon: ownAddon(),
    node: values['with-node'] ? process.execPath : undefined,
  });
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
