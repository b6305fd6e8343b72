/** What the next boot takes. Pure. */
import type { Deployment, HostStatus } from './ports.ts';

/**
 * The deployment that the next boot takes. It is staged, or was set as the default. Undefined: the booted one again, or
 * the deployments are not read.
 *
 * Fact, which the conformance suite of rpm-ostree states: what boots next is listed first. `rpm-ostree rollback` puts a
 * deployment before the booted one.
 */
export function bootsNext(host: HostStatus | undefined): Deployment | undefined {
  const first = host?.staged ?? host?.deployments[0];
  return first?.id === host?.booted.id ? undefined : first;
}
