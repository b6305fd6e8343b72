/** Faults on a host with an available update: the agent comes back, nothing is lost, and nothing reboots. */
import { expect, it } from 'vitest';

import type { OstreeBed, OstreeHost } from '../../support/ostree-host.ts';
import { HELD, UNIT, hold, isStaged, metrics, release } from './steps.ts';

/** As usual, but sooner, so that a test need not wait. */
const SOON = { 'systemd/system/zincati.service.d/10-soon.conf': '[Service]\nRestartSec=100ms\n' };
const IMPATIENT = '/run/systemd/system/zincati.service.d/20-impatient.conf';
const STATE = '/var/lib/zincati';

const status = (host: OstreeHost) => host.sh('ostree admin status');

export function faults(bed: () => OstreeBed): void {
  it.concurrent('an agent that is killed, hangs or loses its bus goes on with what is staged', async () => {
    const [, update] = bed().releases;
    await using host = await bed().boot(SOON);
    await hold(host);
    await host.offer(2);
    await host.said(HELD);
    const staged = await status(host);
    /** The next agent reaches the same end. */
    const heldAgain = async (fault: string): Promise<void> => {
      const cursor = await host.cursor();
      await host.sh(fault);
      await host.journal(cursor, HELD);
      expect(await status(host), fault).toBe(staged);
    };

    await heldAgain(`systemctl kill --signal=KILL ${UNIT}`);
    expect(await host.property(UNIT, 'NRestarts')).toBe('1');

    await host.write(IMPATIENT, '[Service]\nWatchdogSec=5s\n');
    await heldAgain(`systemctl daemon-reload && systemctl restart ${UNIT}`);
    await heldAgain(`systemctl kill --signal=STOP ${UNIT}`);
    await host.said('zincati.service: Watchdog timeout');
    await host.sh(`rm ${IMPATIENT} && systemctl daemon-reload`);

    // A stop is intended: the agent ends successfully, and is not started again.
    const stopped = await host.cursor();
    await host.sh(`systemctl kill --signal=TERM ${UNIT}`);
    await host.journal(stopped, 'zincati.service: Deactivated successfully');
    expect(await host.property(UNIT, 'ActiveState')).toBe('inactive');
    await heldAgain(`systemctl start ${UNIT}`);

    // The same process continues with another configuration.
    const pid = await host.property(UNIT, 'MainPID');
    const reloaded = await host.cursor();
    await host.write('/etc/zincati/config.d/95-manual.toml', '[updates]\nstrategy = "manual"\n');
    await host.sh(`systemctl reload ${UNIT}`);
    await host.journal(
      reloaded,
      'reboot held by the update strategy: staged; this node reboots only by hand',
    );
    await heldAgain(`rm /etc/zincati/config.d/95-manual.toml && systemctl reload ${UNIT}`);

    // The bus goes away, and logind does not return to it by itself. Without logind's answer there is no
    // reboot.
    const lost = await host.cursor();
    await host.sh('systemctl restart dbus.service');
    await host.journal(lost, '^D-Bus name org.coreos.zincati is served again');
    expect((await host.run('/usr/libexec/zincati', 'ex', 'moo')).stdout).toBe('moo.\n');
    await host.journal(
      lost,
      '^failed to ask the update strategy: cannot call org.freedesktop.login1.Manager.ListInhibitors',
    );
    await heldAgain('systemctl restart systemd-logind.service');
    expect(await host.property(UNIT, 'MainPID')).toBe(pid);

    // It was staged once, and nothing rebooted.
    expect(await status(host)).toBe(staged);
    const stages = `journalctl --boot --unit=rpm-ostreed --output=cat | grep -c 'zincati: stage .*: done'`;
    expect(await host.sh(stages)).toBe('1');
    expect(host.boots).toHaveLength(1);
    await release(host);
    expect(await host.booted(2)).toBe(update?.checksum);
  });

  it.concurrent(
    'rpm-ostree or the agent that dies in the middle of a download costs nothing but time',
    async () => {
      const [, update] = bed().releases;
      await using host = await bed().boot(SOON);
      const { stalled } = await host.stallDownloads();
      await host.offer(2);
      await stalled();
      // The next agent finds the transaction of the previous one, and waits for it.
      await host.sh(`systemctl kill --signal=KILL ${UNIT}`);
      await host.said(
        `waiting for the rpm-ostree transaction in progress: zincati: stage ${update?.version}`,
      );
      await host.sh('systemctl kill --signal=KILL rpm-ostreed.service');
      await host.resumeDownloads();
      expect(await host.booted(2)).toBe(update?.checksum);
    },
  );

  it.concurrent('a daemon that dies under the agent that follows it is a failed attempt', async () => {
    const [, update] = bed().releases;
    await using host = await bed().boot();
    const { stalled } = await host.stallDownloads();
    await host.offer(2);
    await stalled();
    await host.sh('systemctl kill --signal=KILL rpm-ostreed.service');
    await host.said('failed to stage deployment: .*went away in the middle');
    expect(await isStaged(host)).toBe(false);
    expect(await metrics(host)).toMatch(/^zincati_rpm_ostree_deploy_failures_total [1-9]/m);
    await host.resumeDownloads();
    expect(await host.booted(2)).toBe(update?.checksum);
  });

  it.concurrent('B8: without a record on disk nothing reboots, and the agent says why', async () => {
    const [, update] = bed().releases;
    await using host = await bed().boot();
    const unwritable = 'failed to write the state file, no reboot is asked for until it works: ';
    /** It still stages the update, and leaves it there. */
    const refused = async (cursor: string, reason: string): Promise<void> => {
      await host.journal(cursor, `^${unwritable}.*${reason}`);
      await host.journal(cursor, `^update staged: ${update?.version}`);
      await host.journal(
        cursor,
        `^updates are DEGRADED: the reboot into ${update?.version} fails: .*${reason}`,
      );
      await host.becomes(
        UNIT,
        'StatusText',
        new RegExp(`^update staged: ${update?.version}; cannot finalize it: `),
      );
      expect(host.boots).toHaveLength(1);
    };
    await host.sh(`systemctl stop ${UNIT}
      mount -t tmpfs -o size=64k,mode=700,uid=zincati,gid=zincati tmpfs ${STATE}
      mount -o remount,ro ${STATE}`);
    await host.offer(2);
    const readOnly = await host.cursor();
    await host.sh(`systemctl start ${UNIT}`);
    await refused(readOnly, 'EROFS');

    await host.sh(`systemctl stop ${UNIT} && mount -o remount,rw ${STATE}
      dd if=/dev/zero of=${STATE}/full bs=4k 2>/dev/null || true`);
    const full = await host.cursor();
    await host.sh(`systemctl start ${UNIT}`);
    await refused(full, 'ENOSPC');

    await host.sh(`rm ${STATE}/full && systemctl restart ${UNIT}`);
    expect(await host.booted(2)).toBe(update?.checksum);
  });
}
