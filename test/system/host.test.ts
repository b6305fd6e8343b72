/**
 * The installed files on a host that boots, with real systemd, system bus, polkit and kernel. The agent
 * itself runs.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { BootedHost } from '../support/booted-host.ts';

const UNIT = 'zincati.service';
const whyNot = BootedHost.whyNot();

/** A boot target waits for this unit, which never ends. */
const STUCK = '[Service]\nType=oneshot\nExecStart=/bin/sleep infinity\nTimeoutStartSec=infinity\n';
/** Files that hosts with boot checks add. */
const BOOT_CHECK = '[Service]\nType=oneshot\nExecStart=/bin/false\n';
const CHECKED = '[Unit]\nRequires=boot-check.service\nAfter=boot-check.service\n';

const ACTIONS = ['deploy', 'rebase', 'finalize-deployment', 'cleanup', 'client-management'];
const OTHER_ACTIONS = ['rollback', 'upgrade', 'bootconfig', 'override', 'reload-daemon'];
const POLICY = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE policyconfig PUBLIC "-//freedesktop//DTD PolicyKit Policy Configuration 1.0//EN"
 "http://www.freedesktop.org/software/polkit/policyconfig-1.dtd">
<policyconfig>${[...ACTIONS, ...OTHER_ACTIONS]
  .map(
    (action) => `<action id="org.projectatomic.rpmostree1.${action}"><description>${action}</description>
    <message>Authentication is required</message><defaults><allow_any>auth_admin</allow_any>
    <allow_inactive>auth_admin</allow_inactive><allow_active>auth_admin</allow_active></defaults></action>`,
  )
  .join('\n')}</policyconfig>`;

/** The agent is ready before its socket exists. */
const METRICS = 'UNIX-CONNECT:/run/zincati/public/metrics.promsock,retry=600,interval=0.1';

const UNITS = join(import.meta.dirname, '../../monitoring/systemd');

/** A process under the unit's own restrictions, which reports what it may do. */
const PROBE_EXEC = '/usr/local/bin/probe';

describe.skipIf(whyNot !== undefined)(`a host${whyNot === undefined ? '' : ` (${whyNot})`}`, () => {
  let host: BootedHost;
  beforeAll(async () => {
    host = await BootedHost.boot({
      files: {
        '/etc/zincati/config.d/20-platform.toml': '[identity]\nplatform = "metal"\n',
        '/etc/zincati/config.d/90-off.toml': '[updates]\nenabled = false\n',
        '/etc/systemd/system/stuck.service': STUCK,
        '/etc/systemd/system/boot-check.service': BOOT_CHECK,
        '/etc/systemd/system/boot-complete.target.d/10-check.conf': CHECKED,
        // Restarts as usual, but sooner, so that the test need not wait for them.
        '/etc/systemd/system/zincati.service.d/10-soon.conf': '[Service]\nRestartSec=100ms\n',
        '/usr/share/polkit-1/actions/org.projectatomic.rpmostree1.policy': POLICY,
      },
      wanted: ['stuck.service', 'boot-complete.target'],
    });
    return () => host[Symbol.asyncDispose]();
  });

  const restart = () => host.run('systemctl', 'restart', UNIT);
  /** The agent owns its name on the bus soon after it is ready. */
  const served = () => host.sh('gdbus wait --system --timeout 150 org.coreos.zincati');

  it('B33: runs the agent while another unit hangs and the boot is never complete', async () => {
    expect(await host.property('stuck.service', 'ActiveState')).toBe('activating');
    expect(await host.property('multi-user.target', 'ActiveState')).toBe('inactive');
    expect(await host.property('boot-complete.target', 'ActiveState')).toBe('inactive');
    expect(await host.property(UNIT, 'ActiveState')).toBe('active');
    expect(await host.property(UNIT, 'StatusText')).toBe(
      'initialization complete, auto-updates logic disabled by configuration',
    );
  });

  it('does not let the agent become more than it is', async () => {
    const status = await host.sh(`cat /proc/$(systemctl show --property=MainPID --value ${UNIT})/status`);
    const fields = status.split('\n');
    const zincati = await host.sh('id -u zincati');
    expect(fields).toContain(['Uid:', zincati, zincati, zincati, zincati].join('\t'));
    for (const field of ['CapPrm', 'CapBnd', 'CapAmb']) {
      expect(fields).toContain(`${field}:\t${'0'.repeat(16)}`);
    }
    expect(fields).toContain('NoNewPrivs:\t1');
    expect(fields).toContain('Seccomp:\t2');
  });

  it('shows the metrics to everybody, and under the old name to who was allowed there', async () => {
    const nobody = await host.runAs('nobody', 'socat', '-', METRICS);
    expect(nobody.stdout).toMatch(/^# HELP process_start_time_seconds/);
    const old = 'UNIX-CONNECT:/run/zincati/private/metrics.promsock';
    expect((await host.run('socat', '-', old)).stdout).toMatch(/^# HELP process_start_time_seconds/);
    expect((await host.runAs('nobody', 'socat', '-', old)).status).not.toBe(0);
  });

  describe('the units of monitoring/systemd', () => {
    const FOLDER = '/var/lib/node_exporter';

    beforeAll(async () => {
      for (const name of readdirSync(UNITS)) {
        await host.write(`/etc/systemd/system/${name}`, readFileSync(join(UNITS, name), 'utf8'));
      }
      await host.sh(`systemctl daemon-reload && mkdir -p ${FOLDER}`);
    });

    it('offer the metrics over TCP', async () => {
      await host.sh('systemctl start zincati-metrics.socket');
      const metrics = await host.sh('curl -fsS --max-time 60 http://127.0.0.1:10190/metrics');
      expect(metrics).toMatch(/^zincati_update_agent_updates_enabled 0$/m);
      await host.sh('systemctl stop zincati-metrics.socket zincati-metrics.service');
    });

    it('write a text file that everybody can read, without what node_exporter has itself', async () => {
      await host.sh('systemctl start zincati-textfile.service');
      const { stdout } = await host.runAs('nobody', 'cat', `${FOLDER}/zincati.prom`);
      expect(stdout).toMatch(/^zincati_update_agent_updates_enabled 0$/m);
      expect(stdout).not.toContain('process_start_time_seconds');
      expect(await host.sh(`ls ${FOLDER}`)).toBe('zincati.prom');
      await host.sh('systemctl start zincati-textfile.timer');
      expect(await host.property('zincati-textfile.timer', 'ActiveState')).toBe('active');
      await host.sh('systemctl stop zincati-textfile.timer');
    });

    it('leave the text file as it is while no agent answers', async () => {
      await host.sh(`systemctl stop ${UNIT}`);
      const before = await host.sh(`stat -c '%y %s' ${FOLDER}/zincati.prom`);
      expect((await host.run('systemctl', 'start', 'zincati-textfile.service')).status).not.toBe(0);
      expect(await host.sh(`stat -c '%y %s' ${FOLDER}/zincati.prom`)).toBe(before);
      await host.sh(`systemctl start ${UNIT}`);
    });
  });

  describe('the bus', () => {
    const NAME = 'org.coreos.zincati';
    const OWN = ['call', 'org.freedesktop.DBus', '/', 'org.freedesktop.DBus', 'RequestName', 'su', NAME, '4'];
    const MOO = ['call', NAME, '/org/coreos/zincati', `${NAME}.Experimental`, 'Moo', 'b', 'false'];

    it('lets root call the agent, and nobody else', async () => {
      await served();
      expect((await host.run('busctl', ...MOO)).stdout).toBe('s "moo."\n');
      expect((await host.run('/usr/libexec/zincati', 'ex', 'moo', '--talkative')).stdout).toBe(
        'Moooo mooo moooo!\n',
      );
      for (const user of ['nobody', 'zincati']) {
        const refused = await host.runAs(user, 'busctl', ...MOO);
        expect([refused.status, refused.stderr], user).toEqual([1, expect.stringMatching(/Access denied/i)]);
      }
    });

    it('lets everybody look, and root set the log level', async () => {
      await served();
      const looked = await host.runAs('nobody', 'busctl', 'introspect', NAME, '/org/coreos/zincati');
      expect([looked.status, looked.stdout]).toEqual([0, expect.stringContaining(`${NAME}.Experimental`)]);
      const level = () => host.sh(`systemctl service-log-level ${UNIT}`);
      expect(await level()).toBe('info');
      await host.sh(`systemctl service-log-level ${UNIT} debug`);
      expect(await level()).toBe('debug');
      const set = [
        'set-property',
        NAME,
        '/org/freedesktop/LogControl1',
        'org.freedesktop.LogControl1',
      ] as const;
      const refused = await host.runAs('nobody', 'busctl', ...set, 'LogLevel', 's', 'err');
      expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(/Access denied/i)]);
      expect(await level()).toBe('debug');
      await host.sh(`systemctl service-log-level ${UNIT} info`);
    });

    it('lets root and the agent have the name, and nobody else', async () => {
      await host.run('systemctl', 'stop', UNIT);
      for (const user of ['root', 'zincati']) {
        expect((await host.runAs(user, 'busctl', ...OWN)).stdout, user).toBe('u 1\n');
      }
      const refused = await host.runAs('nobody', 'busctl', ...OWN);
      expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(/Access denied/i)]);
      await restart();
    });
  });

  describe('polkit', () => {
    const ask = async (user: string, action: string): Promise<boolean> => {
      const id = `org.projectatomic.rpmostree1.${action}`;
      const { status, stderr } = await host.runAs(
        user,
        ...(['sh', '-c', `exec pkcheck --action-id ${id} --process $$`] as const),
      );
      // 0 means authorized. 2 means that a password is needed, and there is nobody to ask for it.
      expect([0, 2], `${user} ${action}: ${stderr}`).toContain(status);
      return status === 0;
    };

    it.each(ACTIONS)('lets the agent %s, and nobody else', async (action) => {
      expect(await ask('zincati', action)).toBe(true);
      expect(await ask('nobody', action)).toBe(false);
    });

    it('answers the agent about others, who may check and nothing else', async () => {
      const about = async (asker: string, action: string) => {
        const subject = `exec 3< <(setpriv --reuid=nobody --clear-groups sh -c 'echo $$; exec sleep 60')`;
        const question = `setpriv --reuid=${asker} --clear-groups pkcheck --action-id org.coreos.zincati.${action}`;
        const script = `${subject}; read -r pid <&3; ${question} --process $pid; status=$?; kill $pid; exit $status`;
        return host.run('bash', '-c', script);
      };
      expect(await about('zincati', 'check')).toMatchObject({ status: 0 });
      for (const action of ['stage', 'reboot', 'reboot-over-people', 'hold', 'deny', 'reload']) {
        expect([action, (await about('zincati', action)).status]).toEqual([action, 2]);
      }
      const stranger = await about('daemon', 'check');
      expect([stranger.status, stranger.stderr]).toEqual([127, expect.stringContaining('trusted callers')]);
    });

    it.each(OTHER_ACTIONS)('does not let the agent %s', async (action) => {
      expect(await ask('zincati', action)).toBe(false);
    });
  });

  describe('a process in the place of the agent', () => {
    /** Runs a script under all settings of the unit, and returns its output. */
    const probe = async (script: string): Promise<string> => {
      await host.write(PROBE_EXEC, `#!/bin/sh\n${script}\n`);
      const edits = [
        `s,^ExecStart=.*,ExecStart=${PROBE_EXEC}\\nStandardOutput=truncate:/run/probe.out,`,
        's,^Type=.*,Type=oneshot,',
        // No two units may have the same one.
        '/^BusName=/d',
        '/^Restart/d',
        '/^WatchdogSec/d',
      ];
      await host.sh(`chmod 755 ${PROBE_EXEC}
        sed ${edits.map((edit) => `-e '${edit}'`).join(' ')} /usr/lib/systemd/system/${UNIT} \
          >/run/systemd/system/probe.service
        systemctl daemon-reload
        systemctl start probe.service`);
      return host.sh('cat /run/probe.out');
    };

    // Terminals as logins create them: owned by the user, and group tty may write. One is a console of the
    // kind that the unit hides from /dev. This host has none, so the test creates it.
    const TERMINALS = `
import os, pty, subprocess, sys, tty
def login():
    master, slave = pty.openpty()
    tty.setraw(slave)
    os.fchmod(slave, 0o620)
    os.chown(os.ttyname(slave), 65534, 5)
    os.set_blocking(master, False)
    return master, os.ttyname(slave)
remote, console = login(), login()
open("/dev/tty5", "w").close()
subprocess.run(["mount", "--bind", console[1], "/dev/tty5"], check=True)
open("/run/terminal", "w").write(remote[1])
status = subprocess.run(["systemctl", "start", "probe.service"]).returncode
subprocess.run(["umount", "/dev/tty5"], check=True)
os.remove("/dev/tty5")
if status != 0:
    sys.exit("the probe must succeed")
for master, name in remote, console:
    print(os.read(master, 100).decode().strip())
`;

    it('writes to terminals', async () => {
      await probe('true');
      await host.write(
        PROBE_EXEC,
        `#!/bin/sh
        echo "about to reboot" >"$(cat /run/terminal)"
        echo "about to reboot, on the console" >/run/zincati-terminals/tty5
        ls /run/zincati-terminals
        [ ! -e /dev/tty5 ] && echo hidden\n`,
      );
      await host.write('/run/terminals.py', TERMINALS);
      expect(await host.sh('/usr/bin/python3 /run/terminals.py')).toBe(
        'about to reboot\nabout to reboot, on the console',
      );
      // Consoles that the host lacks are not created, and nothing is left on the host.
      expect(await host.sh('cat /run/probe.out')).toBe('tty5\nhidden');
      expect(await host.sh('ls -A /run/zincati-terminals')).toBe('');
    });

    it('writes where the agent has to, and nowhere else', async () => {
      const output = await probe(`
        for folder in /var/lib/zincati /run/zincati /run/zincati/public /run/motd.d/zincati /tmp \
          /etc /usr /boot /var /run /run/motd.d /home; do
          if touch $folder/probe 2>/dev/null; then echo "$folder"; rm $folder/probe; fi
        done`);
      expect(output.split('\n').slice(0, 5)).toEqual([
        '/var/lib/zincati',
        '/run/zincati',
        '/run/zincati/public',
        '/run/motd.d/zincati',
        '/tmp',
      ]);
      expect(output.split('\n')).toHaveLength(5);
    });

    it('reads what the agent has to, and asks the bus', async () => {
      await host.write('/run/metadata/afterburn', 'AFTERBURN_AWS_REGION=eu-central-1\n');
      await host.write('/etc/ssl/certs/host.pem', 'of the host\n');
      const output = await probe(`
        cd /
        for file in /proc/cmdline /proc/uptime /proc/sys/kernel/random/boot_id /proc/self/mountinfo /etc/machine-id \\
          /etc/os-release /etc/localtime /usr/share/zoneinfo/Europe/Berlin /etc/ssl/certs/host.pem \\
          /etc/zincati/config.d/20-platform.toml /run/metadata/afterburn; do
          head -c 1 $file | wc -c | grep -qx 1 || echo "cannot read $file"
        done
        [ "$(stat -f -c %b /boot)" -gt 0 ] || echo 'cannot tell the space of /boot'
        busctl --system call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager ListInhibitors
        busctl --system get-property org.freedesktop.systemd1 /org/freedesktop/systemd1 \\
          org.freedesktop.systemd1.Manager Version
        busctl --system call org.freedesktop.systemd1 /org/freedesktop/systemd1 \\
          org.freedesktop.systemd1.Manager LoadUnit s dbus-org.freedesktop.login1.service`);
      // The alias by which logind is started leads to its unit, which anybody may ask for.
      expect(output).toMatch(
        /^a\(ssssuu\) \d+.*\ns "\d+[^"]*"\no "\/org\/freedesktop\/systemd1\/unit\/[^"]*login[^"]*"$/,
      );
    });

    it('sees nobody else, and no other device', async () => {
      const output = await probe(`
        ls -d /proc/1 2>/dev/null
        dd if=/dev/urandom of=/dev/null bs=1 count=1 2>/dev/null && echo urandom
        unshare --user true 2>/dev/null && echo namespace
        ls -d /dev/kmsg /dev/fuse /dev/loop-control /dev/kvm 2>/dev/null
        cat /proc/sys/kernel/random/boot_id >/dev/null && echo boot_id`);
      expect(output.split('\n')).toEqual(['urandom', 'boot_id']);
    });
  });

  describe('systemctl reload', () => {
    const MORE = '/etc/zincati/config.d/95-more.toml';
    const reload = async (toml: string): Promise<string> => {
      const cursor = await host.cursor();
      await host.write(MORE, toml);
      expect((await host.run('systemctl', 'reload', UNIT)).status).toBe(0);
      await host.journal(cursor, 'the configuration was read again');
      return cursor;
    };

    it('has the configuration read again by the same process', async () => {
      const pid = await host.property(UNIT, 'MainPID');
      const cursor = await reload('updates.strategy = "manual"\n');
      await host.journal(cursor, 'update strategy: manual');
      await host.journal(cursor, 'Reloaded zincati.service');
      expect(await host.property(UNIT, 'MainPID')).toBe(pid);
      expect(await host.property(UNIT, 'ActiveState')).toBe('active');
    });

    it('shows that what is on disk cannot be used, until it can', async () => {
      const pid = await host.property(UNIT, 'MainPID');
      const bad = await reload('updates.strategy = "imediate"\n');
      const said = await host.sh(`journalctl --after-cursor='${bad}' -u ${UNIT} -o cat`);
      expect(said).toMatch(/is refused.*95-more\.toml: updates\.strategy.*imediate/s);
      expect(await host.sh(`systemctl status ${UNIT}`)).toContain(
        'updates are DEGRADED (configuration_refused) since ',
      );
      await host.sh('until [ -s /run/motd.d/86-zincati-health.motd ]; do sleep 0.1; done');
      expect(await host.sh('cat /run/motd.d/86-zincati-health.motd')).toMatch(
        /^Automatic updates are DEGRADED/,
      );
      expect(await host.property(UNIT, 'ActiveState')).toBe('active');
      await host.sh(`rm ${MORE} && systemctl reload ${UNIT}`);
      await host.journal(bad, 'updates are OK again');
      await host.becomes(UNIT, 'StatusText', /^(?!.*cannot be used)/);
      expect(await host.property(UNIT, 'MainPID')).toBe(pid);
    });
  });

  describe('docs/hardening.md', () => {
    const text = readFileSync(new URL('../../docs/hardening.md', import.meta.url), 'utf8');
    /** Each drop-in, with the score that its first line promises. */
    const dropIns = [...text.matchAll(/```ini\n(# gives (\d\.\d)\n[^`]+)```/g)].map(
      ([, dropIn = '', score = '']) => [dropIn, score] as const,
    );

    it('has drop-ins', () => {
      expect(dropIns).toHaveLength(text.split('```ini').length - 1);
      expect(dropIns.length).toBeGreaterThan(3);
    });

    it.each(dropIns)('the agent does its work with\n%s', async (dropIn, score) => {
      await host.write(`/run/systemd/system/${UNIT}.d/60-hardening.conf`, dropIn);
      await host.sh('systemctl daemon-reload');
      expect((await restart()).status).toBe(0);
      await served();
      expect((await host.run('/usr/libexec/zincati', 'ex', 'moo')).stdout).toBe('moo.\n');
      expect((await host.runAs('nobody', 'socat', '-', METRICS)).stdout).toMatch(/^# HELP/);
      expect(await host.sh(`systemd-analyze security ${UNIT} | tail -n 1`)).toContain(` ${score} `);
      await host.sh(`rm /run/systemd/system/${UNIT}.d/60-hardening.conf && systemctl daemon-reload`);
    });
  });

  describe('when it goes wrong', () => {
    it('B27: a configuration that cannot be used fails the unit once, with the reason', async () => {
      await host.write('/etc/zincati/config.d/99-bad.toml', '[updates]\nstrategy = "imediate"\n');
      const cursor = await host.cursor();
      expect((await restart()).status).not.toBe(0);
      expect(await host.property(UNIT, 'ActiveState')).toBe('failed');
      expect(await host.property(UNIT, 'ExecMainStatus')).toBe('78');
      expect(await host.property(UNIT, 'NRestarts')).toBe('0');
      const said = await host.sh(`journalctl --after-cursor='${cursor}' -u ${UNIT} -o cat`);
      expect(said).toMatch(/99-bad\.toml.*strategy.*imediate/);
      await host.sh('rm /etc/zincati/config.d/99-bad.toml');
      expect((await restart()).status).toBe(0);
    });

    it('starts with an empty ZINCATI_VERBOSITY', async () => {
      await host.write(
        '/run/systemd/system/zincati.service.d/20-quiet.conf',
        '[Service]\nEnvironment=ZINCATI_VERBOSITY=\n',
      );
      await host.sh('systemctl daemon-reload');
      expect((await restart()).status).toBe(0);
      await host.sh('rm /run/systemd/system/zincati.service.d/20-quiet.conf && systemctl daemon-reload');
    });

    it('B26: an agent that dies is started again', async () => {
      const cursor = await host.cursor();
      await host.sh(`systemctl kill --signal=KILL ${UNIT}`);
      await host.journal(cursor, 'Started zincati.service');
      expect(await host.property(UNIT, 'NRestarts')).toBe('1');
    });

    it('F2: crash after crash ends in an agent that is up, idle and says why', async () => {
      // Enough for a check to be the next thing, and more crashes than systemd's own limit allows.
      await host.sh('mv /etc/zincati/config.d/90-off.toml /run/90-off.toml');
      expect((await restart()).status).toBe(0);
      const cursor = await host.cursor();
      for (let crash = 1; crash <= 8; crash += 1) {
        const pid = await host.property(UNIT, 'MainPID');
        await host.sh(`systemctl kill --signal=KILL ${UNIT}`);
        await host.becomes(UNIT, 'MainPID', new RegExp(`^(?!${pid}$|0$)`));
        await host.becomes(UNIT, 'ActiveState', 'active');
      }
      await host.journal(cursor, 'the last 8 starts crashed: idle until .*, with neither checks nor staging');
      await host.becomes(
        UNIT,
        'StatusText',
        /^idle until [^;]+; .*DEGRADED \(crashing\) since [^:]+.*the agent crashed 8 times in a row: its journal says why/,
      );
      expect(await host.property(UNIT, 'NRestarts')).toBe('8');
      await host.sh('until [ -s /run/motd.d/86-zincati-health.motd ]; do sleep 0.1; done');
      const status = await host.run('zincati', 'status');
      expect([status.status, status.stdout]).toEqual([
        0,
        expect.stringContaining('crashed 8 times in a row'),
      ]);
      // A person who has mended it restarts the unit, and the agent works again.
      await host.sh('mv /run/90-off.toml /etc/zincati/config.d/90-off.toml');
      expect((await restart()).status).toBe(0);
      await host.becomes(UNIT, 'StatusText', /auto-updates logic disabled by configuration/);
    });

    it('an agent that hangs is killed and started again', async () => {
      const impatient = '/run/systemd/system/zincati.service.d/20-impatient.conf';
      await host.write(impatient, '[Service]\nWatchdogSec=5s\n');
      await host.sh('systemctl daemon-reload');
      expect((await restart()).status).toBe(0);
      const cursor = await host.cursor();
      await host.sh(`systemctl kill --signal=STOP ${UNIT}`);
      await host.journal(cursor, 'Watchdog timeout');
      await host.journal(cursor, 'Started zincati.service');
      expect(await host.property(UNIT, 'ActiveState')).toBe('active');
      await host.sh(`rm ${impatient} && systemctl daemon-reload`);
      expect((await restart()).status).toBe(0);
    });

    it('stops within its time, and leaves what others put into its folders', async () => {
      await host.sh('touch /run/zincati/override-interactive-check');
      await host.sh(`systemctl stop ${UNIT}`);
      // After TimeoutStopSec it would be "timeout".
      expect(await host.property(UNIT, 'Result')).toBe('success');
      expect(await host.sh('cd /run/zincati && ls')).toBe(
        'config.d\noverride-interactive-check\nprivate\npublic',
      );
      await host.sh(`rm /run/zincati/override-interactive-check && systemctl start ${UNIT}`);
    });

    it('finds no folder of its own below /run, and makes it', async () => {
      await host.sh(`systemctl stop ${UNIT} && rm -r /run/zincati && systemctl start ${UNIT}`);
      const read = await host.runAs('nobody', 'socat', '-', METRICS);
      expect(read.stdout).toMatch(/^# HELP process_start_time_seconds/);
      await host.sh('systemd-tmpfiles --create zincati.conf');
    });
  });

  describe('zincati-update-now', () => {
    const update = () => host.run('zincati-update-now');

    it('B25: says so when updates are turned off, and leaves nothing', async () => {
      const started = await host.property(UNIT, 'ActiveEnterTimestampMonotonic');
      const { status, stderr } = await update();
      expect(status).toBe(4);
      expect(stderr).toMatch(/^updates are switched off by configuration\nset updates\.enabled in /);
      expect(
        await host.sh('find /run/zincati* -name "*.toml" -o -name "*update-now*" -o -name "override*"'),
      ).toBe('');
      expect(await host.property(UNIT, 'ActiveEnterTimestampMonotonic')).toBe(started);
    });

    it('is for root', async () => {
      const { status, stderr } = await host.runAs('nobody', 'zincati-update-now');
      expect([status, stderr]).toEqual([1, 'zincati-update-now: cannot go on: it must be run by root\n']);
    });
  });
});
