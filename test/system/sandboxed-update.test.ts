/**
 * A whole update under the unit's own restrictions. A system call that the unit does not allow is not an
 * error that could be swallowed: it kills the agent.
 */
import { beforeAll, describe, expect, it } from 'vitest';

import { carriedHistory } from '../../sandbox/releases.ts';
import { BootedHost } from '../support/booted-host.ts';
import { TestAuthority } from '../support/certificates.ts';
import { LineProcess } from '../support/line-process.ts';
import { rpmOstreedFiles } from '../support/rpm-ostreed-host.ts';

const UNIT = 'zincati.service';
const SERVERS = new URL('../support/host-servers.ts', import.meta.url).pathname;
const OLD = '43.20260413.3.2';
const NEWEST = '44.20260707.3.1';
const whyNot = BootedHost.whyNot();

/** A call that the unit answers with "not permitted" ends the process here. One such end fails the test. */
const DEADLY = '[Service]\nSystemCallErrorNumber=kill\nRestart=no\n';

/** A user who is logged in at a terminal as long as it runs, and what they see. */
const PERSON = `#!/usr/bin/python3
import os, pty
pid, master = pty.fork()
if pid == 0:
    os.execv("/bin/login", ["login", "-f", "root"])
with open("/run/person.out", "wb", buffering=0) as seen:
    while True:
        try:
            seen.write(os.read(master, 4096))
        except OSError:
            break
`;

describe.skipIf(whyNot !== undefined)(`an update${whyNot === undefined ? '' : ` (${whyNot})`}`, () => {
  let host: BootedHost;
  let servers: LineProcess;
  let updates = '';
  let locks = '';
  beforeAll(async () => {
    await using authority = await TestAuthority.create('locks');
    const { entries } = await carriedHistory('stable');
    host = await BootedHost.boot({
      files: {
        ...rpmOstreedFiles({
          releases: entries.slice(-12).map((entry, index) => ({
            checksum: entry.digest,
            version: entry.version,
            stream: 'stable',
            timestamp: 1_700_000_000 + index,
            bytes: 10e6,
            streamIn: ['fedora-coreos.stream'] as const,
          })),
          booted: OLD,
        }),
        '/etc/zincati/config.d/20-platform.toml': '[identity]\nplatform = "metal"\n',
        '/etc/zincati/config.d/90-off.toml': '[updates]\nenabled = false\n',
        '/etc/zincati/lock/ca.pem': authority.cert,
        '/etc/systemd/system/zincati.service.d/10-deadly.conf': DEADLY,
        // Terminals as on Fedora CoreOS: group tty may write.
        '/etc/login.defs': 'TTYGROUP tty\nTTYPERM 0620\n',
        // A terminal of root would turn messages off.
        '/root/.profile': '',
        '/usr/local/bin/person': PERSON,
      },
      wanted: ['boot-complete.target'],
    });
    servers = new LineProcess('nsenter', [...host.networkOnly(), process.execPath, SERVERS]);
    servers.tell(JSON.stringify(await authority.issue('IP:127.0.0.1')));
    ({ updates, locks } = JSON.parse(await servers.line()) as { updates: string; locks: string });
    return async () => {
      await servers.kill();
      await host[Symbol.asyncDispose]();
    };
  });

  const configuration = (ignored: string): string => `[cincinnati]
base_url = "${updates}"
[updates]
strategy = ["periodic", "fleet_lock"]
[updates.fleet_lock]
base_url = "${locks}"
ca_file = "/etc/zincati/lock/ca.pem"
[updates.periodic]
time_zone = "Europe/Berlin"
window = [{ days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], start_time = "0:00", length_minutes = 1440 }]
[updates.sessions]
ignore_users = [${ignored}]
`;
  const said = () => host.sh(`journalctl --unit=${UNIT} --output=cat`);

  it('dies of one call that the unit does not allow (or the rest would show nothing)', async () => {
    await host.sh(`sed -e 's,^ExecStart=.*,ExecStart=/usr/bin/nice -n 5 /bin/true,' -e 's,^Type=.*,Type=oneshot,' \
        -e '/^BusName=/d' -e '/^Restart/d' -e 's,^SystemCallErrorNumber=.*,SystemCallErrorNumber=kill,' \
        /usr/lib/systemd/system/${UNIT} >/run/systemd/system/nice.service
      systemctl daemon-reload`);
    expect((await host.run('systemctl', 'start', 'nice.service')).status).not.toBe(0);
    expect(await host.property('nice.service', 'ExecMainStatus')).toBe('31');
  });

  it('goes from the poll to the reboot without one: staged, locked, people told, slot taken, finalized', async () => {
    await host.sh('systemd-run --quiet --unit=person /usr/local/bin/person');
    await host.sh('until loginctl --no-legend list-sessions | grep -q pts/; do sleep 0.1; done');
    const cursor = await host.cursor();
    await host.write('/etc/zincati/config.d/90-off.toml', configuration(''));
    await host.sh(`systemctl restart ${UNIT}`);
    await host.journal(cursor, 'reboot delayed due to active user sessions: root on pts/');
    await host.sh("until grep -q 'has been deployed' /run/person.out; do sleep 0.1; done");
    // The remaining people are not waited for.
    await host.write('/etc/zincati/config.d/90-off.toml', configuration('"root"'));
    await host.sh(`systemctl reload ${UNIT}`);
    await host.journal(cursor, 'update finalized: ');

    expect(await said()).toMatch(
      new RegExp(`update staged: ${NEWEST}[^]*proceeding to finalize it[^]*update finalized: ${NEWEST}`),
    );
    expect(await said()).not.toMatch(/cannot tell|D-Bus:|failed to|cannot /);
    expect(await host.sh('cat /run/person.out')).toMatch(
      new RegExp(`Broadcast message from Zincati[^]*New update ${NEWEST} is available and has been deployed`),
    );
    const asked = [await servers.line(), await servers.line(), await servers.line()].map(
      (line) => JSON.parse(line) as unknown,
    );
    expect(asked).toEqual([
      { api: 'steady-state', status: 200 },
      { api: 'steady-state', status: 200 },
      { api: 'pre-reboot', status: 200 },
    ]);
    const sysroot = await host.sh('cat /var/lib/stand-in/sysroot.json');
    expect(JSON.parse(sysroot)).toMatchObject({
      driver: expect.any(String) as string,
      deployments: [{ version: NEWEST, staged: true, finalizationLocked: false }, { version: OLD }],
    });
  });

  it('and then answers, reloads and stops as ever', async () => {
    const metrics = 'UNIX-CONNECT:/run/zincati/public/metrics.promsock';
    expect((await host.runAs('nobody', 'socat', '-', metrics)).stdout).toContain('state="EndState"');
    const http = `curl -sS --unix-socket /run/zincati/public/metrics.promsock http://localhost/metrics`;
    expect(await host.sh(http)).toContain('zincati_update_agent_finalization_successes 1');
    expect((await host.run('/usr/libexec/zincati', 'ex', 'moo')).stdout).toBe('moo.\n');
    expect(await host.property(UNIT, 'ActiveState')).toBe('active');
    expect(await host.property(UNIT, 'NRestarts')).toBe('0');
    await host.sh(`systemctl stop ${UNIT}`);
    expect([await host.property(UNIT, 'Result'), await host.property(UNIT, 'ExecMainStatus')]).toEqual([
      'success',
      '0',
    ]);
    expect(await host.sh('journalctl --output=cat | grep -ciE "sigsys|seccomp|status=31" || true')).toBe('1');
  });
});
