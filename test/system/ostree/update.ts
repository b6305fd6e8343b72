/** A whole update: refused, staged, held, delayed for a person, finalized, booted. */
import { expect, it } from 'vitest';

import type { OstreeBed } from '../../support/ostree-host.ts';
import {
  HELD,
  hold,
  isStaged,
  LOG_IN,
  metrics,
  reboot,
  record,
  release,
  RPM_OSTREE_OS,
  SEEN,
  UNIT,
} from './steps.ts';

const POLKIT_RULES = '/usr/share/polkit-1/rules.d';
export function wholeUpdate(bed: () => OstreeBed): void {
  it.concurrent('an update is staged, held, waited for, finalized and booted', async () => {
    const [old, update] = bed().releases;
    await using host = await bed().boot();
    const status = () => host.sh('ostree admin status');

    // The administrator's changes: a layered package, a changed file and a new file.
    await host.sh('/usr/libexec/rpm-ostreed.py install htop');
    await host.sh(
      'echo "# ours" >>/etc/login.defs; mkdir /etc/ours; echo ours >/etc/ours/file; echo kept >/var/lib/kept',
    );
    const layered = await reboot(host);
    expect(layered).not.toBe(old?.checksum);
    await host.said('reached steady state, periodically polling for updates');
    const entry = await host.sh('cat /proc/cmdline');

    // Without the agent's rules polkit refuses, and the agent says so.
    await hold(host);
    await host.sh(LOG_IN);
    await host.said('New session .* of user .*alice', 'systemd-logind.service');
    await host.sh(`mount -t tmpfs tmpfs ${POLKIT_RULES} && systemctl restart polkit`);
    await host.offer(2);
    await host.said('failed to stage deployment: cannot stage .*not allowed for user');
    expect(await isStaged(host)).toBe(false);
    expect(await host.sh('journalctl --boot --unit=rpm-ostreed --output=cat')).toContain('polkit refuses');
    await host.sh(`umount ${POLKIT_RULES} && systemctl restart polkit`);

    // The update is staged and locked, so only the agent can lead the node into it.
    await host.said(`update staged: ${update?.version}`);
    await host.said(HELD);
    await host.becomes(
      UNIT,
      'StatusText',
      `update staged: ${update?.version}; reboot pending due to update strategy`,
    );
    expect(await status()).toContain('(finalization locked)');
    expect(await metrics(host)).toMatch(
      /^zincati_update_agent_finalization_blocked_count\{reason="inhibitor"\} [1-9]/m,
    );
    expect(await host.sh(`cat ${SEEN}`)).not.toContain('Broadcast message');

    // Nothing holds the reboot any more. alice is told, and the agent waits for her.
    await release(host);
    await host.said('.*alice');
    await host.becomes(
      UNIT,
      'StatusText',
      `update staged: ${update?.version}; reboot delayed due to active user sessions`,
    );
    // The last words of the message.
    const seen = await host.sh(
      `until grep -q 'finalize-deployment' ${SEEN}; do sleep 0.1; done; cat ${SEEN}`,
    );
    expect(seen).toMatch(/Broadcast message from Zincati at \w{3} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC:/);
    expect(seen).toContain(`New update ${update?.version} is available and has been deployed.`);
    expect(seen).toContain('10 minutes');
    expect(await metrics(host)).toMatch(/^zincati_update_agent_finalization_detected_active_users 1$/m);
    expect(host.boots).toHaveLength(2);

    // She leaves, and at the end of that minute the host reboots.
    await host.sh('systemctl stop alice');
    const updated = await host.booted(3);
    expect(updated).not.toBe(layered);
    expect(await host.sh('cat /proc/cmdline')).not.toBe(entry);
    await host.said(`booted release '${update?.version}', as asked for`);
    await host.said('current release detected as not a dead-end');

    // libostree has merged the host's own changes and the new defaults.
    expect(await host.sh('. /etc/os-release; echo $VERSION')).toBe(update?.version);
    expect(await host.sh('tail -n 1 /etc/login.defs; cat /etc/ours/file /var/lib/kept')).toBe(
      '# ours\nours\nkept',
    );
    expect(await host.sh('cat /etc/release.d/newest')).toBe(update?.version);
    // The package is there and counts as layered: the agent compares the commit below it with the graph.
    const deployments = await host.sh(`busctl get-property ${RPM_OSTREE_OS.join(' ')} BootedDeployment`);
    expect(deployments).toContain(`"base-checksum" s "${update?.checksum}"`);
    expect(deployments).toContain('"packages" as 1 "htop"');
    expect(await host.sh('cat /usr/lib/layered/htop')).toBe('htop');

    // The steady state: no slot is held, nothing failed, and the rollback deployment is there.
    await host.becomes(UNIT, 'StatusText', /^periodically polling for updates \(last checked /);
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
    // Read without a unit: the program ends before the journal can look up which unit it belongs to.
    const finalizer = 'journalctl --boot=-2 --output=cat --identifier=ostree';
    expect(await host.sh(finalizer)).toContain('Not finalizing; deployment is locked for finalization');
  });
}
