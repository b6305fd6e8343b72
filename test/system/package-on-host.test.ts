/**
 * The packages on a running host: they replace Zincati, and are upgraded and removed, by the real rpm under
 * real systemd.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { BootedHost } from '../support/booted-host.ts';
import { buildPackage } from '../support/rpm-root.ts';
import { ZINCATI_PACKAGE } from '../support/zincati-package.ts';

const PROJECT = join(import.meta.dirname, '../..');
const UNIT = 'zincati.service';
const USER_FILE = '/etc/zincati/config.d/90-off.toml';
const ARCHITECTURE = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const DISABLED_TEXT = 'initialization complete, auto-updates logic disabled by configuration';
const whyNot = BootedHost.whyNot();

/** The commands below a heading of docs/install.md, unchanged. */
function commands(heading: string, which: number): string {
  const text = readFileSync(join(PROJECT, 'docs/install.md'), 'utf8');
  const chapter = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))!;
  const block = [...chapter.matchAll(/^```\n([\s\S]*?)^```/gm)][which]![1]!;
  // Quickly made packages have other names.
  return block.replaceAll('.tar.xz', '.tar.gz').replaceAll('x86_64', ARCHITECTURE);
}

describe.skipIf(whyNot !== undefined)(
  `packages on a host${whyNot === undefined ? '' : ` (${whyNot})`}`,
  () => {
    // The host has this machine's files below its own, except /tmp.
    let folder = '';
    let zincati = '';
    let ours = '';
    let fleet = '';
    beforeAll(() => {
      folder = mkdtempSync('/var/tmp/packages-');
      const script = join(PROJECT, 'scripts/package.mjs');
      execFileSync(process.execPath, [script, '--quick', '--arch', ARCHITECTURE, '--out', folder], {
        env: { ...process.env, SOURCE_DATE_EPOCH: '1700000000' },
      });
      const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
        version: string;
      };
      fleet = join(folder, `zincati-fleet-${version}-1.${ARCHITECTURE}.rpm`);
      ours = join(folder, `zincati-ng-${version}-1.${ARCHITECTURE}.rpm`);
      zincati = buildPackage(folder, ZINCATI_PACKAGE);
      return () => rmSync(folder, { recursive: true, force: true });
    });

    let host: BootedHost;
    beforeEach(async () => {
      host = await BootedHost.boot({
        withAgent: false,
        files: {
          '/etc/zincati/config.d/20-platform.toml': '[identity]\nplatform = "metal"\n',
          [USER_FILE]: '[updates]\nenabled = false\n',
        },
      });
      // A Debian host has no rpm packages, so none that ours require.
      await host.sh(`rpm --nodeps -i ${zincati}`);
    });
    afterEach(() => host[Symbol.asyncDispose]());

    const facts = async (): Promise<string> =>
      host.sh(`systemctl is-enabled ${UNIT}; systemctl is-active ${UNIT}; true`);
    /** Waits for a start that the transaction has requested. */
    const started = async (): Promise<void> => {
      await host.sh(`systemctl start ${UNIT}`);
      expect(await host.property(UNIT, 'StatusText')).toBe(DISABLED_TEXT);
    };
    const program = async (): Promise<string> =>
      host.sh(`readlink /proc/$(systemctl show --property=MainPID --value ${UNIT})/exe`);

    /** It owns its name on the bus soon after it is ready. */
    const moo = (place: string): Promise<string> =>
      host.sh(`for n in $(seq 100); do ${place} ex moo 2>/dev/null && exit; sleep 0.1; done; exit 1`);

    it('brings a lock server, which runs hardened, and keeps its slots over a restart', async () => {
      await host.sh(`rpm --nodeps -i ${fleet}`);
      const config =
        '[sqlite]\nfile = "/var/lib/zincati-fleet-lockd/locks.db"\n\n[[group]]\nname = "default"\nslots = 1\n';
      await host.sh(`mkdir -p /etc/zincati-fleet && printf %s '${config}' >/etc/zincati-fleet/lockd.toml`);
      const LOCKD = 'zincati-fleet-lockd.service';
      const ask = (api: string, id: string): Promise<string> =>
        host.sh(
          `curl -sS -H 'fleet-lock-protocol: true' --retry 20 --retry-connrefused --retry-delay 1 ` +
            `-d '{"client_params":{"id":"${id}","group":"default"}}' http://127.0.0.1:9090/v1/${api}`,
        );
      await host.sh(`systemctl start ${LOCKD}`);
      expect(await ask('pre-reboot', 'node-1')).toBe('{}');
      expect(await ask('pre-reboot', 'node-2')).toContain('"kind":"all_slots_full"');
      expect(await host.sh(`systemctl show --property=User,DynamicUser --value ${LOCKD}`)).not.toContain(
        'root',
      );
      await host.sh(`systemctl restart ${LOCKD}`);
      expect(await ask('pre-reboot', 'node-2')).toContain('"kind":"all_slots_full"');
      expect(await host.sh('zincati-fleet locks list')).toMatch(/^default: 1 of 1 slots lent\n  node-1 /);
      await host.sh(
        `sed -i 's/slots = 1/slots = 2/' /etc/zincati-fleet/lockd.toml && systemctl reload ${LOCKD}`,
      );
      expect(await ask('steady-state', 'node-1')).toBe('{}');
      await host.sh(`systemctl stop ${LOCKD}`);
      expect(await host.property(LOCKD, 'Result')).toBe('success');
      await host.sh('rpm -e zincati-fleet');
      expect(await host.sh('find /usr /etc -xdev -name "*zincati-fleet*" 2>/dev/null')).toBe(
        '/etc/zincati-fleet',
      );
    });

    it('goes on where Zincati ran, is restarted by an upgrade, and leaves nothing behind', async () => {
      await host.sh(`systemctl start ${UNIT}`);
      expect(await facts()).toBe('enabled\nactive');

      await host.sh(`rpm --nodeps -U ${ours}`);
      expect(await facts()).toMatch(/^enabled\nacti(?:ve|vating)$/);
      await started();
      expect(await program()).toBe('/usr/lib/zincati/program/node');
      expect(await moo('/usr/libexec/zincati')).toBe('moo.');
      expect(await host.sh('stat --format=%U:%a /run/zincati/public')).toBe('zincati:775');

      const before = await host.property(UNIT, 'MainPID');
      await host.sh(`rpm --nodeps -U --replacepkgs ${ours}`);
      await started();
      expect(await host.property(UNIT, 'MainPID')).not.toBe(before);
      expect(await facts()).toBe('enabled\nactive');

      await host.sh('rpm -e zincati-ng');
      expect((await host.run('systemctl', 'cat', UNIT)).status).not.toBe(0);
      expect(
        await host.sh('find /etc/systemd /usr -name "*zincati*"; cat /etc/passwd | grep -c ^zincati:'),
      ).toBe('1');
      expect(await host.sh(`cat ${USER_FILE}`)).toBe('[updates]\nenabled = false');
    });

    it('leaves off what was off', async () => {
      await host.sh(`systemctl disable ${UNIT}`);
      await host.sh(`rpm --nodeps -U ${ours}`);
      expect(await facts()).toBe('disabled\ninactive');
      await host.sh(`rpm --nodeps -U --replacepkgs ${ours}`);
      expect(await facts()).toBe('disabled\ninactive');
      await host.sh('rpm -e zincati-ng');

      // A first installation follows the presets of the host; nothing is started unasked.
      await host.sh(`rpm --nodeps -i ${ours}`);
      expect(await facts()).toBe('enabled\ninactive');
      await host.sh(`systemctl mask --now ${UNIT} && rpm --nodeps -U --replacepkgs ${ours}`);
      expect(await facts()).toBe('masked\ninactive');
    });

    it('runs from /usr/local in front of Zincati, and gives way to it again', async () => {
      await host.sh(`systemctl start ${UNIT}`);
      const inFolder = (script: string): string => `set -e; cd ${folder}; ${script}`;
      for (const times of ['installed', 'and upgraded']) {
        await host.sh(inFolder(commands('Into /usr/local', 0)));
        expect(await facts(), times).toBe('enabled\nactive');
        expect(await host.property(UNIT, 'StatusText')).toBe(DISABLED_TEXT);
        expect(await program()).toBe('/usr/local/lib/zincati/program/node');
        expect(await moo('/usr/local/libexec/zincati')).toBe('moo.');
      }
      // Zincati itself is unchanged.
      expect((await host.run('rpm', '-V', '--nodeps', 'zincati')).stdout).toBe('');

      await host.sh(inFolder(commands('Uninstall', 1)));
      expect(await host.sh('find /etc /usr/local -name "*zincati*"')).toBe('/etc/zincati');
      await host.sh(`systemctl enable --now ${UNIT}`);
      expect(await facts()).toBe('enabled\nactive');
      expect(await host.property(UNIT, 'FragmentPath')).toMatch(/^(?:\/usr)?\/lib\//);
      expect(await host.property(UNIT, 'StatusText')).toBe('');
    });
  },
);
