/** How settings change the memory of an idle agent, one at a time, and what they cost at the start. */
import type { BenchOptions, Figure, Topic } from './figure.ts';
import { BenchHost } from './bench-host.ts';
import { cpuMs, memoryOf } from './proc.ts';

const POLLS = 10;
const MB = 1e6;

interface Variant {
  readonly what: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly without?: readonly string[];
  readonly flags?: readonly string[];
}

const VARIANTS: readonly Variant[] = [
  { what: 'as in the unit' },
  { what: 'with `MALLOC_MMAP_THRESHOLD_=32768`', env: { MALLOC_MMAP_THRESHOLD_: '32768' } },
  { what: 'without `MALLOC_ARENA_MAX`', without: ['MALLOC_ARENA_MAX'] },
  { what: 'with `NODE_USE_SYSTEM_CA=1`', env: { NODE_USE_SYSTEM_CA: '1' } },
  { what: 'with `--liftoff-only` from the start', flags: ['--liftoff-only'] },
  { what: 'with `--max-semi-space-size=16`', flags: ['--max-semi-space-size=16'] },
  { what: 'with `--optimize-for-size`', flags: ['--optimize-for-size'] },
];

interface Sample {
  readonly dirty: number;
  readonly startCpuMs: number;
}

export async function measureMemoryVariants({ quick, say }: BenchOptions): Promise<Topic> {
  const times = quick ? 1 : 3;
  const samples = VARIANTS.map((): Sample[] => []);
  for (let turn = 1; turn <= times; turn++) {
    for (const [index, variant] of VARIANTS.entries()) {
      say(`memory variants: ${turn} of ${times}, ${variant.what}`);
      samples[index]?.push(await sample(variant));
    }
  }
  return {
    title: 'Memory, one thing changed',
    how:
      `Private_Dirty after ${POLLS} polls, and the processor time of all threads up to READY, in turns. The settings that the ` +
      'unit does not use save too little for what they cost.',
    figures: VARIANTS.flatMap(({ what }, index): Figure[] => {
      const found = samples[index] ?? [];
      return [
        { what: `${what}: Private_Dirty`, unit: 'MB', samples: found.map(({ dirty }) => dirty) },
        {
          what: `${what}: processor time to READY`,
          unit: 'ms',
          samples: found.map(({ startCpuMs }) => startCpuMs),
        },
      ];
    }),
  };
}

async function sample({ env, without, flags }: Variant): Promise<Sample> {
  await using host = await BenchHost.prepare();
  const agent = await host.startAgent(env, without, flags);
  try {
    const startCpuMs = cpuMs(agent.pid);
    await host.idlePolls(POLLS);
    return { dirty: memoryOf(agent.pid).privateDirtyBytes / MB, startCpuMs };
  } finally {
    await agent.stop();
  }
}
