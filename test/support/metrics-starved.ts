/**
 * A metrics server in a process that can run out of descriptors (the parent sets its limit).
 *
 * Commands:
 * - "exhaust" makes it take every free descriptor.
 * - "measure" makes it print how many milliseconds of processor time it uses in the next second.
 * - "release" makes it give the descriptors back.
 */
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Metrics } from '../../src/metrics/metrics.ts';
import { MetricsServer } from '../../src/metrics/server.ts';
import { SYSTEM_CLOCK } from '../../src/host/clock.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const [root = ''] = process.argv.slice(2);
const warnings: string[] = [];
const metrics = new Metrics(Date.now());
const log = { info: () => undefined, warn: (line: string) => void warnings.push(line) };
const server = new MetricsServer({ root, listen: undefined, metrics, clock: SYSTEM_CLOCK, log });
await server.start();
// This way the first scrape after the shortage needs no file.
await metrics.render();
say('ready');

const taken: number[] = [];
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'exhaust') {
    try {
      for (;;) {
        taken.push(openSync('/dev/null', 'r'));
      }
    } catch {
      say(`exhausted`);
    }
  } else if (line === 'measure') {
    const before = process.cpuUsage();
    await SYSTEM_CLOCK.sleep(1000, new AbortController().signal);
    const used = process.cpuUsage(before);
    say(String(Math.round((used.user + used.system) / 1000)));
  } else if (line === 'release') {
    for (const fd of taken.splice(0)) {
      closeSync(fd);
    }
    say('released');
  } else if (line === 'warnings') {
    say(String(warnings.length));
  }
}
await server.close();
