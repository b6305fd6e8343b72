/** What the kernel says about a process: memory, processor time, children. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

export interface Memory {
  /** All pages in memory, including those of files that other processes share. */
  readonly rssBytes: number;
  /** Pages that only this process has, and has written to: what it costs the host. */
  readonly privateDirtyBytes: number;
}

const KIB = 1024;
const NS_PER_MS = 1e6;

export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return {
    rssBytes: kibibytes(text, 'Rss') * KIB,
    privateDirtyBytes: kibibytes(text, 'Private_Dirty') * KIB,
  };
}

/** The most bytes that a process ever had in memory. */
export function peakOf(pid: number): number {
  return kibibytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmHWM') * KIB;
}

/** Sum over all live threads, finer than the clock ticks of /proc/PID/stat. */
export function cpuMs(pid: number): number {
  let ns = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    // A thread may end between listing and reading.
    const text = readIfThere(`/proc/${pid}/task/${task}/schedstat`);
    ns += Number(text?.split(' ')[0] ?? 0);
  }
  return ns / NS_PER_MS;
}

export function childrenOf(pid: number): number {
  let count = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const text = readIfThere(`/proc/${pid}/task/${task}/children`) ?? '';
    count += text.split(' ').filter((word) => word !== '').length;
  }
  return count;
}

/** Bytes in memory now, of this process. */
export function ownRssBytes(): number {
  return kibibytes(readFileSync('/proc/self/status', 'utf8'), 'VmRSS') * KIB;
}

/** The most bytes that this process had in memory since {@link forgetPeak}. */
export function ownPeakBytes(): number {
  return kibibytes(readFileSync('/proc/self/status', 'utf8'), 'VmHWM') * KIB;
}

export function forgetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5');
}

function kibibytes(text: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
  if (found === undefined) {
    throw new Error(`cannot measure memory: the kernel must tell ${name}, got nothing`);
  }
  return Number(found);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
