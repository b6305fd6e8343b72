// The options with which a launcher in systemd/ starts Node. What is compiled beforehand fits a Node with the same options
// alone.
// Benchmarks take them too, so that they measure what runs on a host.
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const LAUNCHERS = path.join(import.meta.dirname, '../systemd');

export async function nodeOptions(launcher = 'zincati') {
  const found = /^options='([^']*)'$/m.exec(await readFile(path.join(LAUNCHERS, launcher), 'utf8'))?.[1];
  if (found === undefined) {
    throw new Error(`cannot read the launcher ${launcher}: it must have options='...', got none`);
  }
  return found.split(' ');
}
