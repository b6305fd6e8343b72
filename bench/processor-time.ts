/** The processor time of a start and of a whole update, beside another build in turns, where one is named. */
import { BenchHost } from './bench-host.ts';
import type { BenchOptions, Figure, Topic } from './figure.ts';
import { cpuMs } from './proc.ts';

const WHO = { this: 'this build', other: 'the other build' } as const;

interface Sample {
  readonly ready: number;
  readonly judged: number;
  readonly update: number;
}

export async function measureProcessorTime({ quick, say, beside }: BenchOptions): Promise<Topic> {
  const times = quick ? 3 : 11;
  const programs = [
    { who: WHO.this, other: undefined, samples: [] as Sample[] },
    ...(beside === undefined ? [] : [{ who: WHO.other, other: beside, samples: [] as Sample[] }]),
  ];
  for (let turn = 1; turn <= times; turn++) {
    for (const { who, other, samples } of programs) {
      say(`processor time: ${turn} of ${times}, ${who}`);
      samples.push({ ...(await sampleStart(other)), update: await sampleUpdate(other) });
    }
  }
  return {
    title: 'Processor time',
    how:
      'Sum over all threads: to READY, to the first graph that was judged, and of a whole update. That one is from the start of the agent ' +
      'until rpm-ostree goes down for the reboot. The other build, if there is one, has its own environment.',
    figures: programs.flatMap(({ who, samples }): Figure[] => [
      { what: `${who}: to READY`, unit: 'ms', samples: samples.map(({ ready }) => ready) },
      { what: `${who}: to the first graph judged`, unit: 'ms', samples: samples.map(({ judged }) => judged) },
      { what: `${who}: a whole update`, unit: 'ms', samples: samples.map(({ update }) => update) },
    ]),
  };
}

async function sampleStart(other: string | undefined): Promise<Omit<Sample, 'update'>> {
  await using host = await BenchHost.prepare();
  const agent = await host.startAgent({}, [], [], other);
  try {
    const ready = cpuMs(agent.pid);
    await agent.judged();
    return { ready, judged: cpuMs(agent.pid) };
  } finally {
    await agent.stop();
  }
}

async function sampleUpdate(other: string | undefined): Promise<number> {
  await using host = await BenchHost.prepare(true);
  const rebooting = host.reboot();
  // Its failure is told below, unless the start fails before.
  rebooting.catch(() => undefined);
  const agent = await host.startAgent({}, [], [], other);
  try {
    await rebooting;
    return cpuMs(agent.pid);
  } finally {
    await agent.stop();
  }
}
