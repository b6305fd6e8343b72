/**
 * Lock servers, played and real. CONFORM_LOCK_SERVER=http://HOST:PORT and CONFORM_LOCK_FLAVOUR=airlock name a real one,
 * with a group `conformance` of one slot.
 */
import { LOCK_FLAVOURS } from '../../sandbox/lock-flavour.ts';
import { startLockServer } from '../../sandbox/lock-server.ts';
import { GROUP, LOCK_STATEMENTS, type LockPeer } from './lock-server.ts';
import { conformance, type Candidate } from './statement.ts';

const standIns = LOCK_FLAVOURS.map((flavour): Candidate<LockPeer> => ({
  name: `stand-in for ${flavour}`,
  start: async () => {
    const drainMs = ['poseidon', 'heathcliff26'].includes(flavour) ? 50 : 0;
    const server = await startLockServer({ groups: { [GROUP]: 1 }, clock: Date, flavour, drainMs });
    return { baseUrl: server.baseUrl, flavour, [Symbol.asyncDispose]: () => server.stop() };
  },
}));

function realOnes(): Candidate<LockPeer>[] {
  const { CONFORM_LOCK_SERVER: baseUrl, CONFORM_LOCK_FLAVOUR: named = 'airlock' } = process.env;
  if (baseUrl === undefined) {
    return [];
  }
  const flavour = LOCK_FLAVOURS.find((known) => known === named);
  if (flavour === undefined) {
    throw new Error(`CONFORM_LOCK_FLAVOUR must be one of ${LOCK_FLAVOURS.join(', ')}, got ${named}`);
  }
  const clean = async (): Promise<void> => {
    for (const id of ['1', '2'].map((digit) => digit.repeat(32))) {
      await fetch(`${baseUrl}/v1/steady-state`, {
        method: 'POST',
        headers: { 'fleet-lock-protocol': 'true' },
        body: new TextEncoder().encode(JSON.stringify({ client_params: { id, group: GROUP } })),
      });
    }
  };
  return [
    {
      name: `${flavour} at ${baseUrl}`,
      start: async () => {
        await clean();
        return { baseUrl, flavour, [Symbol.asyncDispose]: clean };
      },
    },
  ];
}

conformance('lock servers', LOCK_STATEMENTS, [...standIns, ...realOnes()]);
