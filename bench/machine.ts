/** One paragraph about the computer that was used, without which the figures mean nothing. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { VERSION } from '../src/version.ts';

const DIST = join(import.meta.dirname, '../dist');

export interface MachineFacts {
  readonly version: string;
  readonly node: string;
  readonly processor: string;
  readonly processors: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly system: string;
  readonly programKb: number;
}

export function machineFacts(): MachineFacts {
  const [first] = cpus();
  return {
    version: VERSION,
    node: process.version,
    processor: first?.model ?? 'unknown processor',
    processors: cpus().length,
    memoryGb: totalmem() / 1e9,
    kernel: release(),
    system: systemName(),
    programKb: programBytes() / 1000,
  };
}

/** Load average over one minute: from 1 per processor on, other programs were busy as well. */
export function loadNow(): number {
  return loadavg()[0] ?? 0;
}

export function describeMachine(facts: MachineFacts, loadAtStart: number, loadAtEnd: number): string {
  const { version, node, processor, processors, memoryGb, kernel, system, programKb } = facts;
  return (
    `zincati ${version} (${Math.round(programKb)} kB in dist/), Node ${node}. Run on ${processors} x ${processor}, ` +
    `${memoryGb.toFixed(1)} GB, ${system}, Linux ${kernel}. ` +
    `Load ${loadAtStart.toFixed(2)} at the start, ${loadAtEnd.toFixed(2)} at the end.`
  );
}

function systemName(): string {
  try {
    return (
      /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown system'
    );
  } catch {
    return 'unknown system';
  }
}

function programBytes(): number {
  return readdirSync(DIST, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
