/** Strategy `immediate`: a staged update may reboot the node at any time. */
import type { Strategy, Verdict } from '../gates/strategy.ts';

export const IMMEDIATE: Strategy = {
  name: 'immediate',
  remote: false,
  canFinalize: (): Promise<Verdict> =>
    Promise.resolve({
      verdict: 'allow',
      reason: 'updates are applied as soon as they are staged',
      label: 'immediate',
    }),
  reportSteady: () => Promise.resolve(),
};
