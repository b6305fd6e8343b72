/**
 * A simulated host for tests. It has a fresh root, a private bus that starts the stand-in daemon on demand,
 * and the agent's rpm-ostree client. All sockets are real. `close` ends everything. Two hosts share nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPrivateBus } from '../../sandbox/private-bus.ts';
import { type DaemonOptions, type HostOptions, prepareHost, standInService } from '../../sandbox/stand-in.ts';
import { connectPeer } from '../../src/dbus/connect.ts';
import { SystemBus } from '../../src/dbus/system-bus.ts';
import { RpmOstreeClient, type RpmOstreeClientOptions } from '../../src/rpmostree/client.ts';
import { SYSTEM_CLOCK } from '../../src/host/clock.ts';

export interface StandInHost {
  readonly root: string;
  readonly bus: SystemBus;
  readonly busAddress: string;
  readonly client: RpmOstreeClient;
  /** What the client's observer heard, in order. */
  readonly observed: string[];
  /** Another client of the same daemon. */
  readonly newClient: (options?: Partial<RpmOstreeClientOptions>) => RpmOstreeClient;
  /** Resolves when the daemon asks the machine to reboot. Listens from the first call on. */
  readonly reboot: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function startStandInHost(
  host: HostOptions,
  daemon: DaemonOptions = {},
  client: Partial<RpmOstreeClientOptions> = {},
): Promise<StandInHost> {
  const root = mkdtempSync(join(tmpdir(), 'host-'));
  prepareHost(root, host);
  const privateBus = await startPrivateBus({ directory: root, services: [standInService(root, daemon)] });
  const bus = new SystemBus({ address: privateBus.address });
  const observed: string[] = [];
  const newClient = (options: Partial<RpmOstreeClientOptions> = {}): RpmOstreeClient =>
    new RpmOstreeClient({
      bus,
      connectPeer,
      clock: SYSTEM_CLOCK,
      root,
      observer: {
        onStatusAttempt: () => observed.push('attempt'),
        onStatusFailure: () => observed.push('failure'),
        onCacheRequest: () => observed.push('cache request'),
        onCacheMiss: () => observed.push('cache miss'),
        onForeignDeployment: (warning) => observed.push(warning),
      },
      ...options,
    });
  const machine = createServer();
  return {
    root,
    bus,
    busAddress: privateBus.address,
    client: newClient(client),
    observed,
    newClient,
    reboot: async () => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      machine.on('connection', (socket) => {
        socket.on('data', (line) => {
          if (String(line) === 'reboot\n') {
            resolve(undefined);
          }
        });
      });
      await new Promise<void>((listening) => machine.listen(join(root, 'run/machine.sock'), listening));
      await promise;
    },
    close: async () => {
      await bus.close();
      await privateBus.stop();
      await new Promise((closed) => machine.close(closed));
      rmSync(root, { recursive: true, force: true });
    },
  };
}
