/** What operators do on a host that really updates: through a shell, over ssh, and across reboots. */
import { expect, it } from 'vitest';

import type { Result } from '../../support/host-shell.ts';
import type { OstreeBed, OstreeHost } from '../../support/ostree-host.ts';
import { isStaged, LOG_IN } from './steps.ts';

const SSH = 'ssh -i /run/id -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR';

/** Lets root and alice in with a key, from the host itself. */
const LET_IN = `ssh-keygen -q -A && ssh-keygen -q -t ed25519 -N '' -f /run/id
for user in root alice; do install -D -m 644 /run/id.pub /etc/ssh/keys/$user; done
mkdir -p /etc/ssh/sshd_config.d
printf 'ListenAddress 127.0.0.1\\nAuthorizedKeysFile /etc/ssh/keys/%%u\\n' >/etc/ssh/sshd_config.d/10-test.conf
systemctl start ssh`;

/** The reboot may end the command before it has printed anything. */
async function rebooted(host: OstreeHost, act: () => Promise<Result>): Promise<string> {
  const count = host.boots.length;
  await act();
  return host.booted(count + 1);
}

interface Entry {
  readonly kind: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function operator(bed: () => OstreeBed): void {
  it.concurrent('sees, holds, reboots and releases, and the history has it across both reboots', async () => {
    const [, second, third] = bed().releases;
    await using host = await bed().boot();
    const zincati = (...args: readonly string[]): Promise<Result> => host.run('zincati', ...args);
    const history = async (): Promise<readonly Entry[]> => {
      const { stdout } = await zincati('history', '--json');
      return (JSON.parse(stdout) as { readonly entries: readonly Entry[] }).entries;
    };
    const ssh = (user: string, command: string, tty = false): Promise<Result> =>
      host.run('sh', '-c', `exec ${SSH} ${tty ? '-tt' : '-T'} ${user}@127.0.0.1 "$0" </dev/null`, command);
    await host.said('reached steady state');
    await host.sh(LET_IN);

    // Root holds before there is anything. What is staged then waits, and everybody can see why.
    expect(await zincati('hold', '--reason', 'exam')).toMatchObject({ status: 0, stderr: '' });
    await host.offer(2);
    expect(await zincati('wait', '--for', 'staged', '--timeout', '2m')).toMatchObject({ status: 0 });
    expect(await isStaged(host)).toBe(true);
    const why = await ssh('alice', 'zincati why');
    expect([why.status, why.stderr]).toEqual([0, '']);
    expect(why.stdout).toMatch(
      new RegExp(
        `^Not now: reboots are held by root \\(exam\\)\\. .*\\n${second?.version} is staged\\.\\nTo end the hold: sudo zincati release h1\\n`,
      ),
    );
    expect(why.stdout).toMatch(/^ {2}boot complete +yes$/m);
    expect(why.stdout).toMatch(/^ {2}people +yes +nobody$/m);
    const status = await ssh('alice', 'zincati status');
    expect(status.stdout).toMatch(
      new RegExp(
        `^staged +${second?.version} +since .*; a plain .*\\n(?:.*\\n)*hold +h1: no reboot .* by root .*: exam$`,
        'm',
      ),
    );
    expect((await ssh('alice', 'zincati history')).stdout).toContain(second?.version);

    // Over ssh alice may look. polkit would ask for a password, also where she has a terminal: nobody can type one.
    for (const tty of [false, true]) {
      const refused = await ssh('alice', 'zincati release h1', tty);
      expect(refused.status).toBe(6);
      expect(`${refused.stdout}${refused.stderr}`.replaceAll('\r', '')).toBe(
        'you are not permitted to do this\nsudo zincati release h1\n',
      );
    }
    expect((await zincati('hold')).stdout).toMatch(/^h1: /);

    // logind knows no terminal of hers there. At a login of the host's own it does: she is named, to herself too.
    await host.sh(LOG_IN);
    await host.sh("until loginctl --no-legend list-sessions | grep -q 'alice .*pts/'; do sleep 0.1; done");
    const own = await ssh('alice', 'zincati why');
    expect(own.stdout).toMatch(/^ {2}people +NO +1 logged in: alice on pts\/\d; waited for at most 10 min/m);
    await host.sh('systemctl stop alice');
    await host.sh("while loginctl --no-legend list-sessions | grep -q 'alice .*pts/'; do sleep 0.1; done");

    // Over ssh with a terminal she counts as well, whether logind knows it or the terminals tell; without one she does not.
    await host.sh(`systemd-run --quiet --unit=guest ${SSH} -tt alice@127.0.0.1 sleep 1000`);
    await host.sh("until zincati why | grep -q '1 logged in: alice on pts/'; do sleep 0.1; done");
    await host.sh('systemctl stop guest');
    await host.sh("while loginctl --no-legend list-sessions | grep -q ' alice '; do sleep 0.1; done");
    expect((await ssh('alice', 'zincati why')).stdout).toMatch(/^ {2}people +yes +nobody$/m);

    // Root passes a hold of their own, over ssh too. It stays, and the next boot knows it.
    expect(await ssh('root', 'zincati reboot --dry-run')).toMatchObject({ status: 0, stderr: '' });
    expect(await rebooted(host, () => ssh('root', 'zincati reboot'))).toBe(second?.checksum);
    await host.said('reached steady state');
    expect((await zincati('hold')).stdout).toMatch(
      /^h1: no reboot until it is released, by root since .*: exam\n$/,
    );
    expect((await zincati('status')).stdout).toMatch(new RegExp(`^booted +${second?.version} `, 'm'));

    // The end of the hold is all that the next release waits for.
    await host.offer(3);
    await host.said('reboot held by the update strategy: reboots are held: h1 by uid 0');
    expect(await rebooted(host, () => zincati('release', 'h1'))).toBe(third?.checksum);
    await host.said(`booted release '${third?.version}', as asked for`);

    const entries = await history();
    const updates = entries.filter(({ kind }) => kind === 'updated').map(({ fields }) => fields);
    expect(updates).toMatchObject([{ release: second?.version }, { release: third?.version }]);
    expect(updates.every(({ downtimeMs }) => Number(downtimeMs) > 0)).toBe(true);
    const asked = entries.filter(({ kind, fields }) => kind === 'request' && fields['outcome'] === 'done');
    expect(asked.map(({ fields }) => [fields['wish'], fields['uid']])).toEqual([
      ['hold', 0],
      ['reboot', 0],
      ['release', 0],
    ]);
    expect(host.boots).toHaveLength(3);
  });

  it.concurrent('cancels a download, drops what is staged, and takes it after all', async () => {
    const [, second] = bed().releases;
    await using host = await bed().boot();
    const zincati = (...args: readonly string[]): Promise<Result> => host.run('zincati', ...args);
    await host.said('reached steady state');
    expect(await zincati('hold', '--reason', 'exam')).toMatchObject({ status: 0 });

    // The download under way is cut short, and libostree has nothing of it. Its release is still wanted.
    const { stalled } = await host.stallDownloads();
    await host.offer(2);
    await stalled();
    expect((await zincati('status')).stdout).toMatch(new RegExp(`^target +${second?.version}$`, 'm'));
    expect((await zincati('why')).stdout).toMatch(
      new RegExp(`^Not now: ${second?.version} is not staged yet; also: no hold\\. `),
    );
    expect(await zincati('cancel')).toMatchObject({ status: 0, stderr: '' });
    await host.said(`staging '${second?.version}' was cut short by a request`);
    expect(await isStaged(host)).toBe(false);
    await host.resumeDownloads();

    // It is staged; a person drops it, and it does not come back by itself.
    expect(await zincati('wait', '--for', 'staged', '--timeout', '2m')).toMatchObject({ status: 0 });
    expect(await zincati('discard')).toMatchObject({ status: 0, stderr: '' });
    expect(await isStaged(host)).toBe(false);
    expect(await host.sh('ostree admin status')).not.toContain(second?.version);
    expect((await zincati('denied')).stdout).toMatch(new RegExp(`^${second?.version} .*by root`));
    expect((await zincati('update')).status).toBe(3);
    expect(await isStaged(host)).toBe(false);

    expect(await zincati('allow', second?.version ?? '')).toMatchObject({ status: 0 });
    expect((await zincati('update')).status).not.toBe(1);
    expect(await zincati('wait', '--for', 'staged', '--timeout', '2m')).toMatchObject({ status: 0 });
    expect(await rebooted(host, () => zincati('reboot'))).toBe(second?.checksum);
    const { stdout: told } = await zincati('history');
    expect(told).toMatch(/ request +\S+ by root: cancel\n/);
    expect(told).toMatch(/ request +\S+ by root: discard\n/);
    expect(told).toMatch(/ is done: \S+ is no longer staged, and denied\n/);
    expect(told).toMatch(/ is on its way; it passes h1, held by the same person\n/);
  });
}
