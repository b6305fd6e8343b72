/** What a freshly booted host shows, and what keeps the agent from working. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import type { OstreeBed } from '../../support/ostree-host.ts';
import { RPM_OSTREE_OS, UNIT, isStaged, metrics } from './steps.ts';

/** From the package for aarch64. */
const NOTIFY = join(import.meta.dirname, '../../../systemd/zincati-notify.conf');

/** Phrases that people and other tools wait for. */
const PHRASES = [
  'starting update agent',
  'Cincinnati service: http://127.0.0.1:8080',
  "agent running on node '",
  'update strategy: immediate',
  'registering as the update driver for rpm-ostree',
  'initialization complete, auto-updates logic enabled',
  'reached steady state, periodically polling for updates',
  'current release detected as not a dead-end',
];

export function freshBoot(bed: () => OstreeBed): void {
  it.concurrent('the agent is ready, polls, and says so', async () => {
    await using host = await bed().boot({
      'zincati/config.d/99-typo.toml': '[updates]\nstrateggy = "immediate"\n',
    });
    await host.said('current release detected as not a dead-end');
    expect(await host.property(UNIT, 'ActiveState')).toBe('active');
    await host.becomes(
      UNIT,
      'StatusText',
      /^periodically polling for updates \(last checked \w{3} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\)$/,
    );
    expect(await host.sh('systemctl --failed --quiet')).toBe('');

    const lines = (await host.sh(`journalctl --boot --unit=${UNIT} --output=cat`)).split('\n');
    const places = PHRASES.map((phrase) => lines.findIndex((line) => line.startsWith(phrase)));
    expect(places, lines.join('\n')).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    const node = await host.sh('systemd-id128 machine-id --app-specific=de35106b6ec24688b63afddaa156679b');
    expect(lines).toContain(`agent running on node '${node}', in update group 'default'`);

    // A search for warnings finds the mistake, and nothing else.
    const warned = await host.sh(`journalctl --boot --unit=${UNIT} --output=cat --priority=warning`);
    expect(warned).toMatch(
      /^\/etc\/zincati\/config\.d\/99-typo\.toml: unknown key updates\.strateggy .*strategy\?$/,
    );
    await host.withdrawGraph();
    await host.said('failed to check Cincinnati for updates: ');
    const errors = await host.sh(`journalctl --boot --unit=${UNIT} --output=cat --priority=err`);
    expect(errors).toMatch(/^failed to check Cincinnati for updates: [^\n]*404[^\n]*$/);

    // The daemon knows who drives updates, and through which unit.
    const driver = await host.sh("tr '\\0' '\\n' < /run/rpm-ostree/update-driver.gv");
    expect(driver.split('\n')).toEqual(expect.arrayContaining(['Zincati', UNIT]));

    const shown = await metrics(host, 'nobody');
    expect(shown).toMatch(
      /^zincati_identity_os_info\{os_version="24\.03-LTS\.20240904\.0",basearch="\w+",stream="stable",platform="metal"\} 1$/m,
    );
    expect(shown).toMatch(/^zincati_update_agent_updates_enabled 1$/m);
  });

  it.concurrent('lets nobody but root and the agent at the deployments', async () => {
    await using host = await bed().boot();
    // Until then the agent itself may be at the deployments.
    await host.said('reached steady state');
    const call = [...RPM_OSTREE_OS, 'Cleanup', 'as', '1', 'rollback-deploy'] as const;
    for (const user of ['nobody', 'alice']) {
      const { status, stderr } = await host.runAs(user, 'busctl', 'call', ...call);
      expect([status, stderr], user).toEqual([1, expect.stringMatching(/Access denied/)]);
    }
    for (const user of ['zincati', 'root']) {
      const { stdout } = await host.runAs(user, 'busctl', 'call', ...call);
      expect(stdout, user).toBe('s "unix:path=/run/rpm-ostree-transaction.sock"\n');
    }
  });

  it.concurrent('B33: a boot that is never complete holds the reboot, and the agent says so', async () => {
    await using host = await bed().boot({
      'systemd/system/boot-check.service': '[Service]\nType=oneshot\nExecStart=/bin/false\n',
      'systemd/system/boot-complete.target.d/10-check.conf':
        '[Unit]\nRequires=boot-check.service\nAfter=boot-check.service\n',
    });
    const [, release] = bed().releases;
    await host.offer(2);
    await host.said(
      'reboot held by the update strategy: this boot is not complete: boot-complete.target is inactive',
    );
    await host.becomes(
      UNIT,
      'StatusText',
      `update staged: ${release?.version}; reboot pending due to update strategy`,
    );
    expect(await metrics(host)).toMatch(
      /^zincati_update_agent_finalization_blocked_count\{reason="boot_complete"\} [1-9]/m,
    );
    expect(host.boots).toHaveLength(1);
    // The operator fixes the check.
    await host.sh(`rm -r /etc/systemd/system/boot-complete.target.d && systemctl daemon-reload`);
    await host.sh('systemctl start boot-complete.target');
    expect(await host.booted(2)).toBe(release?.checksum);
  });

  it.concurrent('B27: a configuration that cannot be used fails the unit once, with the reason', async () => {
    await using host = await bed().boot({
      'zincati/config.d/99-bad.toml': '[updates]\nstrategy = "imediate"\n',
    });
    await host.offer(2);
    expect(await host.property(UNIT, 'ActiveState')).toBe('failed');
    expect(await host.property(UNIT, 'ExecMainStatus')).toBe('78');
    expect(await host.property(UNIT, 'NRestarts')).toBe('0');
    const errors = await host.sh(`journalctl --boot _SYSTEMD_UNIT=${UNIT} --output=cat --priority=err`);
    expect(errors).toMatch(
      /^\/etc\/zincati\/config\.d\/99-bad\.toml: updates\.strategy must be .*, got "imediate"$/,
    );
    // Once that is fixed, it works without anything else.
    await host.sh(`rm /etc/zincati/config.d/99-bad.toml && systemctl start ${UNIT}`);
    expect(await host.booted(2)).toBe(bed().releases[1]?.checksum);
  });

  it.concurrent('needs no native part where the service manager hands its socket over', async () => {
    await using host = await bed().boot({
      'systemd/system/zincati.service.d/10-notify.conf': readFileSync(NOTIFY, 'utf8'),
      'systemd/system/zincati.service.d/20-test.conf':
        '[Service]\nInaccessiblePaths=/usr/lib/zincati/program/node_modules\nWatchdogSec=10s\n',
    });
    await host.said('current release detected as not a dead-end');
    expect(await host.property(UNIT, 'NotifyAccess')).toBe('main');
    // The first keep-alive comes after half of the watchdog's time.
    await host.sh(`started=$(systemctl show --property=ActiveEnterTimestampMonotonic --value ${UNIT})
      timeout 150 sh -c 'until fed=$(systemctl show --property=WatchdogTimestampMonotonic --value ${UNIT}) &&
        [ "$fed" -gt $(($0 + 2000000)) ]; do sleep 0.1; done' "$started"`);
    expect(await host.property(UNIT, 'NRestarts')).toBe('0');
    await host.becomes(UNIT, 'StatusText', /^periodically polling for updates \(last checked /);
    const main = await host.property(UNIT, 'MainPID');
    await host.sh(`systemctl reload ${UNIT}`);
    expect(await host.property(UNIT, 'MainPID')).toBe(main);
    await host.sh(`systemctl stop ${UNIT}`);
    expect(await host.property(UNIT, 'Result')).toBe('success');
    expect(await host.sh(`journalctl --boot --unit=${UNIT} --grep='cannot notify' || true`)).not.toMatch(
      /cannot notify/,
    );
  });

  it.concurrent('only looks at the host where updates are turned off', async () => {
    await using host = await bed().boot({
      'zincati/config.d/95-disable.toml': '[updates]\nenabled = false\n',
    });
    await host.offer(2);
    await host.said('initialization complete, auto-updates logic disabled by configuration');
    expect(await host.property(UNIT, 'ActiveState')).toBe('active');
    const scraped = await metrics(host);
    expect(scraped).toMatch(/^zincati_update_agent_updates_enabled 0$/m);
    // diff 5: it has read what is booted, as Zincati does.
    expect(scraped).toMatch(/^zincati_identity_os_info\{/m);
    expect(await isStaged(host)).toBe(false);
  });
}
