/**
 * The benchmarks: `npm run bench -- --help`. Tables go to standard output, progress to standard error.
 *
 * Invariant: each figure is measured several times in one run, in turn with what it is compared to.
 */
import { writeFileSync } from 'node:fs';
import { measureDeployments } from './deployments.ts';
import { measureCommands } from './commands.ts';
import type { BenchOptions, Topic } from './figure.ts';
import { measureFlood } from './flood.ts';
import { measureGraph } from './graph.ts';
import { measureIdleMemory } from './idle-memory.ts';
import { measureIdleTick } from './idle-tick.ts';
import { measureLockd } from './lockd.ts';
import { describeMachine, loadNow, machineFacts } from './machine.ts';
import { markdownOf } from './markdown.ts';
import { measureMemoryVariants } from './memory-variants.ts';
import { runProgram } from '../sandbox/program.ts';
import { parseOptions, TOPICS, USAGE, type Options, type TopicName } from './options.ts';
import { measureProcessorTime } from './processor-time.ts';
import { measureSimulate } from './simulate.ts';
import { measureSoak } from './soak.ts';
import { measureStart } from './start.ts';
import { measureStateMachine } from './state-machine.ts';

const MEASURES: Readonly<Record<TopicName, (options: BenchOptions) => Promise<Topic> | Topic>> = {
  start: measureStart,
  commands: measureCommands,
  processor: measureProcessorTime,
  memory: measureIdleMemory,
  variants: measureMemoryVariants,
  soak: measureSoak,
  tick: measureIdleTick,
  graph: measureGraph,
  deployments: measureDeployments,
  machine: measureStateMachine,
  flood: measureFlood,
  simulate: measureSimulate,
  lockd: measureLockd,
};

async function measure({ quick, only, json, beside }: Options): Promise<number> {
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const facts = machineFacts();
  const loadAtStart = loadNow();
  const topics: Topic[] = [];
  for (const name of TOPICS) {
    if (only.includes(name)) {
      topics.push(await MEASURES[name]({ quick, say, beside }));
    }
  }
  const loadAtEnd = loadNow();
  process.stdout.write(markdownOf(describeMachine(facts, loadAtStart, loadAtEnd), topics));
  if (json !== undefined) {
    writeFileSync(
      json,
      `${JSON.stringify({ machine: facts, loadAtStart, loadAtEnd, quick, topics }, undefined, 1)}\n`,
    );
  }
  return 0;
}

/** `args` are the words after the program's name. Resolves with the exit code. */
export function bench(args: readonly string[]): Promise<number> {
  return runProgram(args, { name: 'npm run bench --', usage: USAGE, parse: parseOptions, run: measure });
}
