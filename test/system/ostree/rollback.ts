/** A rollback to the previous release, and a release that the host does not come up in. */
import { expect, it } from 'vitest';

import type { OstreeBed } from '../../support/ostree-host.ts';
import { HELD, UNIT, hold, isStaged, metrics, reboot, record, release } from './steps.ts';

/** As in docs/state-file.md: a retry that would wait for an hour happens now. */
const HOUR_PASSES = `systemctl stop ${UNIT}
/usr/bin/python3 - <<'X'
import json
path = "/var/lib/zincati/state.json"
state = json.load(open(path))
for denial in state["denials"]:
    del denial["untilAt"]
    denial["untilAt"] = 1
json.dump(state, open(path, "w"))
X
systemctl start ${UNIT}`;

export function rollback(bed: () => OstreeBed): void {
  it.concurrent('B9, B10: a rollback sticks, also when the bad deployment is gone', async () => {
    const [old, bad, next] = bed().releases;
    await using host = await bed().boot();
    await host.offer(2);
    expect(await host.booted(2)).toBe(bad?.checksum);
    await host.said('reached steady state');
    // An intended reboot causes no warning.
    expect(await host.sh(`journalctl --boot=-1 --unit=${UNIT} --priority=warning --output=cat --quiet`)).toBe(
      '',
    );

    await host.sh('ostree admin set-default 1');
    expect(await reboot(host)).toBe(old?.checksum);
    await host.said(`release '${bad?.version}' was rolled back: it is denied from now on`);
    await host.said('Found 1 possible update target present in denylist; ignoring');

    // Without the deployment nothing on disk shows the rollback, and a restart forgets everything that is not
    // in the record.
    await host.sh('ostree admin undeploy 1');
    expect(await host.sh('ostree admin status')).not.toContain(bad?.version);
    const cursor = await host.cursor();
    await host.sh(`systemctl restart ${UNIT}`);
    await host.journal(cursor, 'Found 1 possible update target present in denylist; ignoring');
    expect(await metrics(host)).toMatch(/^zincati_update_agent_denied_releases\{reason="rolled-back"\} 1$/m);
    expect(await isStaged(host)).toBe(false);
    expect(host.boots).toHaveLength(3);

    // The release after it is taken.
    await host.offer(3);
    expect(await host.booted(4)).toBe(next?.checksum);
  });

  it.concurrent('B8: a finalization that fails ends in two reboots, not in a loop', async () => {
    const [old, bad, next] = bed().releases;
    await using host = await bed().boot();
    for (const attempt of [1, 2]) {
      await hold(host);
      await host.offer(2);
      if (attempt === 2) {
        await host.sh(HOUR_PASSES);
      }
      await host.said(HELD);
      await host.sh('chattr +i /boot/loader/entries.srel 2>/dev/null || chattr +i /boot');
      await release(host);
      // The reboot happens, but does not lead into the release.
      expect(await host.booted(attempt + 1)).toBe(old?.checksum);
      expect(await host.sh('journalctl --boot=-1 --unit=ostree-finalize-staged --output=cat')).toContain(
        "Failed with result 'exit-code'",
      );
      const asked = `asked for release '${bad?.version}', booted '${old?.version}': `;
      await host.said(
        attempt === 1 ? `${asked}not tried again before ` : `${asked}it is held after 2 such reboots`,
      );
      await host.said('Found 1 possible update target present in denylist; ignoring');
      await host.becomes(UNIT, 'StatusText', /^periodically polling for updates/);
      const level = attempt === 1 ? 'DEGRADED' : 'STUCK';
      expect(await metrics(host)).toContain(
        `zincati_update_agent_health{level="${level}",cause="reboot_failed"} 1`,
      );
    }
    // Even after a restart the release is not taken.
    const cursor = await host.cursor();
    await host.sh(`systemctl restart ${UNIT}`);
    await host.journal(cursor, 'Found 1 possible update target present in denylist; ignoring');
    expect((await record(host))['denials']).toEqual([
      expect.objectContaining({ version: bad?.version, reason: 'boot-failed', strikes: 2 }),
    ]);
    expect(host.boots).toHaveLength(3);

    // After the fix the next release succeeds.
    await host.sh('chattr -i /boot');
    await host.offer(3);
    expect(await host.booted(4)).toBe(next?.checksum);
  });
}
