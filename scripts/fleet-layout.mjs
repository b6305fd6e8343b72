// Lays out below a folder the fleet's own program. It is for workstations and servers, not for nodes. This is the one
// list of its installed files. What scripts/layout.mjs says about a tree holds here too.
import { chmodSync, cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import { copy, layOutShare, put } from './layout.mjs';

const PROJECT = path.dirname(import.meta.dirname);
const PREFIX = { usr: 'usr', local: 'usr/local' };

/** Source in systemd/, its place in each layout, mode. */
const FILES = [
  ['zincati-fleet', { usr: 'usr/bin/zincati-fleet', local: 'usr/local/bin/zincati-fleet' }, 0o755],
  [
    'zincati-fleet-lockd.service',
    {
      usr: 'usr/lib/systemd/system/zincati-fleet-lockd.service',
      local: 'etc/systemd/system/zincati-fleet-lockd.service',
    },
    0o644,
  ],
];

/** `node` is the file of a Node that goes beside the program, or undefined. */
export function layOutFleet(destination, { layout, node }) {
  const dist = path.join(PROJECT, 'dist/fleet');
  if (!existsSync(path.join(dist, 'zincati-fleet.mjs'))) {
    throw new Error('cannot install: dist/fleet/zincati-fleet.mjs must be there, run `npm run build`');
  }
  for (const [source, places, mode] of FILES) {
    const text = readFileSync(path.join(PROJECT, 'systemd', source), 'utf8');
    const adapted = layout === 'local' ? text.replaceAll('=/usr/bin/', '=/usr/local/bin/') : text;
    put(path.join(destination, places[layout]), adapted, mode);
  }
  const program = path.join(destination, PREFIX[layout], 'lib/zincati-fleet');
  rmSync(program, { recursive: true, force: true });
  copy(dist, program, (name) => !name.startsWith('share/'));
  layOutShare(path.join(dist, 'share'), path.join(destination, PREFIX[layout], 'share'));
  if (node !== undefined) {
    cpSync(node, path.join(program, 'node'));
    chmodSync(path.join(program, 'node'), 0o755);
  }
}
