/**
 * Strategy `manual`: updates are found and staged, the reboot into them is a person's act. Pure.
 *
 * The staged deployment is locked, so a plain reboot drops it; the reason names the command that applies it.
 */
import type { Strategy } from '../gates/strategy.ts';
import { deny } from '../gates/verdict.ts';

export const MANUAL: Strategy = {
  name: 'manual',
  remote: false,
  canFinalize: () =>
    Promise.resolve(
      deny(
        'manual',
        'staged; this node reboots only by hand: rpm-ostree finalize-deployment --allow-missing-checksum',
      ),
    ),
  reportSteady: () => Promise.resolve(),
};
