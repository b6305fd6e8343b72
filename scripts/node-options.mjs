// The options with which the launcher starts Node. What is compiled beforehand fits a Node with the same options alone.
// Benchmarks take them too, so that they measure what runs on a host.
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const LAUNCHER = path.join(import.meta.dirname, '../systemd/zincati');

export async function nodeOptions() {
  const found = /^options='([^']*)'$/m.exec(await readFile(LAUNCHER, 'utf8'))?.[1];
  if (found === undefined) {
    throw new Error("cannot read the launcher: it must have options='...', got none");
  }
  return found.split(' ');
}
