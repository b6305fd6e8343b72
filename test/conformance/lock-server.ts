/**
 * What a client may rely on in a lock server, and how the families of them say it. Each statement is checked with the
 * project's own client, so it also holds that the client understands the server.
 */
import { expect } from 'vitest';
import type { LockFlavour } from '../../sandbox/lock-flavour.ts';
import type { SlotAnswer } from '../../src/agent/ports.ts';
import { lockClient } from '../support/lock-client.ts';
import type { Statement } from './statement.ts';

/** A lock server whose group {@link GROUP} has one slot, which nobody holds. */
export interface LockPeer {
  readonly baseUrl: string;
  readonly flavour: LockFlavour;
}

export const GROUP = 'conformance';
const FIRST = '1'.repeat(32);
const SECOND = '2'.repeat(32);
const NEVER = new AbortController().signal;

/** Where each family's answers were read. */
const SOURCES =
  'coreos/airlock a3585ed internal/server, poseidon/fleetlock c42d494 internal/server.go, ' +
  'heathcliff26/fleetlock 3e0ee61 pkg/server/server.go, m4us1ne/ceph-fleetlock 3f310d6 cephlock/module.py, ' +
  'nivekuil/zincati-consul 5fd6900 main.clj, SUNET/knubbis-fleetlock b5dd890 server/server.go, ' +
  'axxapy/fleetlock-consul 3e84302 internal/server/http.go';

async function take(peer: LockPeer, nodeUuid: string): Promise<SlotAnswer> {
  await using client = lockClient(peer.baseUrl, { nodeUuid, group: GROUP });
  return await client.lender.acquire({ at: 0, stream: undefined }, NEVER);
}

async function giveBack(peer: LockPeer, nodeUuid: string): Promise<void> {
  await using client = lockClient(peer.baseUrl, { nodeUuid, group: GROUP });
  await client.lender.release({ at: 0, stream: undefined }, NEVER);
}

/** The first 250 ms of a drain aside, a yes is there at once. */
async function granted(peer: LockPeer, nodeUuid: string): Promise<void> {
  for (;;) {
    const answer = await take(peer, nodeUuid);
    if (answer.kind !== 'may-be-held' || answer.errorKind !== undefined) {
      expect(answer).toEqual({ kind: 'granted' });
      return;
    }
  }
}

/** As Zincati asks: without a content type. */
async function raw(peer: LockPeer, api: string, id: string): Promise<Response> {
  const body = new TextEncoder().encode(JSON.stringify({ client_params: { id, group: GROUP } }));
  return await fetch(`${peer.baseUrl}/v1/${api}`, {
    method: 'POST',
    headers: { 'fleet-lock-protocol': 'true' },
    body,
  });
}

const FULL_STATUS: Readonly<Record<LockFlavour, number>> = {
  plain: 409,
  airlock: 500,
  poseidon: 423,
  heathcliff26: 423,
  ceph: 400,
  'zincati-consul': 503,
  knubbis: 409,
  'fleetlock-consul': 409,
};

export const LOCK_STATEMENTS: readonly Statement<LockPeer>[] = [
  {
    says: 'a free slot is lent, and lent again to its holder',
    source: SOURCES,
    check: async (peer) => {
      await granted(peer, FIRST);
      await granted(peer, FIRST);
    },
  },
  {
    says: 'a slot that another node holds is refused, in the words of the family, and nothing is held then',
    source: SOURCES,
    check: async (peer) => {
      await granted(peer, FIRST);
      expect(await take(peer, SECOND)).toMatchObject({ kind: 'refused', label: 'fleet_lock' });
      expect((await raw(peer, 'pre-reboot', SECOND)).status).toBe(FULL_STATUS[peer.flavour]);
      await giveBack(peer, FIRST);
      await granted(peer, SECOND);
    },
  },
  {
    says: 'a slot that is given back is free for another node',
    source: SOURCES,
    check: async (peer) => {
      await granted(peer, FIRST);
      await giveBack(peer, FIRST);
      await granted(peer, SECOND);
    },
  },
  {
    says: 'giving back is done, and takes nothing from another node, where the node holds nothing',
    source: SOURCES,
    check: async (peer) => {
      await giveBack(peer, SECOND);
      await granted(peer, FIRST);
      await giveBack(peer, SECOND);
      expect(await take(peer, SECOND)).toMatchObject({ kind: 'refused' });
    },
  },
  {
    says: 'a request without a content type is understood',
    source: `${SOURCES}; coreos/zincati src/fleet_lock/mod.rs sends none`,
    check: async (peer) => {
      const reply = await raw(peer, 'pre-reboot', FIRST);
      expect(reply.ok).toBe(true);
    },
  },
  {
    says: 'a request without the header of the protocol is refused',
    source: SOURCES,
    check: async (peer) => {
      if (peer.flavour === 'zincati-consul' || peer.flavour === 'ceph') {
        // These do not look at it.
        return;
      }
      const reply = await fetch(`${peer.baseUrl}/v1/pre-reboot`, { method: 'POST', body: '{}' });
      expect(reply.status).toBe(400);
    },
  },
];
