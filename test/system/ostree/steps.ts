/** Constants and steps that the tests on an OSTree host share. */
import type { OstreeHost } from '../../support/ostree-host.ts';

export const UNIT = 'zincati.service';
/** Arguments for busctl: destination, object, interface. */
export const RPM_OSTREE_OS = [
  'org.projectatomic.rpmostree1',
  '/org/projectatomic/rpmostree1/testos',
  'org.projectatomic.rpmostree1.OS',
] as const;

/** The file that records what alice sees. */
export const SEEN = '/run/alice';
/** alice logs in at a terminal, until unit `alice` is stopped. */
export const LOG_IN = `systemd-run --quiet --unit=alice sh -c \
  'sleep infinity | script --quiet --flush --command "exec login -f alice" ${SEEN}'`;

/** The agent is ready before its socket exists. */
const METRICS = 'UNIX-CONNECT:/run/zincati/public/metrics.promsock,retry=600,interval=0.1';

export async function metrics(host: OstreeHost, user = 'root'): Promise<string> {
  return (await host.runAs(user, 'socat', '-', METRICS)).stdout;
}

const HOLDER = 'hold.service';

/** Takes an inhibitor lock against shutdowns, which holds the reboot until `release`. */
export async function hold(host: OstreeHost): Promise<void> {
  await host.sh(`systemd-run --quiet --unit=${HOLDER} --service-type=notify --property=NotifyAccess=all \
    systemd-inhibit --what=shutdown --mode=block --who=backup --why='nightly backup' \
    sh -c 'NOTIFY_SOCKET=/run/systemd/notify systemd-notify --ready; exec sleep infinity'`);
}

/** What the agent says while somebody holds the lock. */
export const HELD = 'reboot held by the update strategy: blocked by backup: nightly backup';

export async function release(host: OstreeHost): Promise<void> {
  await host.sh(`systemctl stop ${HOLDER}`);
}

/** An administrator's `reboot`; the connection may end before the answer. */
export async function reboot(host: OstreeHost): Promise<string> {
  const count = host.boots.length;
  await host.run('systemctl', 'reboot');
  return host.booted(count + 1);
}

/** The record as the agent left it on disk. */
export async function record(host: OstreeHost): Promise<Record<string, unknown>> {
  const json: unknown = JSON.parse(await host.sh('cat /var/lib/zincati/state.json'));
  if (typeof json !== 'object' || json === null) {
    throw new Error('the record must be an object');
  }
  return { ...json };
}

/** Whether libostree has a deployment staged, locked or not. */
export async function isStaged(host: OstreeHost): Promise<boolean> {
  return (await host.run('test', '-e', '/run/ostree/staged-deployment')).status === 0;
}
