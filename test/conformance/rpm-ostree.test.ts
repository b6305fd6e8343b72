/**
 * rpm-ostree: the stand-in of the sandbox, and the real one where the environment names its bus:
 *
 *   CONFORM_RPM_OSTREE=unix:path=/run/dbus/system_bus_socket   read
 *   CONFORM_RPM_OSTREE_WRITES=1                                also stage and drop
 *   CONFORM_RPM_OSTREE_COMMIT=<64 hex digits>                  what to stage: a commit that is not booted
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { editSysroot, standInRelease } from '../../sandbox/stand-in.ts';
import { startStandInHost } from '../support/stand-in-host.ts';
import { RPM_OSTREE_READ, RPM_OSTREE_WRITTEN, type RpmOstreePeer } from './rpm-ostree.ts';
import { conformance, type Candidate } from './statement.ts';

const OLD = standInRelease(1, { version: '42.1' });
const NEW = standInRelease(2, { version: '43.1' });

const STAND_IN: Candidate<RpmOstreePeer> = {
  name: 'stand-in',
  start: async () => {
    const host = await startStandInHost({ releases: [OLD, NEW], booted: '42.1' }, { bytesPerSecond: 1e9 });
    return {
      address: host.busAddress,
      root: host.root,
      commit: NEW.checksum,
      unlock: () => {
        editSysroot(host.root, (sysroot) => ({
          ...sysroot,
          deployments: sysroot.deployments.map((d) => (d.staged ? { ...d, finalizationLocked: false } : d)),
        }));
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: host.close,
    };
  },
};

const {
  CONFORM_RPM_OSTREE: address,
  CONFORM_RPM_OSTREE_WRITES: writes,
  CONFORM_RPM_OSTREE_COMMIT: commit,
} = process.env;

const REAL: readonly Candidate<RpmOstreePeer>[] =
  address === undefined
    ? []
    : [
        {
          name: `rpm-ostree at ${address}`,
          start: () =>
            Promise.resolve({
              address,
              root: '/',
              commit,
              unlock: async () => {
                await promisify(execFile)('ostree', ['admin', 'lock-finalization', '--unlock']);
              },
              [Symbol.asyncDispose]: () => Promise.resolve(),
            }),
        },
      ];

const mayWrite = writes === '1';
if (mayWrite && commit === undefined) {
  throw new Error('CONFORM_RPM_OSTREE_COMMIT must name what to stage where CONFORM_RPM_OSTREE_WRITES is 1');
}

conformance('rpm-ostree, as it is', RPM_OSTREE_READ, [STAND_IN, ...REAL]);
conformance('rpm-ostree, staging', RPM_OSTREE_WRITTEN, [STAND_IN, ...(mayWrite ? REAL : [])]);
