/** Asks a process that runs with heap-probe.mjs what its heap holds. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PROBE = join(import.meta.dirname, 'heap-probe.mjs');
const ANSWER_TIMEOUT_MS = 5000;
const GLANCE_MS = 10;

/** Environment that loads the probe. */
export function probeEnv(file: string): Record<string, string> {
  return { NODE_OPTIONS: `--import=${PROBE}`, HEAP_PROBE_FILE: file };
}

/** Live bytes after a full garbage collection. */
export async function liveHeapBytes(pid: number, file: string): Promise<number> {
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  const endMs = performance.now() + ANSWER_TIMEOUT_MS;
  for (;;) {
    const text = readIfThere(file);
    if (text !== undefined) {
      const found = /"heapUsed":(\d+)/.exec(text)?.[1];
      if (found === undefined) {
        throw new Error(`cannot measure the heap: the probe wrote ${text}`);
      }
      return Number(found);
    }
    if (performance.now() > endMs) {
      throw new Error('cannot measure the heap: the probe must answer within 5 s');
    }
    await sleep(GLANCE_MS);
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
