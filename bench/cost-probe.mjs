// Loaded into a measured process with `--import`. At its end it writes into the file COST_FILE what it took, as JSON.
// Processor time is in milliseconds, the peak of its memory in bytes. Plain JavaScript, as bench/heap-probe.mjs is.
import { writeFileSync } from 'node:fs';
import process from 'node:process';

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const cost = { processorMs: (userCPUTime + systemCPUTime) / 1000, peakBytes: maxRSS * 1024 };
  writeFileSync(process.env.COST_FILE, JSON.stringify(cost));
});
