/**
 * Measures a piece of work once, in a new process. This is the cost to an agent that does such work only now and then.
 * `runMeasured` starts the process, and the process calls `measureOnce`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { forgetPeak, ownPeakBytes, ownRssBytes } from './proc.ts';

export interface Measured {
  readonly ms: number;
  /** Of the thread that does the work. Other work on the machine does not count. */
  readonly processorMs: number;
  /** Peak memory of the process, above what it used before the work. */
  readonly peakMb: number;
}

const MB = 1e6;

export async function runMeasured(script: string, args: readonly string[]): Promise<Measured> {
  const child = spawn(process.execPath, ['--expose-gc', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const output = await text(child.stdout);
  await ended;
  const found = /^ms=([\d.]+) processorMs=([\d.]+) peakMb=([\d.]+)$/m.exec(output);
  if (child.exitCode !== 0 || found === null) {
    throw new Error(`cannot measure: ${script} must print a result, got exit code ${String(child.exitCode)}`);
  }
  return { ms: Number(found[1]), processorMs: Number(found[2]), peakMb: Number(found[3]) };
}

/** `prepare` is not measured. `work` gets its result, and must itself return one. */
export async function measureOnce<T>(prepare: () => T, work: (input: T) => Promise<unknown>): Promise<void> {
  const input = prepare();
  globalThis.gc?.();
  const baseBytes = ownRssBytes();
  forgetPeak();
  const startMs = performance.now();
  const usedBefore = threadCpu();
  const result = await work(input);
  const ms = performance.now() - startMs;
  const used = threadCpu(usedBefore);
  const peakMb = Math.max(ownPeakBytes() - baseBytes, 0) / MB;
  if (result === undefined) {
    throw new Error('cannot measure: the work must have a result, got none');
  }
  process.stdout.write(`ms=${ms} processorMs=${(used.user + used.system) / 1000} peakMb=${peakMb}\n`);
}

/** The kernel brings the figure of a thread up to date when that of its process is asked for; else at its ticks alone. */
function threadCpu(before?: NodeJS.CpuUsage): NodeJS.CpuUsage {
  process.cpuUsage();
  return process.threadCpuUsage(before);
}
