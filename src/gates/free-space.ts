/**
 * Gate `free_space`: holds the reboot when /boot is too small for the kernel of the staged deployment. The finalization
 * runs while the machine goes down and could not write that kernel. The node would come up in the old release, take the
 * same target and reboot again. The judgement is pure.
 *
 * Invariants:
 * - It blocks only what cannot work even in the best case. In that case every kernel but the booted one's is removed
 *   first, as libostree does when it must.
 * - A size that is not known passes. So the verdict `unknown` comes only of a look at /boot that hangs. It holds the reboot until /boot can be looked
 *   at again, however long that takes.
 */
import type { Deployment, GateQuestion, GateReport } from '../agent/ports.ts';
import { printable } from '../errors.ts';
import { gate, type Gate } from './gate.ts';
import { block, pass } from './verdict.ts';

const NAME = 'free_space';

export interface BootSpace {
  /** Kernel, initramfs and device trees of the staged deployment. */
  readonly neededBytes: number;
  readonly freeBytes: number;
  /** Held by kernels of other deployments than the booted one. */
  readonly reclaimableBytes: number;
}

/** `unneeded`: that very kernel is there already, or /boot is on the file system of the deployments. */
export type BootSpaceReading = BootSpace | 'unneeded' | 'unknown';

/** `read` measures for one staged deployment; it answers `unknown` rather than reject. */
export function freeSpaceGate(read: (staged: Deployment) => Promise<BootSpaceReading>): Gate {
  return gate<BootSpaceReading>({
    name: NAME,
    observe: (_signal, { staged }) => (staged === undefined ? 'unneeded' : read(staged)),
    judge: judgeFreeSpace,
  });
}

/** Whole blocks, directories and the boot loader's entry come on top of the bytes of the files. */
const OVERHEAD_FACTOR = 1.05;
/** The decimal one, as disks are sold by it and people compare with it. */
const MEGABYTE = 1_000_000;

/** `reading` is about the staged deployment of the question; without one it does not count. */
export function judgeFreeSpace(reading: BootSpaceReading, { staged }: GateQuestion): GateReport {
  if (staged === undefined) {
    return pass(NAME, 'boot_space', 'nothing is staged');
  }
  if (reading === 'unneeded') {
    return pass(NAME, 'boot_space', 'nothing has to be written');
  }
  if (reading === 'unknown') {
    return pass(NAME, 'boot_space', 'what has to be written is not known');
  }
  const { freeBytes, reclaimableBytes } = reading;
  const neededBytes = Math.ceil(reading.neededBytes * OVERHEAD_FACTOR);
  const version = printable(staged.version);
  const evidence = { version, neededBytes, freeBytes, reclaimableBytes };
  if (neededBytes <= freeBytes + reclaimableBytes) {
    return pass(NAME, 'boot_space', 'the kernel fits on /boot', { evidence });
  }
  const reclaimable =
    reclaimableBytes === 0 ? '' : ` and ${down(reclaimableBytes)} MB in kernels that can be removed`;
  return block(
    NAME,
    'boot_space',
    `cannot fit the kernel of ${version} on /boot: needs ${Math.ceil(neededBytes / MEGABYTE)} MB, ${down(freeBytes)} MB free${reclaimable}`,
    { evidence },
  );
}

/** Whole megabytes, rounded down. */
function down(bytes: number): number {
  return Math.floor(bytes / MEGABYTE);
}
