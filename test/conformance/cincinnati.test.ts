/**
 * The update server of the sandbox, `zincati-fleet graph serve`, and the real one: CONFORM_CINCINNATI=http://HOST:PORT.
 *
 * The real one is asked for stream stable on x86_64. CONFORM_CINCINNATI_STREAM and CONFORM_CINCINNATI_BASEARCH name
 * others.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { GraphServer } from '../../fleet/graph/graph-server.ts';
import { ServedGraphs } from '../../fleet/graph/served-graphs.ts';
import { ServingMetrics } from '../../fleet/graph/serving-metrics.ts';
import { startCincinnatiServer } from '../../sandbox/cincinnati-server.ts';
import { carriedHistory, parseHistory, wireNodes, type History } from '../../sandbox/releases.ts';
import { allEdges } from '../../src/cincinnati/policy/offered-edges.ts';
import { CINCINNATI_STATEMENTS, type CincinnatiPeer } from './cincinnati.ts';
import { conformance, type Candidate } from './statement.ts';

const NOW = Date.UTC(2026, 11, 1);

function standIn(name: string, history: () => Promise<History>): Candidate<CincinnatiPeer> {
  return {
    name,
    start: async () => {
      const [stream, basearch] = ['stable', 'x86_64'];
      const options = { history: await history(), stream, basearch, clock: { now: () => NOW } };
      const server = await startCincinnatiServer(options);
      return { baseUrl: server.baseUrl, stream, basearch, [Symbol.asyncDispose]: () => server.stop() };
    },
  };
}

/** `graph serve` with the same releases in a folder, as `graph mirror` writes it. */
function graphServe(name: string, history: () => Promise<History>): Candidate<CincinnatiPeer> {
  return {
    name,
    start: async () => {
      const [stream, basearch] = ['stable', 'x86_64'];
      const folder = await mkdtemp(path.join(tmpdir(), 'graph-serve-'));
      const place = path.join(folder, stream, basearch, 'v1');
      await mkdir(place, { recursive: true });
      const releases = await history();
      const nodes = wireNodes(releases, 'checksum');
      const edges = releases.edges ?? allEdges(releases);
      await writeFile(path.join(place, 'graph'), JSON.stringify({ nodes, edges }));
      const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
      const graphs = new ServedGraphs(folder, silent, () => NOW);
      await graphs.refresh();
      const listen = { host: '127.0.0.1', port: 0 };
      const metrics = new ServingMetrics(() => graphs.states, NOW);
      const server = new GraphServer({ graphs, metrics, listen, statusListen: listen, nowAt: () => NOW });
      await server.start();
      return {
        baseUrl: server.addresses.graphs,
        stream,
        basearch,
        [Symbol.asyncDispose]: async () => {
          await server.stop();
          await rm(folder, { recursive: true });
        },
      };
    },
  };
}

/** A rollout for each way that one can go: done, half-way, without an end, not begun; a barrier and a dead-end. */
const ROLLING = parseHistory({
  stream: 'stable',
  releases: [
    { version: '1' },
    { version: '2', deadend: 'why' },
    { version: '3', barrier: 'why' },
    { version: '4', rollout: { startValue: 1 } },
    { version: '5', rollout: { startValue: 0.25 } },
    { version: '6', rollout: { startEpoch: NOW / 1000 - 3600, startValue: 0, durationMinutes: 120 } },
    { version: '7', rollout: { startEpoch: NOW / 1000 + 1, startValue: 1 } },
  ],
});

const {
  CONFORM_CINCINNATI: baseUrl,
  CONFORM_CINCINNATI_STREAM: stream = 'stable',
  CONFORM_CINCINNATI_BASEARCH: basearch = 'x86_64',
} = process.env;

const REAL: readonly Candidate<CincinnatiPeer>[] =
  baseUrl === undefined
    ? []
    : [
        {
          name: `the update server at ${baseUrl}`,
          start: () =>
            Promise.resolve({
              baseUrl,
              stream,
              basearch,
              [Symbol.asyncDispose]: () => Promise.resolve(),
            }),
        },
      ];

conformance('update servers', CINCINNATI_STATEMENTS, [
  standIn('stand-in, with the releases of Fedora CoreOS', () => carriedHistory('stable')),
  standIn('stand-in, with rollouts of every kind', () => Promise.resolve(ROLLING)),
  graphServe('graph serve, with the releases of Fedora CoreOS', () => carriedHistory('stable')),
  graphServe('graph serve, with rollouts of every kind', () => Promise.resolve(ROLLING)),
  ...REAL,
]);
