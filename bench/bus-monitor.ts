/** Counts the method calls on a bus, from any client, with dbus-monitor. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const START_TIMEOUT_MS = 5000;

export interface BusMonitor {
  /** So far. */
  readonly methodCalls: number;
  readonly stop: () => Promise<void>;
}

/** Resolves when the monitor sees all messages; undefined if there is no dbus-monitor. */
export async function monitorBus(address: string): Promise<BusMonitor | undefined> {
  const monitor = spawn('dbus-monitor', ['--profile', '--address', address], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(monitor, 'close').catch(() => undefined);
  let methodCalls = 0;
  const lines = createInterface({ input: monitor.stdout });
  lines.on('line', (line) => {
    if (line.startsWith('mc\t')) {
      methodCalls++;
    }
  });
  // Its first lines are about itself: a connection that becomes a monitor loses its bus name.
  const started = await Promise.race([
    once(lines, 'line', { signal: AbortSignal.timeout(START_TIMEOUT_MS) }).then(
      () => true,
      () => false,
    ),
    ended.then(() => false),
  ]);
  if (!started) {
    monitor.kill('SIGKILL');
    return undefined;
  }
  return {
    get methodCalls() {
      return methodCalls;
    },
    stop: async () => {
      monitor.kill('SIGTERM');
      await ended;
    },
  };
}
