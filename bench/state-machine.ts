/** How fast the pure state machine runs when it has to wait for nothing else. */
import type { CheckResult } from '../src/agent/ports.ts';
import { checkResult, deployment, release } from '../test/support/samples.ts';
import { SimulatedNode } from '../test/support/simulated-node.ts';
import type { BenchOptions, Topic } from './figure.ts';

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

export function measureStateMachine({ quick, say }: BenchOptions): Topic {
  const times = quick ? 3 : 11;
  const years = quick ? 1 : 3;
  const calm: Run[] = [];
  const daily: Run[] = [];
  // The first run of each warms up the compiler.
  for (let turn = 0; turn <= times; turn++) {
    say(`state machine: ${turn} of ${times}`);
    const runs = [runCalm(years), runDaily(years)] as const;
    if (turn === 0) {
      continue;
    }
    calm.push(runs[0]);
    daily.push(runs[1]);
  }
  return {
    title: 'The state machine',
    how:
      `${years} virtual years of one node at the default intervals: every poll with its transitions, without any I/O. One ` +
      'node has nothing to do. The other stages a release every day and reboots into it.',
    figures: [
      {
        what: 'nothing to do: transitions',
        unit: 'per second',
        samples: calm.map((run) => run.transitions / run.secs),
      },
      {
        what: 'nothing to do: virtual time',
        unit: 'years per second',
        samples: calm.map((run) => years / run.secs),
      },
      {
        what: 'an update a day: transitions',
        unit: 'per second',
        samples: daily.map((run) => run.transitions / run.secs),
      },
      {
        what: 'an update a day: virtual time',
        unit: 'years per second',
        samples: daily.map((run) => years / run.secs),
      },
    ],
  };
}

interface Run {
  readonly transitions: number;
  readonly secs: number;
}

function runCalm(years: number): Run {
  return run(years, () => checkResult({ kind: 'no-update' }), 0);
}

function runDaily(years: number): Run {
  const today = (node: SimulatedNode): CheckResult => {
    const day = Math.floor(node.at / DAY_MS);
    const version = `V${day}`;
    return checkResult(
      node.booted.version === version
        ? { kind: 'no-update' }
        : { kind: 'update', release: release(version, day) },
    );
  };
  return run(years, today, 365 * years - 1);
}

function run(years: number, check: (node: SimulatedNode) => CheckResult, leastReboots: number): Run {
  const node: SimulatedNode = new SimulatedNode({ check: () => check(node) }, [
    deployment('V0', { booted: true }),
  ]);
  node.quiet = true;
  const end = node.at + years * YEAR_MS;
  const startMs = performance.now();
  node.runUntil(({ at }) => at >= end, Number.POSITIVE_INFINITY);
  const secs = (performance.now() - startMs) / 1000;
  if (node.reboots < leastReboots) {
    throw new Error(`the node must have rebooted ${leastReboots} times, got ${node.reboots}`);
  }
  return { transitions: node.steps, secs };
}
