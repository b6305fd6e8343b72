/** A whole update: refused, staged, held, waited for by a person, finalized, booted. */
import { expect, it } from 'vitest';

import type { OstreeBed } from '../../support/ostree-host.ts';
import { HELD, RPM_OSTREE_OS, UNIT, hold, isStaged, metrics, reboot, record, release } from './steps.ts';

const POLKIT_RULES = '/usr/share/polkit-1/rules.d';
/** Where what alice sees is written down. */
const SEEN = '/run/alice';
const LOG_IN = `systemd-run --quiet --unit=alice sh -c \
  'sleep infinity | script --quiet --flush --command "exec login -f alice" ${SEEN}'`;
export function wholeUpdate(bed: () => OstreeBed): void {
  it.concurrent('an update is staged, held, waited for, finalized and booted', async () => {
    const [old, update] = bed().releases;
    await using host = await bed().boot();
    const status = () => host.sh('ostree admin status');

    // The administrator: a package on top, a file changed, a file of their own.
    await host.sh('/usr/libexec/rpm-ostreed.py install htop');
    await host.sh(
      'echo "# ours" >>/etc/login.defs; mkdir /etc/ours; echo ours >/etc/ours/file; echo kept >/var/lib/kept',
    );
    const layered = await reboot(host);
    expect(layered).not.toBe(old?.checksum);
    await host.said('reached steady state, periodically polling for updates');
    const entry = await host.sh('cat /proc/cmdline');

    // Without the rules that let the agent in, polkit refuses, and the agent says that it is refused.
    await hold(host);
    await host.sh(LOG_IN);
    await host.said('New session .* of user .*alice', 'systemd-logind.service');
    await host.sh(`mount -t tmpfs tmpfs ${POLKIT_RULES} && systemctl restart polkit`);
    await host.offer(2);
    await host.said('failed to stage deployment: cannot stage .*not allowed for user');
    expect(await isStaged(host)).toBe(false);
    expect(await host.sh('journalctl --boot --unit=rpm-ostreed --output=cat')).toContain('polkit refuses');
    await host.sh(`umount ${POLKIT_RULES} && systemctl restart polkit`);

    // Staged, and locked: nothing but the agent takes the node into it.
    await host.said(`update staged: ${update?.version}`);
    await host.said(HELD);
    expect(await host.property(UNIT, 'StatusText')).toBe(
      `update staged: ${update?.version}; reboot pending due to update strategy`,
    );
    expect(await status()).toContain('(finalization locked)');
    expect(await metrics(host)).toMatch(
      /^zincati_update_agent_finalization_blocked_count\{reason="inhibitor"\} [1-9]/m,
    );
    expect(await host.sh(`cat ${SEEN}`)).not.toContain('Broadcast message');

    // Nobody holds it any more; alice is told, and waited for.
    await release(host);
    await host.said('.*alice');
    expect(await host.property(UNIT, 'StatusText')).toBe(
      `update staged: ${update?.version}; reboot delayed due to active user sessions`,
    );
    const seen = await host.sh(`cat ${SEEN}`);
    expect(seen).toMatch(/Broadcast message from Zincati at \w{3} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC:/);
    expect(seen).toContain(`New update ${update?.version} is available and has been deployed.`);
    expect(seen).toContain('10 minutes');
    expect(await metrics(host)).toMatch(/^zincati_update_agent_finalization_detected_active_users 1$/m);
    expect(host.boots).toHaveLength(2);

    // She leaves, and at the end of that minute the host goes.
    await host.sh('systemctl stop alice');
    const updated = await host.booted(3);
    expect(updated).not.toBe(layered);
    expect(await host.sh('cat /proc/cmdline')).not.toBe(entry);
    await host.said(`booted release '${update?.version}', as asked for`);
    await host.said('current release detected as not a dead-end');

    // libostree merged what is the host's own, and what is new.
    expect(await host.sh('. /etc/os-release; echo $VERSION')).toBe(update?.version);
    expect(await host.sh('tail -n 1 /etc/login.defs; cat /etc/ours/file /var/lib/kept')).toBe(
      '# ours\nours\nkept',
    );
    expect(await host.sh('cat /etc/release.d/newest')).toBe(update?.version);
    // The package is there, and counted as one: what is compared with the graph is the commit below it.
    const deployments = await host.sh(`busctl get-property ${RPM_OSTREE_OS.join(' ')} BootedDeployment`);
    expect(deployments).toContain(`"base-checksum" s "${update?.checksum}"`);
    expect(deployments).toContain('"packages" as 1 "htop"');
    expect(await host.sh('cat /usr/lib/layered/htop')).toBe('htop');

    // Steady: nothing is owed, nothing failed, and the way back is there.
    expect(await host.property(UNIT, 'StatusText')).toMatch(
      /^periodically polling for updates \(last checked /,
    );
    expect(await record(host)).not.toHaveProperty('asked');
    expect(await metrics(host)).toMatch(/^zincati_update_agent_health\{level="OK",cause="none"\} 1$/m);
    expect(await host.sh('systemctl --failed --quiet')).toBe('');
    expect(await status()).toContain(`${layered}.0 (rollback)`);
    expect(host.boots).toHaveLength(3);
  });

  it.concurrent('a plain reboot does not apply what is staged, and the agent stages it again', async () => {
    const [old, update] = bed().releases;
    await using host = await bed().boot();
    await hold(host);
    await host.offer(2);
    await host.said(HELD);
    // The lock would refuse an administrator's reboot as well.
    await release(host);
    await host.sh(`systemctl stop ${UNIT}`);
    expect(await reboot(host)).toBe(old?.checksum);
    expect(await host.booted(3)).toBe(update?.checksum);
    const finalizer = 'journalctl --boot=-2 --unit=ostree-finalize-staged --output=cat';
    expect(await host.sh(finalizer)).toContain('Not finalizing; deployment is locked for finalization');
  });
}
