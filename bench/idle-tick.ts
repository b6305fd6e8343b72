/** What a poll costs that finds nothing new. */
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchOptions, Figure, Topic } from './figure.ts';
import { BenchHost } from './bench-host.ts';
import { monitorBus } from './bus-monitor.ts';
import { childrenOf, cpuMs } from './proc.ts';
import { countSyscalls } from './syscall-counter.ts';

const TICKS_EACH = 5;
/** After this many polls the start is over, the optimizer knows the tick, and rpm-ostree's daemon has exited. */
const WARM_UP_POLLS = 20;
/** A poll is over within this time after its answer; the next one begins after a second. */
const SETTLE_MS = 300;

export async function measureIdleTick({ quick, say }: BenchOptions): Promise<Topic> {
  const times = quick ? 2 : 8;
  await using host = await BenchHost.prepare();
  const agent = await host.startAgent();
  const ticks = async (count: number): Promise<void> => {
    await host.idlePolls(count);
    await sleep(SETTLE_MS);
  };
  const cpu: number[] = [];
  const calls: number[] = [];
  const children: number[] = [];
  const syscalls: number[] = [];
  const births: number[] = [];
  const control: number[] = [];
  try {
    await ticks(WARM_UP_POLLS);
    const monitor = await monitorBus(host.busAddress);
    await ticks(1);
    for (let turn = 1; turn <= times; turn++) {
      say(`idle tick: ${turn} of ${times}`);
      const callsBefore = monitor?.methodCalls ?? 0;
      const cpuBefore = cpuMs(agent.pid);
      await ticks(TICKS_EACH);
      cpu.push((cpuMs(agent.pid) - cpuBefore) / TICKS_EACH);
      children.push(childrenOf(agent.pid));
      const counted = await countSyscalls(agent.pid, join(host.root, 'strace'), () => ticks(TICKS_EACH));
      if (counted !== undefined) {
        syscalls.push(counted.all / TICKS_EACH);
        births.push(counted.births);
      }
      if (monitor !== undefined) {
        calls.push((monitor.methodCalls - callsBefore) / (2 * TICKS_EACH));
      }
    }
    if (monitor !== undefined) {
      // Proves that the monitor sees calls: libostree touches this folder when deployments change.
      const before = monitor.methodCalls;
      utimesSync(join(host.root, 'ostree/deploy'), new Date(), new Date());
      await ticks(2);
      control.push(monitor.methodCalls - before);
      await monitor.stop();
    }
  } finally {
    await agent.stop();
  }
  const noStrace = 'strace is missing or may not attach';
  const noMonitor = 'dbus-monitor is missing';
  return {
    title: 'One idle poll',
    how:
      `Polls that are answered with 304, ${TICKS_EACH} to a sample, after ${WARM_UP_POLLS} others. Method calls are all that ` +
      'dbus-monitor sees on the bus; the row with changed deployments shows that it sees them. System calls are counted by ' +
      'strace, in all threads, in separate polls. Processor time is the sum over all threads (/proc/PID/task/*/schedstat), ' +
      'without strace.',
    figures: [
      { what: 'D-Bus method calls', unit: 'per tick', samples: calls, note: noMonitor },
      {
        what: 'D-Bus method calls once the deployments have changed (control)',
        unit: 'count',
        samples: control,
        note: noMonitor,
      },
      { what: 'child processes', unit: 'count', samples: children },
      { what: 'processes or threads begun', unit: 'count', samples: births, note: noStrace },
      { what: 'system calls', unit: 'per tick', samples: syscalls, note: noStrace },
      { what: 'processor time', unit: 'ms per tick', samples: cpu },
    ] satisfies Figure[],
  };
}
