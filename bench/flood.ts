/** What a user who floods the agent's interface does to it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BenchOptions, Topic } from './figure.ts';

const SCRIPT = join(import.meta.dirname, 'flood-work.ts');
const CALLS_PER_SECOND = 10_000;
const NOBODY = 65_534;

export async function measureFlood({ quick, say }: BenchOptions): Promise<Topic> {
  const times = quick ? 2 : 10;
  const lengthMs = quick ? 2000 : 5000;
  const quiet = { lag: [] as number[], peak: [] as number[] };
  const flooded = { lag: [] as number[], peak: [] as number[], sent: [] as number[] };
  if (process.getuid?.() === 0) {
    for (let turn = 1; turn <= times; turn++) {
      say(`flood: ${turn} of ${times}`);
      const calm = await runOnce(1, lengthMs);
      quiet.lag.push(calm.lagMs);
      quiet.peak.push(calm.peakMb);
      const busy = await runOnce(CALLS_PER_SECOND, lengthMs);
      flooded.lag.push(busy.lagMs);
      flooded.peak.push(busy.peakMb);
      flooded.sent.push((busy.sent / lengthMs) * 1000);
    }
  }
  const note = flooded.lag.length === 0 ? { note: 'needs root, to call as another user' } : {};
  return {
    title: 'A flood of calls',
    how:
      `One user asks for all properties ${CALLS_PER_SECOND} times a second for ${lengthMs / 1000} s and does not wait for the answers. ` +
      'How late the event loop of the agent was, in the 99th of 100 cases, and the memory above what it had before. Runs ' +
      'alternate with one call a second. The bus and the one who floods use the same processors.',
    figures: [
      { what: 'one call a second, p99 of the lag', unit: 'ms', samples: quiet.lag, ...note },
      { what: 'flood, p99 of the lag', unit: 'ms', samples: flooded.lag, ...note },
      { what: 'one call a second, peak', unit: 'MB', samples: quiet.peak, ...note },
      { what: 'flood, peak', unit: 'MB', samples: flooded.peak, ...note },
      { what: 'calls that were made', unit: 'per second', samples: flooded.sent, ...note },
    ],
  };
}

async function runOnce(
  perSecond: number,
  lengthMs: number,
): Promise<{ readonly lagMs: number; readonly peakMb: number; readonly sent: number }> {
  const args = [SCRIPT, String(perSecond), String(lengthMs), String(NOBODY)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const found = /^lagMs=([\d.]+) peakMb=(-?[\d.]+) sent=(\d+) /m.exec(stdout);
  if (found === null) {
    throw new Error(`cannot measure: ${SCRIPT} must print a result, got ${stdout}`);
  }
  return { lagMs: Number(found[1]), peakMb: Number(found[2]), sent: Number(found[3]) };
}
