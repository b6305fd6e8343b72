/** How much memory an agent uses when it has nothing to do. */
import { join } from 'node:path';
import type { BenchOptions, Figure, Topic } from './figure.ts';
import { startIdleNode } from './bare-node.ts';
import { BenchHost } from './bench-host.ts';
import { liveHeapBytes, probeEnv } from './heap.ts';
import { memoryOf } from './proc.ts';

const POLLS_BEFORE = 20;
const POLLS_AFTER_SCRAPE = 5;
const MB = 1e6;

interface Sample {
  readonly rss: number;
  readonly dirty: number;
  readonly heap: number;
}

export async function measureIdleMemory({ quick, say }: BenchOptions): Promise<Topic> {
  const times = quick ? 1 : 5;
  const bare: Sample[] = [];
  const agent: Sample[] = [];
  const scraped: Sample[] = [];
  for (let turn = 1; turn <= times; turn++) {
    say(`idle memory: ${turn} of ${times}`);
    bare.push(await sampleBare());
    const { before, after } = await sampleAgent();
    agent.push(before);
    scraped.push(after);
  }
  return {
    title: 'Memory of an idle agent',
    how:
      `Measured after ${POLLS_BEFORE} polls that were answered with 304, one a second, and again after a scrape over HTTP and ` +
      `${POLLS_AFTER_SCRAPE} polls. RSS and Private_Dirty are from /proc/PID/smaps_rollup. The live heap is from a second ` +
      'agent, after a forced full collection. The bare node waits for a timer.',
    figures: [
      ...figuresOf('bare node', bare),
      ...figuresOf('agent, idle', agent),
      ...figuresOf('agent, idle, after a scrape', scraped),
    ],
  };
}

function figuresOf(who: string, samples: readonly Sample[]): Figure[] {
  return [
    { what: `${who}: RSS`, unit: 'MB', samples: samples.map(({ rss }) => rss) },
    { what: `${who}: Private_Dirty`, unit: 'MB', samples: samples.map(({ dirty }) => dirty) },
    { what: `${who}: live heap`, unit: 'MB', samples: samples.map(({ heap }) => heap) },
  ];
}

async function sampleBare(): Promise<Sample> {
  const file = join('/tmp', `zincati-bench-heap-${process.pid}`);
  const plain = await startIdleNode();
  const probed = await startIdleNode(probeEnv(file));
  try {
    return await sample(plain.pid ?? 0, probed.pid ?? 0, file);
  } finally {
    plain.kill();
    probed.kill();
  }
}

async function sampleAgent(): Promise<{
  readonly before: Sample;
  readonly after: Sample;
}> {
  // Each agent has its own host: the probe in the second must not count as memory of the first.
  await using host = await BenchHost.prepare();
  await using probedHost = await BenchHost.prepare();
  const file = join(probedHost.root, 'heap.json');
  const plain = await host.startAgent();
  const probed = await probedHost.startAgent(probeEnv(file));
  try {
    await Promise.all([host, probedHost].map((each) => each.idlePolls(POLLS_BEFORE)));
    const before = await sample(plain.pid, probed.pid, file);
    await Promise.all([host.scrape(), probedHost.scrape()]);
    await Promise.all([host.idlePolls(POLLS_AFTER_SCRAPE), probedHost.idlePolls(POLLS_AFTER_SCRAPE)]);
    return { before, after: await sample(plain.pid, probed.pid, file) };
  } finally {
    await plain.stop();
    await probed.stop();
  }
}

async function sample(pid: number, probedPid: number, file: string): Promise<Sample> {
  const found = memory(pid);
  return { ...found, heap: (await liveHeapBytes(probedPid, file)) / MB };
}

function memory(pid: number): Omit<Sample, 'heap'> {
  const { rssBytes, privateDirtyBytes } = memoryOf(pid);
  return { rss: rssBytes / MB, dirty: privateDirtyBytes / MB };
}
