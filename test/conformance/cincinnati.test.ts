/**
 * The update server of the sandbox, and the real one: CONFORM_CINCINNATI=http://HOST:PORT.
 *
 * The real one is asked for stream stable on x86_64. CONFORM_CINCINNATI_STREAM and CONFORM_CINCINNATI_BASEARCH name
 * others.
 */
import { startCincinnatiServer } from '../../sandbox/cincinnati-server.ts';
import { carriedHistory, parseHistory, type History } from '../../sandbox/releases.ts';
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
  ...REAL,
]);
