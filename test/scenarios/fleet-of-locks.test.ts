/**
 * A month of three nodes for each family of lock servers, with an update back end that flaps and people who stage by
 * hand. These hold, and no agent is asked whether they do:
 *
 * - No two nodes of a group are in a reboot at once, and none reboots without the slot in the server's book.
 * - No slot is held for ever.
 * - What a person staged is neither replaced nor dropped.
 * - Nobody who is logged in is rebooted under before the grace is over.
 * - In the end each node is on the newest release, or says why not.
 *
 * SEEDS asks for more months, SEED for one of them.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { LOCK_FLAVOURS } from '../../sandbox/lock-flavour.ts';
import { DAY_MS } from '../../src/text/units.ts';
import { FlappingGraph } from '../support/fleet-of-locks/flapping-graph.ts';
import { LockFamily } from '../support/fleet-of-locks/lock-family.ts';
import { WatchedNode, type InReboot } from '../support/fleet-of-locks/watched-node.ts';

const DAYS = 30;
const CALM_DAYS = 3;
const NODES = 3;
const STREAMS = ['stable', 'next'] as const;
const START_AT = Date.UTC(2026, 8, 1);
const CALM_AT = START_AT + (DAYS - CALM_DAYS) * DAY_MS;
const END_AT = START_AT + DAYS * DAY_MS;
const FIRST_SEED = Number(process.env['SEED'] ?? 1);
const SEEDS = Number(process.env['SEEDS'] ?? 2);

interface Group {
  readonly server: LockFamily;
  readonly graph: FlappingGraph;
  readonly nodes: readonly WatchedNode[];
}

function groupOf(seed: number, index: number): Group {
  const flavour = LOCK_FLAVOURS[index] ?? 'plain';
  const server = new LockFamily(flavour, seed, START_AT, CALM_AT);
  const graph = new FlappingGraph(seed, STREAMS[index % STREAMS.length] ?? 'stable', START_AT, CALM_AT);
  const inReboot: InReboot = new Map();
  const nodes = Array.from(
    { length: NODES },
    (_, n) => new WatchedNode(`${flavour}-${n}`, seed, server, graph, inReboot, START_AT, CALM_AT),
  );
  return { server, graph, nodes };
}

/** The node whose clock is behind goes first, so that requests reach the server in order. */
function run({ nodes }: Group): void {
  for (;;) {
    const next = nodes.reduce((first, other) => (other.node.at < first.node.at ? other : first));
    if (next.node.at >= END_AT) {
      return;
    }
    next.step();
  }
}

describe.each(Array.from({ length: SEEDS }, (_, n) => FIRST_SEED + n))('the month of seed %i', (seed) => {
  const groups = LOCK_FLAVOURS.map((_, index) => groupOf(seed, index));
  const nodes = groups.flatMap((group) => group.nodes);
  const failures = new Map<string, string>();

  beforeAll(() => {
    for (const group of groups) {
      try {
        run(group);
      } catch (error) {
        failures.set(group.server.flavour, error instanceof Error ? error.message : String(error));
      }
    }
  }, 60_000);

  it.each(LOCK_FLAVOURS)('%s: nothing happens that must not', (flavour) => {
    expect(failures.get(flavour)).toBeUndefined();
  });

  it.each(groups)('$server.flavour: each node is on the newest release, or says why not', (group) => {
    // A release that was withdrawn for good after it was booted stays.
    const newest = Number(group.graph.newest(END_AT).version);
    const behind = group.nodes
      .filter(({ node }) => Number(node.booted.version) < newest)
      .map(({ name, node, person }) => ({
        name,
        says: node.model.memory.foreign?.id ?? node.model.state.name,
        why: person.staged?.id,
      }));
    expect(behind.filter(({ says, why }) => why === undefined || says !== why)).toEqual([]);
  });

  it.each(groups)('$server.flavour: all slots are given back in the end', ({ server }) => {
    expect([...server.book.keys()]).toEqual([]);
  });

  it('nothing of this is so because nothing happened', () => {
    const tallies = groups.map(({ server }) => server.tally);
    const total = (of: (typeof tallies)[number][keyof (typeof tallies)[number]][]): number =>
      of.reduce((sum, count) => sum + count, 0);
    for (const { server } of groups) {
      expect({ [server.flavour]: server.tally.lent }).not.toEqual({ [server.flavour]: 0 });
      expect({ [server.flavour]: server.tally.refused }).not.toEqual({ [server.flavour]: 0 });
    }
    for (const what of ['drained', 'late', 'lost', 'unreachable', 'saidWhen'] as const) {
      expect(total(tallies.map((tally) => tally[what]))).toBeGreaterThan(0);
    }
    for (const what of ['withdrawn', 'failed', 'offGraph'] as const) {
      expect(total(groups.map(({ graph }) => graph.tally[what]))).toBeGreaterThan(0);
    }
    expect(total(nodes.map(({ reboots }) => reboots))).toBeGreaterThanOrEqual(3 * nodes.length);
    expect(total(nodes.map(({ person }) => person.stagings))).toBeGreaterThanOrEqual(2);
    expect(total(nodes.map(({ rebootsUnderPeople }) => rebootsUnderPeople))).toBeGreaterThan(0);
  });
});
