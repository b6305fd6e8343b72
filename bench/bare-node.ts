/** What Node alone costs, as the baseline for everything else. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Milliseconds from starting `node -e 0` to its end. */
export async function bareRunMs(): Promise<number> {
  const startMs = performance.now();
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await once(child, 'exit');
  return performance.now() - startMs;
}

/** A process that does nothing; its owner ends it with `kill`. */
export async function startIdleNode(env: Readonly<Record<string, string>> = {}): Promise<ChildProcess> {
  const script = 'setInterval(() => {}, 1 << 30); process.stdout.write("up")';
  const child = spawn(process.execPath, ['-e', script], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}
