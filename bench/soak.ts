/** What many scrapes and reloads do to the memory of an agent, and the most it ever takes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchHost } from './bench-host.ts';
import type { BenchOptions, Topic } from './figure.ts';
import { memoryOf, peakOf } from './proc.ts';
import { MemoryCgroup } from '../test/support/memory-cgroup.ts';

const SCRAPES_PER_RELOAD = 50;
const GLANCE_MS = 100;
const POLLS_BEFORE = 20;
const UNIT_LIMIT_BYTES = 512 * 1024 * 1024;
const MB = 1e6;

export async function measureSoak({ quick, say }: BenchOptions): Promise<Topic> {
  const reloads = quick ? 20 : 400;
  await using host = await BenchHost.prepare();
  using cgroup = MemoryCgroup.create('zincati-bench', UNIT_LIMIT_BYTES);
  const agent = await host.startAgent({}, [], [], undefined, cgroup?.procs);
  const dirty: number[] = [];
  const over = new AbortController();
  let peakBefore: number;
  let groupPeakBefore: number | undefined;
  try {
    await host.idlePolls(POLLS_BEFORE);
    [peakBefore, groupPeakBefore] = [peakOf(agent.pid), cgroup?.peakBytes];
    const watching = (async () => {
      while (!over.signal.aborted) {
        dirty.push(memoryOf(agent.pid).privateDirtyBytes / MB);
        await sleep(GLANCE_MS);
      }
    })();
    for (let reload = 1; reload <= reloads; reload++) {
      say(`soak: ${reload} of ${reloads} reloads`);
      for (let scrape = 0; scrape < SCRAPES_PER_RELOAD; scrape++) {
        await host.scrape();
      }
      process.kill(agent.pid, 'SIGHUP');
    }
    over.abort();
    await watching;
  } finally {
    over.abort();
    await agent.stop();
  }
  const noGroup = cgroup === undefined ? { note: 'needs root and a memory controller' } : {};
  return {
    title: 'A soak, and peaks',
    how:
      `The peaks are of the start and ${POLLS_BEFORE} polls. VmHWM counts the pages of files that processes share; ` +
      'a memory cgroup has the most that it was charged with. ' +
      `After that, Private_Dirty during ${reloads * SCRAPES_PER_RELOAD} scrapes over HTTP and ${reloads} reloads, ` +
      `looked at every ${GLANCE_MS} ms; "most" is the bar.`,
    figures: [
      { what: 'peak, VmHWM', unit: 'MB', samples: [peakBefore / MB] },
      {
        what: 'peak, cgroup',
        unit: 'MB',
        samples: groupPeakBefore === undefined ? [] : [groupPeakBefore / MB],
        ...noGroup,
      },
      { what: 'soak: Private_Dirty', unit: 'MB', samples: dirty },
    ],
  };
}
