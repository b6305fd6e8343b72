/** What the next boot takes. Pure. */
import type { Deployment, HostStatus } from './ports.ts';

/**
 * The deployment that the next boot takes. It is staged, or was set as the default. Undefined: the booted one again.
 *
 * Fact, which the conformance suite of rpm-ostree states: what boots next is listed first. `rpm-ostree rollback` puts a
 * deployment before the booted one.
 */
export function bootsNext({ staged, booted, deployments }: HostStatus): Deployment | undefined {
  if (staged !== undefined) {
    return staged;
  }
  const [first] = deployments;
  return first === undefined || first.id === booted.id ? undefined : first;
}
