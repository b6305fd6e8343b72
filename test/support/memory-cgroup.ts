/**
 * A memory cgroup for a process of a test, version 1 or 2, where this user may make one. What is swapped counts as well.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class MemoryCgroup implements Disposable {
  readonly #folder: string;
  readonly #isUnified: boolean;

  private constructor(folder: string, isUnified: boolean) {
    this.#folder = folder;
    this.#isUnified = isUnified;
  }

  /** Undefined where none can be made: no root, or no controller. */
  static create(name: string, limitBytes: number): MemoryCgroup | undefined {
    for (const [parent, isUnified] of [
      ['/sys/fs/cgroup', true],
      ['/sys/fs/cgroup/memory', false],
    ] as const) {
      const limitFile = isUnified ? 'memory.max' : 'memory.limit_in_bytes';
      const folder = join(parent, `${name}-${process.pid}`);
      try {
        if (!existsSync(join(parent, 'cgroup.procs'))) {
          continue;
        }
        mkdirSync(folder);
        writeFileSync(join(folder, limitFile), String(limitBytes));
        return new MemoryCgroup(folder, isUnified);
      } catch {
        if (existsSync(folder)) {
          rmdirSync(folder);
        }
      }
    }
    return undefined;
  }

  /** The file into which a process writes 0 to enter. */
  get procs(): string {
    return join(this.#folder, 'cgroup.procs');
  }

  add(pid: number): void {
    writeFileSync(this.procs, String(pid));
  }

  /** The most that its processes had at one time; undefined where the kernel does not say. */
  get peakBytes(): number | undefined {
    const file = join(this.#folder, this.#isUnified ? 'memory.peak' : 'memory.max_usage_in_bytes');
    return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
  }

  /** How often the kernel ended a process for want of memory. */
  get kills(): number {
    const file = join(this.#folder, this.#isUnified ? 'memory.events' : 'memory.oom_control');
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 0);
  }

  /** Its processes must have ended. */
  [Symbol.dispose](): void {
    rmdirSync(this.#folder);
  }
}
