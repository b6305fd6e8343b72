/**
 * A program's slot at the lock server of this host's configuration, for root.
 *
 * Invariants:
 * - Configuration, certificates and tokens are read with the rights of the agent's user, and so are requests sent.
 * - The program's id is not the node's, so that both can hold a slot of the same group.
 */
import { STREAM_TEMPLATE } from '../agent/slot-place.ts';
import type { SlotAnswer } from '../agent/ports.ts';
import { loadSettings } from '../config/load-settings.ts';
import type { Settings } from '../config/settings.ts';
import { ConfigError, IdentityError, linesOf, messageOf } from '../errors.ts';
import { asAgent } from '../host/agent-rights.ts';
import { SYSTEM_CLOCK } from '../host/clock.ts';
import { type Identity, loadIdentity, needsOf } from '../identity/identity.ts';
import { programId } from '../identity/program-id.ts';
import { createFleetLock } from '../lenders/create-fleet-lock.ts';
import { lockPlace } from '../lenders/lock-place.ts';
import { shownAddress } from '../text/shown-address.ts';
import { USER_AGENT } from '../version.ts';
import { AgentClient } from './agent-client.ts';
import type { Console } from './console.ts';
import { Failure } from './failure.ts';
import { sudoLine } from './sudo-line.ts';

/** What people and programs are told of it. */
export interface SlotFacts {
  readonly app: string;
  /** As which the lock server knows the program. */
  readonly id: string;
  readonly group: string;
  /** Without user, password and query. */
  readonly server: string;
}

export interface ProgramSlot extends AsyncDisposable {
  readonly facts: SlotFacts;
  /** The command that gives it back. */
  readonly unlockLine: string;
  /** As a lender's `acquire`. */
  take(signal: AbortSignal): Promise<SlotAnswer>;
  /** As a lender's `release`. */
  giveBack(signal: AbortSignal): Promise<void>;
}

type LockSettings = Settings['updates']['fleetLock'] & { readonly baseUrl: string };

/** Rejects with Failure: the caller is not root, or no lock server is configured. */
export async function openProgramSlot(
  { root, app }: { readonly root: string; readonly app: string },
  console: Console,
): Promise<ProgramSlot> {
  if (!console.isRoot) {
    throw new Failure('notPermitted', 'only root may do this, as the agent does', {
      todo: sudoLine(console.args),
    });
  }
  const { settings, identity } = await configured(root);
  const node = { ...identity, nodeUuid: programId(identity.nodeUuid, app) };
  const place = lockPlace(settings, node);
  const request = { at: SYSTEM_CLOCK.now(), stream: await bootedStream(place.address, node.stream, root) };
  const { lender, close } = createFleetLock({
    settings,
    node,
    root,
    userAgent: USER_AGENT,
    env: process.env,
    clock: SYSTEM_CLOCK,
    observer: { requested: () => undefined, failed: () => undefined, answered: () => undefined },
  });
  const asked = (): typeof request => ({ ...request, at: SYSTEM_CLOCK.now() });
  return {
    facts: { app, id: node.nodeUuid, group: node.group, server: shownAddress(place.address) },
    unlockLine: sudoLine(['unlock', '--app', app, ...(root === '/' ? [] : ['--root', root])]),
    take: (signal) => asAgent(root, () => lender.acquire(asked(), signal)),
    giveBack: (signal) => asAgent(root, () => lender.release(asked(), signal)),
    [Symbol.asyncDispose]: close,
  };
}

async function configured(
  root: string,
): Promise<{ readonly settings: LockSettings; readonly identity: Identity }> {
  try {
    return await asAgent(root, async () => {
      const { settings } = await loadSettings(root);
      const { fleetLock } = settings.updates;
      const { baseUrl, clientCertFile, clientKeyFile } = fleetLock;
      if (baseUrl === undefined) {
        throw new Failure('config', 'no lock server is configured', {
          todo: 'set updates.fleet_lock.base_url in a file below /etc/zincati/config.d',
        });
      }
      // Otherwise this is an error only where the strategy needs it.
      if ((clientCertFile === undefined) !== (clientKeyFile === undefined)) {
        throw new Failure('config', 'a certificate and its key must be set together', {
          todo: 'set updates.fleet_lock.client_cert_file and client_key_file, or neither of them',
        });
      }
      return {
        settings: { ...fleetLock, baseUrl },
        identity: await loadIdentity(root, settings, needsOf(baseUrl)),
      };
    });
  } catch (error) {
    if (error instanceof ConfigError) {
      throw new Failure('config', linesOf(error), { todo: '`zincati config check` says more' });
    }
    throw error instanceof IdentityError ? new Failure('config', messageOf(error)) : error;
  }
}

/** Only an address that names it needs it. The agent knows it; without both, the request says what to set. */
async function bootedStream(
  address: string,
  configuredStream: string | undefined,
  root: string,
): Promise<string | undefined> {
  if (!address.includes(STREAM_TEMPLATE) || configuredStream !== undefined) {
    return undefined;
  }
  try {
    await using client = await AgentClient.open(root, false);
    const { booted } = await client.facts();
    return booted?.stream;
  } catch {
    return undefined;
  }
}
