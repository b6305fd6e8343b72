/**
 * An operator on a host that boots, with the real unit, system bus, polkit and control group. They come as root, as a
 * user whom polkit allows something, as one whom it does not, and as one who means harm.
 *
 * The tests follow one node from its first staged release to the end of its agent. They run in order.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { carriedHistory } from '../../sandbox/releases.ts';
import { BootedHost } from '../support/booted-host.ts';
import { TestAuthority } from '../support/certificates.ts';
import type { Result } from '../support/host-shell.ts';
import { LineProcess } from '../support/line-process.ts';
import { rpmOstreedFiles } from '../support/rpm-ostreed-host.ts';

const UNIT = 'zincati.service';
const SERVERS = new URL('../support/host-servers.ts', import.meta.url).pathname;
const OLD = '43.20260413.3.2';
const NEWEST = '44.20260707.3.1';
const OTHER = '43.20260511.3.0';
const MEBIBYTE = 2 ** 20;
const whyNot = BootedHost.whyNot();

/** The attacker's program, where every user of the host can read it. */
const ATTACK = '/usr/local/libexec/hostile-caller.py';
const RULE = '/etc/polkit-1/rules.d/60-alice.rules';
const MAY_HOLD = `polkit.addRule(function (action, subject) {
  if (action.id === 'org.coreos.zincati.hold' && subject.user === 'alice') return polkit.Result.YES;
});
`;
const LOCKS = '/etc/zincati/config.d/92-locks.toml';
/** Only root and the agent may read it. */
const PRIVATE = '/etc/zincati/config.d/95-private.toml';
const AGENT1 = ['org.coreos.zincati', '/org/coreos/zincati', 'org.coreos.zincati.Agent1'] as const;

/** Never open while the tests run: the month is over, or has not begun. */
function windowElsewhere(): string {
  const month = ((new Date().getUTCMonth() + 6) % 12) + 1;
  return `strategy = "periodic"
[[updates.periodic.window]]
day_of_month = 1
months = ${month}
start_time = "02:00"
length_minutes = 60
`;
}

