/** The deployment that a simulated node has booted: a commit without anything of its own. Pure. */
import type { Deployment } from '../agent/ports.ts';

/** `checksum`: of the commit. */
export function bootedDeployment(version: string, checksum: string): Deployment {
  return {
    id: `fedora-coreos-${checksum}.0`,
    version,
    payload: { scheme: 'checksum', value: checksum },
    baseChecksum: checksum,
    stream: 'stable',
    booted: true,
    staged: false,
    finalizationLocked: undefined,
    imageReference: undefined,
    layeredPackages: [],
  };
}
