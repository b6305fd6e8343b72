/**
 * rpm-ostree: the stand-in of the sandbox, and the real one where the environment names its bus:
 *
 *   CONFORM_RPM_OSTREE=unix:path=/run/dbus/system_bus_socket   read
 *   CONFORM_RPM_OSTREE_WRITES=1                                also stage and drop
 *   CONFORM_RPM_OSTREE_COMMIT=<64 hex digits>                  what to stage: a commit that is not booted
 *
 * For the writes, the host has a rollback deployment, and nothing staged.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { editSysroot, setFaults, standInRelease } from '../../sandbox/stand-in.ts';
import { startStandInHost } from '../support/stand-in-host.ts';
import { RPM_OSTREE_READ, RPM_OSTREE_WRITTEN, type RpmOstreePeer } from './rpm-ostree.ts';
import { conformance, type Candidate } from './statement.ts';

const OLDER = standInRelease(0, { version: '41.1' });
const OLD = standInRelease(1, { version: '42.1' });
const NEW = standInRelease(2, { version: '43.1' });

const STAND_IN: Candidate<RpmOstreePeer> = {
  name: 'stand-in',
  start: async () => {
    const host = await startStandInHost(
      { releases: [OLDER, OLD, NEW], booted: '42.1', rollback: '41.1' },
      { bytesPerSecond: 1e9 },
    );
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
      inhibit: (...reasons) => {
        setFaults(host.root, { kind: 'inhibited', remaining: 1, who: 'backup', reasons });
        return Promise.resolve({
          [Symbol.asyncDispose]: () => {
            setFaults(host.root);
            return Promise.resolve();
          },
        });
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
              inhibit,
              [Symbol.asyncDispose]: () => Promise.resolve(),
            }),
        },
      ];

/** Processes that hold the locks, as systemd-inhibit(1) takes them. */
async function inhibit(...reasons: readonly string[]): Promise<AsyncDisposable> {
  const holders = await Promise.all(
    reasons.map(async (why) => {
      const lock = ['--what=shutdown', '--mode=block', '--who=backup', `--why=${why}`];
      const holder = spawn('systemd-inhibit', [...lock, 'sh', '-c', 'echo held; exec cat'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      await once(holder.stdout, 'data');
      return holder;
    }),
  );
  return {
    [Symbol.asyncDispose]: async () => {
      await Promise.all(
        holders.map(async (holder) => {
          const gone = once(holder, 'exit');
          holder.stdin.end();
          await gone;
        }),
      );
    },
  };
}

const mayWrite = writes === '1';
if (mayWrite && commit === undefined) {
  throw new Error('CONFORM_RPM_OSTREE_COMMIT must name what to stage where CONFORM_RPM_OSTREE_WRITES is 1');
}

conformance('rpm-ostree, as it is', RPM_OSTREE_READ, [STAND_IN, ...REAL]);
conformance('rpm-ostree, staging', RPM_OSTREE_WRITTEN, [STAND_IN, ...(mayWrite ? REAL : [])]);