describe.skipIf(whyNot !== undefined)(`an operator${whyNot === undefined ? '' : ` (${whyNot})`}`, () => {
  let host: BootedHost;
  let alice = 0;
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
            bytes: 1e6,
            streamIn: ['fedora-coreos.stream'] as const,
          })),
          booted: OLD,
        }),
        '/etc/zincati/config.d/20-platform.toml': '[identity]\nplatform = "metal"\n',
        '/etc/zincati/config.d/90-off.toml': '[updates]\nenabled = false\n',
        '/usr/lib/sysusers.d/60-people.conf': 'u alice - "Alice"\nu mallory - "Mallory"\n',
        '/etc/zincati/lock/ca.pem': authority.cert,
        [ATTACK]: readFileSync(join(import.meta.dirname, '../support/hostile-caller.py'), 'utf8'),
      },
      wanted: ['boot-complete.target'],
    });
    const servers = new LineProcess('nsenter', [...host.networkOnly(), process.execPath, SERVERS]);
    servers.tell(JSON.stringify(await authority.issue('IP:127.0.0.1')));
    const { updates, locks: lockServer } = JSON.parse(await servers.line()) as {
      updates: string;
      locks: string;
    };
    locks = lockServer;
    const cursor = await host.cursor();
    await host.write(
      '/etc/zincati/config.d/90-off.toml',
      `[cincinnati]\nbase_url = "${updates}"\n[updates]\n${windowElsewhere()}`,
    );
    await host.sh(`systemctl restart ${UNIT} && gdbus wait --system --timeout 100 org.coreos.zincati`);
    await host.journal(cursor, 'reboot held by the update strategy: outside of maintenance windows');
    alice = Number(await host.sh('id -u alice'));
    return async () => {
      await servers.kill();
      await host[Symbol.asyncDispose]();
    };
  });

  const zincati = (...args: readonly string[]): Promise<Result> => host.run('zincati', ...args);
  const as = (user: string, ...args: readonly string[]): Promise<Result> =>
    host.runAs(user, 'zincati', ...args);
  const deployments = () => host.sh('cat /var/lib/stand-in/sysroot.json');
  /** What the agent and rpm-ostree's stand-in have on disk, with every time of every file. */
  const onDisk = () =>
    host.sh(
      "find /var/lib/zincati /var/lib/stand-in /ostree /run/zincati -printf '%p %s %i %m %T@ %C@\\n' | sort",
    );
  const refused = ({ status, stdout, stderr }: Result, line: string): void => {
    expect({ status, stdout, stderr }).toEqual({
      status: 6,
      stdout: '',
      stderr: `you are not permitted to do this\nsudo zincati ${line}\n`,
    });
  };

  describe('root', () => {
    it('looks, and nothing is written, nor rpm-ostree asked', async () => {
      const before = await onDisk();
      const daemon = await host.property('rpm-ostreed.service', 'InvocationID');
      const rpmOstree =
        await host.sh(`busctl call org.freedesktop.DBus / org.freedesktop.DBus GetNameOwner s \
        org.projectatomic.rpmostree1 | cut -d '"' -f 2`);
      await host.sh(`systemd-run --quiet --unit=watch --property=StandardOutput=truncate:/run/calls \
        --property=StandardError=truncate:/run/watching busctl --system --json=short monitor
        timeout 20 sh -c 'until grep -q Monitoring /run/watching; do sleep 0.05; done'`);
      const status = await zincati('status');
      expect(status).toMatchObject({ status: 0, stderr: '' });
      expect(status.stdout).toMatch(
        new RegExp(`^booted +${OLD} .*\\n?.*\\nstaged +${NEWEST} .*zincati reboot`, 'm'),
      );
      expect(status.stdout).toMatch(/^waits +no maintenance window is open; the next opens /m);
      const why = await zincati('why');
      expect(why).toMatchObject({ status: 0, stderr: '' });
      expect(why.stdout).toMatch(
        new RegExp(`^Not now: no maintenance window .*Earliest reboot: .*\\n${NEWEST} is staged\\.`),
      );
      expect(why.stdout).toMatch(/^ +window +NO /m);
      expect((await zincati('history')).stdout).toContain(NEWEST);
      for (const looking of [['calendar'], ['config', 'show'], ['hold'], ['denied'], ['status', '--json']]) {
        expect(await zincati(...looking), looking.join(' ')).toMatchObject({ status: 0, stderr: '' });
      }
      expect(await zincati('wait', '--for', 'staged')).toMatchObject({ status: 0 });
      expect((await zincati('reboot', '--dry-run')).status).toBe(4);
      await host.sh('systemctl stop watch');
      const calls = (await host.sh('cat /run/calls'))
        .split('\n')
        .map((line) => JSON.parse(line) as { type: string; destination?: string; member?: string })
        .filter(({ type }) => type === 'method_call');
      expect(calls.map(({ member }) => member)).toContain('Explain');
      const asked = calls.filter(({ destination = '' }) =>
        [rpmOstree, 'org.projectatomic.rpmostree1'].includes(destination),
      );
      expect(asked).toEqual([]);
      expect(await onDisk()).toBe(before);
      expect(await host.property('rpm-ostreed.service', 'InvocationID')).toBe(daemon);
    });

    it('holds and releases, denies and allows', async () => {
      expect(await zincati('hold', '--reason', 'release week')).toMatchObject({ status: 0, stderr: '' });
      expect((await zincati('status')).stdout).toMatch(/^hold +h1: no reboot .*by root.*release\s+week/ms);
      expect((await zincati('why')).stdout).toMatch(/^ +no hold +NO .*release week/m);
      expect(await zincati('release')).toMatchObject({ status: 0 });
      expect((await zincati('hold')).stdout).toBe('there is no hold\n');
      expect(await zincati('deny', OTHER, '--reason', 'bad')).toMatchObject({ status: 0 });
      expect((await zincati('denied')).stdout).toContain(OTHER);
      expect(await zincati('allow', OTHER)).toMatchObject({ status: 0 });
      expect((await zincati('denied')).stdout).not.toContain(OTHER);
    });

    it('is refused a reboot outside of the window, with the gate', async () => {
      const before = await deployments();
      const refusal = await zincati('reboot');
      expect(refusal).toMatchObject({ status: 4, stdout: '' });
      expect(refusal.stderr).toMatch(/^ +window +NO /m);
      expect(await deployments()).toBe(before);
    });

    it('lends slots to programs by a table that holds no reboot, and is told just that', async () => {
      const cursor = await host.cursor();
      await host.write(
        LOCKS,
        `[updates.fleet_lock]\nbase_url = "${locks}"\nca_file = "/etc/zincati/lock/ca.pem"\n`,
      );
      await host.sh(`systemctl reload ${UNIT}`);
      await host.journal(cursor, 'updates.fleet_lock holds no reboot, since updates.strategy is periodic; ');
      expect((await zincati('config', 'check')).stdout).not.toContain('no effect');
      expect(await zincati('lock', '--app', 'backup')).toMatchObject({ status: 0, stderr: '' });
      // The node itself asks for none: another program would be refused the only slot, and `why` has no such gate.
      expect((await zincati('lock', '--app', 'other')).status).toBe(4);
      expect((await zincati('why')).stdout).not.toContain('lock server');
      expect(await zincati('unlock', '--app', 'backup')).toMatchObject({ status: 0, stderr: '' });
      await host.sh(`rm ${LOCKS} && systemctl reload ${UNIT}`);
    });

    it('sets the log level', async () => {
      expect(await host.sh(`systemctl service-log-level ${UNIT}`)).toBe('info');
      await host.sh(`systemctl service-log-level ${UNIT} debug`);
      expect(await host.sh(`systemctl service-log-level ${UNIT}`)).toBe('debug');
      await host.sh(`systemctl service-log-level ${UNIT} info`);
    });
  });

  describe('a user', () => {
    it.each([
      [['status'], OLD],
      [['status', '--json'], NEWEST],
      [['why'], NEWEST],
      [['history'], NEWEST],
      [['calendar'], 'nothing in the next 14 days'],
      [['config', 'show'], 'updates.strategy = '],
      [['hold'], 'there is no hold'],
      [['denied'], ''],
    ])('looks: %j', async (args, expected) => {
      const { status, stdout, stderr } = await as('alice', ...args);
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain(expected);
    });

    it('looks where a file of the configuration is not for everybody', async () => {
      await host.write(PRIVATE, '[identity]\ngroup = "workers"\n');
      await host.sh(`chown root:zincati ${PRIVATE} && chmod 640 ${PRIVATE} && systemctl restart ${UNIT}`);
      await host.sh('gdbus wait --system --timeout 100 org.coreos.zincati');
      const shown = await as('alice', 'config', 'show', '--origin');
      expect([shown.status, shown.stderr]).toEqual([0, '']);
      expect(shown.stdout).toContain(`identity.group = "workers"  # ${PRIVATE}, in place of `);
      expect(shown.stdout).toBe((await zincati('config', 'show', '--origin')).stdout);
      // The agent has read it, and tells of its calendar.
      const calendar = await as('alice', 'calendar', '--days', '3');
      expect([calendar.status, calendar.stderr]).toEqual([0, '']);
      expect(calendar.stdout).toContain('nothing in the next 3 days');
      await host.sh(`rm ${PRIVATE} && systemctl restart ${UNIT}`);
    });

    it('learns what a reboot would do', async () => {
      expect(await as('alice', 'reboot', '--dry-run', '--override', 'window')).toMatchObject({ status: 0 });
      expect((await as('alice', 'reboot', '--dry-run')).status).toBe(4);
    });

    it.each([
      [['hold', '--for', '2d 12h', '--reason', "it's mine"], `hold --for '2d 12h' --reason 'it'\\''s mine'`],
      [['release', 'h1'], 'release h1'],
      [['update', '--ignore-rollout'], 'update --ignore-rollout'],
      [['update', '--reboot', '--override', 'window'], 'update --reboot --override window'],
      [['reboot'], 'reboot'],
      [['reboot', '--override', 'people'], 'reboot --override people'],
      [['deny', NEWEST], `deny ${NEWEST}`],
      [['allow', NEWEST], `allow ${NEWEST}`],
      [['discard'], 'discard'],
      [['cancel'], 'cancel'],
    ])('is refused %j with the line that root would type, and nothing changes', async (args, line) => {
      const before = await onDisk();
      refused(await as('alice', ...args), line);
      expect(await onDisk()).toBe(before);
    });

    it('is told the refusal as JSON too', async () => {
      const { status, stdout } = await as('alice', 'hold', '--for', '1h', '--json');
      expect(status).toBe(6);
      expect(JSON.parse(stdout)).toMatchObject({
        kind: 'Error',
        exitCode: 6,
        todo: 'sudo zincati hold --for 1h --json',
      });
    });

    it('asks for a check, as everybody may', async () => {
      // The second one gets the answer of the first, which has ended.
      for (let time = 1; time <= 2; time++) {
        expect(await as('alice', 'check')).toMatchObject({ status: 0, stderr: '' });
      }
    });

    it('holds what a rule allows, with their name in the history', async () => {
      await host.write(RULE, MAY_HOLD);
      await host.sh('systemctl restart polkit');
      const held = await as('alice', 'hold', '--reason', 'my experiment');
      expect(held).toMatchObject({ status: 0, stderr: '' });
      expect((await zincati('status')).stdout).toMatch(/by alice /);
      const history = (await zincati('history', '--json')).stdout;
      expect(JSON.parse(history)).toMatchObject({
        entries: expect.arrayContaining([
          expect.objectContaining({
            kind: 'request',
            fields: expect.objectContaining({ uid: alice, wish: 'hold', outcome: 'done' }) as unknown,
          }),
        ]) as unknown,
      });
      refused(await as('mallory', 'hold', '--for', '1h'), 'hold --for 1h');
      refused(await as('alice', 'update'), 'update');
      expect(await as('alice', 'release')).toMatchObject({ status: 0 });
      await host.sh(`rm ${RULE} && systemctl restart polkit`);
      refused(await as('alice', 'hold', '--for', '1h'), 'hold --for 1h');
    });
  });

  describe('without polkit', () => {
    it('root alone may act', async () => {
      await host.sh('systemctl mask --runtime --now polkit');
      expect(await zincati('hold', '--for', '1h')).toMatchObject({ status: 0 });
      refused(await as('alice', 'release'), 'release');
      refused(await as('alice', 'check'), 'check');
      expect(await as('alice', 'status')).toMatchObject({ status: 0, stderr: '' });
      expect(await zincati('release')).toMatchObject({ status: 0 });
      await host.sh('systemctl unmask --runtime polkit && systemctl start polkit');
      expect(await as('alice', 'check')).toMatchObject({ status: 0 });
    });
  });

  describe('an attacker', () => {
    it('gets errors and nothing else, while others are answered', async () => {
      // Somebody's job is on its way: without the newest release the agent stages another one, and the download stalls.
      await host.write('/var/lib/stand-in/faults.json', '{"faults":[{"kind":"stall","remaining":1}]}');
      const cursor = await host.cursor();
      expect(await zincati('discard')).toMatchObject({ status: 0 });
      await host.journal(cursor, 'target release .* selected');
      const staging = await host.sh(`busctl call ${AGENT1.join(' ')} Stage 'a{sv}' 1 ignore-rollout b true`);
      const job = /"(.*)"/.exec(staging)?.[1] ?? '';
      const jobState = () =>
        host.sh(`busctl get-property org.coreos.zincati ${job} org.coreos.zincati.Job1 State`);
      expect(await jobState()).toMatch(/waiting|running/);
      const pid = await host.property(UNIT, 'MainPID');
      const before = await onDisk();

      const attack = host.runAs('mallory', '/usr/bin/python3', ATTACK, '40', job);
      const during = await Promise.all([as('alice', 'status'), zincati('why')]);
      const { status, stdout, stderr } = await attack;
      expect([status, stderr]).toEqual([0, '']);
      expect(during.map((one) => one.status)).toEqual([0, 0]);

      const told = JSON.parse(stdout) as { calls: number; errors: Readonly<Record<string, number>> };
      expect(told).toMatchObject({ done: [], unanswered: 0 });
      expect(Object.values(told.errors).reduce((sum, count) => sum + count, 0)).toBe(told.calls);
      expect(Object.keys(told.errors)).not.toContain('org.freedesktop.DBus.Error.Failed');
      expect(Object.keys(told.errors)).not.toContain('org.coreos.zincati.Error.Failed');
      expect(await jobState()).toMatch(/waiting|running/);
      expect(await onDisk()).toBe(before);
      expect(await host.property(UNIT, 'MainPID')).toBe(pid);
      expect(await peakBytes(pid)).toBeLessThan(150 * MEBIBYTE);
      expect(await host.sh(`systemctl service-log-level ${UNIT}`)).toBe('info');
      expect(await as('mallory', 'status')).toMatchObject({ status: 0, stderr: '' });
      expect(await zincati('cancel')).toMatchObject({ status: 0 });
      expect(await jobState()).toMatch(/done|failed/);
      expect(await zincati('allow', NEWEST)).toMatchObject({ status: 0 });
      expect((await zincati('update')).stdout).toContain(NEWEST);
    });
  });

  describe('root, once more', () => {
    it('overrides the window, and the history has who did', async () => {
      const cursor = await host.cursor();
      expect(await zincati('reboot', '--override', 'window')).toMatchObject({ status: 0, stderr: '' });
      await host.journal(cursor, `update finalized: ${NEWEST}`);
      expect(JSON.parse(await deployments())).toMatchObject({
        deployments: [{ version: NEWEST, staged: true, finalizationLocked: false }, { version: OLD }],
      });
      expect(JSON.parse((await zincati('history', '--json')).stdout)).toMatchObject({
        entries: expect.arrayContaining([
          expect.objectContaining({
            fields: expect.objectContaining({ uid: 0, wish: 'reboot', overrides: 'window' }) as unknown,
          }),
        ]) as unknown,
      });
      const late = await zincati('hold', '--for', '1h');
      expect([late.status, late.stderr]).toEqual([4, expect.stringContaining('nothing can stop it')]);
    });
  });

  describe('without the agent', () => {
    const NEEDING = [
      ['why'],
      ['check'],
      ['update', '--to', NEWEST],
      ['reboot', '--override', 'window'],
      ['reboot', '--dry-run'],
      ['cancel'],
      ['discard'],
      ['hold'],
      ['hold', '--for', '1h'],
      ['release'],
      ['deny', NEWEST],
      ['allow', NEWEST],
      ['denied'],
      ['wait', '--for', 'staged'],
    ];
    const STOPPED = `the agent does not run: ${UNIT} is not started, and is enabled`;
    const START = `sudo systemctl start ${UNIT}`;

    it('every command that needs it says so in one sentence', async () => {
      await host.sh(`systemctl stop ${UNIT}`);
      for (const user of ['root', 'alice']) {
        for (const args of NEEDING) {
          const { status, stdout, stderr } = await as(user, ...args);
          expect({ args, status, stdout, stderr }).toEqual({
            args,
            status: 5,
            stdout: '',
            stderr: `${STOPPED}\n${START}\n`,
          });
        }
      }
    });

    it('status says so first, to everybody', async () => {
      for (const user of ['root', 'alice']) {
        const { status, stdout, stderr } = await as(user, 'status');
        expect([status, stderr]).toEqual([5, '']);
        expect(stdout.split('\n').slice(0, 4)).toEqual([STOPPED, START, '', expect.stringMatching(/^node /)]);
      }
      expect(JSON.parse((await zincati('status', '--json')).stdout)).toMatchObject({
        running: false,
        unit: { activeState: 'inactive', result: 'success', fileState: 'enabled' },
      });
    });

    it('the files that the caller may read are read', async () => {
      const before = await onDisk();
      const history = await zincati('history');
      expect([history.status, history.stderr]).toEqual([0, `${STOPPED}\n`]);
      expect(history.stdout).toContain(NEWEST);
      expect(await as('alice', 'history')).toMatchObject({ status: 5, stdout: '' });
      for (const user of ['root', 'alice']) {
        expect(await as(user, 'calendar')).toMatchObject({ status: 0, stderr: '' });
        expect(await as(user, 'config', 'show')).toMatchObject({ status: 0, stderr: '' });
      }
      expect(await onDisk()).toBe(before);
    });

    it('status has what systemd knows of a unit that failed', async () => {
      await host.write(PRIVATE, '[updates]\nstrategy = "imediate"\n');
      expect((await host.run('systemctl', 'restart', UNIT)).status).not.toBe(0);
      const { status, stdout } = await as('alice', 'status');
      expect(status).toBe(5);
      expect(stdout).toMatch(
        new RegExp(
          `^the agent does not run: ${UNIT} failed \\(exit-code, status 78\\).*\ncorrect the configuration`,
        ),
      );
      await host.sh(`rm ${PRIVATE} && systemctl mask --runtime ${UNIT} && systemctl reset-failed ${UNIT}`);
      expect((await zincati('status')).stdout).toMatch(
        /^the agent does not run: .* is masked\nsudo systemctl unmask/,
      );
    });
  });

  /** The most memory that the unit has had; without a memory controller, that its process has had. */
  async function peakBytes(pid: string): Promise<number> {
    const group = await host.property(UNIT, 'ControlGroup');
    const peak = await host.run('cat', `/sys/fs/cgroup${group}/memory.peak`);
    return peak.status === 0
      ? Number(peak.stdout)
      : 1024 * Number(await host.sh(`sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\) kB$/\\1/p' /proc/${pid}/status`));
  }
});
