// Loaded into a measured process with `--import`. At SIGUSR2 it collects garbage and writes the size of the live heap
// into the file HEAP_PROBE_FILE. It is plain JavaScript, so that it loads no type stripper into that process.
import { renameSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const file = process.env.HEAP_PROBE_FILE;

process.on('SIGUSR2', () => {
  const { heapUsed: withGarbage } = process.memoryUsage();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(`${file}.new`, JSON.stringify({ withGarbage, heapUsed, external }));
  renameSync(`${file}.new`, file);
});
