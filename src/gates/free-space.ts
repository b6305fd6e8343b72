/**
 * The hold of a /boot that is too small: the finalization, which runs while the machine goes down, could not write the
 * new kernel; the node would come up in the old release, take the same target and reboot again. Pure.
 *
 * Invariant: it denies only what cannot work even in the best case, with every kernel but the booted one's removed
 * first, as libostree does when it must; nothing known allows.
 */
import type { Deployment } from '../agent/ports.ts';
import { printable } from '../errors.ts';
import type { Strategy, Verdict } from './strategy.ts';
import { allow, deny } from './verdict.ts';

export interface BootSpace {
  /** Kernel, initramfs and device trees of the staged deployment. */
  readonly neededBytes: number;
  readonly freeBytes: number;
  /** Held by kernels of other deployments than the booted one. */
  readonly reclaimableBytes: number;
}

/** `unneeded`: that very kernel is there already, or /boot is on the file system of the deployments. */
export type BootSpaceReading = BootSpace | 'unneeded' | 'unknown';

export function freeSpaceStrategy(
  staged: () => Deployment | undefined,
  read: (deployment: Deployment) => Promise<BootSpaceReading>,
): Strategy {
  return {
    name: 'free_space',
    remote: false,
    canFinalize: async () => {
      const deployment = staged();
      return deployment === undefined
        ? allow('boot_space', 'nothing is staged')
        : judgeBootSpace(deployment.version, await read(deployment));
    },
    reportSteady: () => Promise.resolve(),
  };
}

/** Whole blocks, directories and the boot loader's entry come on top of the bytes of the files. */
const OVERHEAD_FACTOR = 1.05;
const MEGABYTE = 1_000_000;

export function judgeBootSpace(version: string, reading: BootSpaceReading): Verdict {
  if (reading === 'unneeded') {
    return allow('boot_space', 'nothing has to be written to /boot');
  }
  if (reading === 'unknown') {
    return allow('boot_space', 'what /boot has to hold is not known');
  }
  const { freeBytes, reclaimableBytes } = reading;
  const neededBytes = reading.neededBytes * OVERHEAD_FACTOR;
  if (neededBytes <= freeBytes + reclaimableBytes) {
    return allow('boot_space', 'the kernel fits on /boot');
  }
  const reclaimable =
    reclaimableBytes === 0 ? '' : ` and ${down(reclaimableBytes)} MB in kernels that can be removed`;
  return deny(
    'boot_space',
    `cannot fit the kernel of ${printable(version)} on /boot: needs ${Math.ceil(neededBytes / MEGABYTE)} MB, ${down(freeBytes)} MB free${reclaimable}`,
  );
}

function down(bytes: number): number {
  return Math.floor(bytes / MEGABYTE);
}
