/** Words and steps that the tests on an OSTree host share. */
import type { OstreeHost } from '../../support/ostree-host.ts';

export const UNIT = 'zincati.service';
/** What to call for busctl: destination, object, interface. */
export const RPM_OSTREE_OS = [
  'org.projectatomic.rpmostree1',
  '/org/projectatomic/rpmostree1/testos',
  'org.projectatomic.rpmostree1.OS',
] as const;

/** The agent is ready before its socket is. */
const METRICS = 'UNIX-CONNECT:/run/zincati/public/metrics.promsock,retry=50,interval=0.1';

export async function metrics(host: OstreeHost, user = 'root'): Promise<string> {
  return (await host.runAs(user, 'socat', '-', METRICS)).stdout;
}
