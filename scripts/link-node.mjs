// Links node_modules/.bin/node to the Node that npm installed for this machine, for npm scripts and `npx node`. npm does
// so itself, but before version 11 it then removes the link together with the Node of the other architecture.
//
// Invariant: this runs on any Node that can run npm, so its language is that of Node 12.
import fs from 'node:fs';
import process from 'node:process';

const folder = new URL('../node_modules/.bin/', import.meta.url);
const link = new URL('node', folder);
const target = `../node-linux-${process.arch}/bin/node`;

if (fs.existsSync(new URL(target, folder)) && !fs.existsSync(link)) {
  fs.symlinkSync(target, link);
}
