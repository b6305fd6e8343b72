/** The built lock server of one host: what nodes, people and signals get from it. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { TestAuthority } from '../support/certificates.ts';
import { HostTree } from '../support/host-tree.ts';
import { bodyOf, LockdOnHost, run, type Ended } from '../support/lockd-on-host.ts';

const AGENT = path.resolve(import.meta.dirname, '../../dist/zincati.cjs');
const WORKERS = '[[group]]\nname = "workers"\nslots = 1\n';
const LIMIT_MS = 30_000;

let lockd: LockdOnHost;
beforeEach(async () => {
  lockd = await LockdOnHost.create();
});
afterEach(() => lockd[Symbol.asyncDispose]());

const locks = (command: string, ...args: string[]): Promise<Ended> =>
  run('locks', command, ...args, ...lockd.socket);

async function serve(groups = WORKERS, more = ''): Promise<void> {
  await lockd.configure(groups, more);
  await lockd.start();
}

async function newToken(): Promise<{ token: string; hash: string }> {
  const [token = '', hash = ''] = (await run('lockd', 'token')).stdout.split('\n');
  return { token, hash };
}

const guarded = (name: string, ...hashes: string[]): string =>
  `[[group]]\nname = "${name}"\nslots = 1\ntoken_hashes = ${JSON.stringify(hashes)}\n`;

/** Sends the bytes and leaves the connection open. Resolves when it is. */
async function openConnection(port: number, bytes: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  if (bytes !== '') {
    await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
  }
}

describe('what nodes are answered', () => {
  it('a slot is lent once, again to its holder, and to another one when it is back', async () => {
    await serve(WORKERS, 'retry_after_secs = 7');
    const yes = { status: 200, kind: '', retryAfter: '' };
    expect(await lockd.ask('pre-reboot', 'a')).toEqual(yes);
    expect(await lockd.ask('pre-reboot', 'a')).toEqual(yes);
    const full = { status: 423, kind: 'all_slots_full', retryAfter: '7' };
    expect(await lockd.ask('pre-reboot', 'b')).toEqual(full);
    expect(await lockd.ask('steady-state', 'b')).toEqual(yes);
    expect(await lockd.ask('pre-reboot', 'b')).toEqual(full);
    expect(await lockd.ask('steady-state', 'a')).toEqual(yes);
    expect(await lockd.ask('pre-reboot', 'b')).toEqual(yes);
  });

  it('what is not the protocol is told apart, and takes nothing', async () => {
    await serve();
    const kinds = async (asking: Parameters<LockdOnHost['ask']>[2], api = 'pre-reboot') => {
      const { status, kind } = await lockd.ask(api, 'a', asking);
      return `${status} ${kind}`;
    };
    expect(await kinds({ header: '' })).toBe('400 invalid_client_identity');
    expect(await kinds({ header: 'false' })).toBe('400 invalid_client_identity');
    expect(await kinds({ body: '{' })).toBe('400 invalid_client_identity');
    expect(await kinds({ body: '' })).toBe('400 invalid_client_identity');
    expect(await kinds({ body: '{"client_params":{"id":"a"}}' })).toBe('400 invalid_client_identity');
    expect(await kinds({ body: bodyOf('a\n') })).toBe('400 invalid_client_identity');
    expect(await kinds({ body: bodyOf('a'.repeat(20_000)) })).toBe('413 too_large');
    expect(await kinds({ body: bodyOf('a', 'others') })).toBe('400 unknown_group');
    expect(await kinds({ body: bodyOf('a', '__proto__') })).toBe('400 unknown_group');
    expect(await kinds({}, 'no-such')).toBe('404 not_found');
    // No address that can be decoded.
    expect(await kinds({}, '%zz')).toBe('400 invalid_client_identity');
    expect((await locks('list')).stdout).toBe('workers: 0 of 1 slots lent\n');
  });

  it('a token opens its own group alone', async () => {
    const [mine, other] = [await newToken(), await newToken()];
    await serve(guarded('workers', mine.hash) + guarded('databases', other.hash));
    const status = async (token: string | undefined, group: string): Promise<string> => {
      const { status: code, kind } = await lockd.ask('steady-state', '', {
        body: bodyOf('a', group),
        ...(token !== undefined && { token }),
      });
      return `${code} ${kind}`;
    };
    expect(await status(undefined, 'workers')).toBe('401 unauthorized');
    expect(await status('wrong', 'workers')).toBe('403 forbidden');
    expect(await status(other.token, 'workers')).toBe('403 forbidden');
    expect(await status(mine.hash, 'workers')).toBe('403 forbidden');
    expect(await status(mine.token, 'workers')).toBe('200 ');
    expect(await status(other.token, 'databases')).toBe('200 ');
    expect(lockd.output).not.toContain(mine.token);
  });
});

describe('TLS', () => {
  it('wants a certificate of its authority with a name of the group; SIGHUP takes a new one of its own', async () => {
    await using authority = await TestAuthority.create('lockd');
    await using renewed = await TestAuthority.create('renewed');
    await using stranger = await TestAuthority.create('stranger');
    const server = await authority.issue('IP:127.0.0.1');
    const node = await authority.issue('DNS:node-1.workers.example');
    const elsewhere = await authority.issue('DNS:node-1.databases.example');
    const unknown = await stranger.issue('DNS:node-1.workers.example');
    await lockd.secret('key.pem', server.key);
    await lockd.secret('cert.pem', server.cert);
    await lockd.secret('ca.pem', authority.cert);
    const tls =
      `tls.cert_file = "${lockd.at('cert.pem')}"\ntls.key_file = "${lockd.at('key.pem')}"\n` +
      `tls.client_ca_file = "${lockd.at('ca.pem')}"`;
    const groups = `${WORKERS}client_names = ["*.workers.example"]\n`;
    await serve(groups, tls);
    const ca = authority.cert;
    expect(await lockd.ask('pre-reboot', 'a', { ca, ...node })).toMatchObject({ status: 200 });
    expect(await lockd.ask('steady-state', 'a', { ca, ...elsewhere })).toMatchObject({ status: 403 });
    await expect(lockd.ask('steady-state', 'a', { ca })).rejects.toThrow();
    await expect(lockd.ask('steady-state', 'a', { ca, ...unknown })).rejects.toThrow();

    const next = await renewed.issue('IP:127.0.0.1');
    await lockd.secret('key.pem', next.key);
    await lockd.secret('cert.pem', next.cert);
    lockd.signal('SIGHUP');
    await lockd.line('configuration read again');
    await expect(lockd.ask('pre-reboot', 'a', { ca, ...node })).rejects.toThrow(/self-signed|verify/);
    expect(await lockd.ask('pre-reboot', 'a', { ca: renewed.cert, ...node })).toMatchObject({ status: 200 });

    // Whether certificates are asked for is settled at the start. It is said, and nobody else comes in.
    await lockd.configure(WORKERS, tls.split('\n').slice(0, 2).join('\n'));
    lockd.signal('SIGHUP');
    await lockd.line('are changed by a restart alone');
    await lockd.line('configuration read again', 2);
    await expect(lockd.ask('pre-reboot', 'a', { ca: renewed.cert })).rejects.toThrow();
    expect(await lockd.ask('pre-reboot', 'a', { ca: renewed.cert, ...node })).toMatchObject({ status: 200 });
  });

  it('authorities for clients that a reload brings are told to need a restart', async () => {
    await using authority = await TestAuthority.create('lockd');
    const server = await authority.issue('IP:127.0.0.1');
    await lockd.secret('key.pem', server.key);
    await lockd.secret('cert.pem', server.cert);
    await lockd.secret('ca.pem', authority.cert);
    const tls = `tls.cert_file = "${lockd.at('cert.pem')}"\ntls.key_file = "${lockd.at('key.pem')}"`;
    await serve(WORKERS, tls);
    expect(await lockd.ask('pre-reboot', 'a', { ca: authority.cert })).toMatchObject({ status: 200 });
    await lockd.configure(WORKERS, `${tls}\ntls.client_ca_file = "${lockd.at('ca.pem')}"`);
    lockd.signal('SIGHUP');
    await lockd.line('are changed by a restart alone');
  });
});

describe('signals', () => {
  it('SIGHUP takes a new token; a wrong file changes nothing, and the log says what is wrong', async () => {
    const [first, second] = [await newToken(), await newToken()];
    await serve(guarded('workers', first.hash));
    await lockd.configure(guarded('workers', second.hash));
    lockd.signal('SIGHUP');
    await lockd.line('configuration read again');
    expect(await lockd.ask('pre-reboot', 'a', { token: first.token })).toMatchObject({ status: 403 });
    expect(await lockd.ask('pre-reboot', 'a', { token: second.token })).toMatchObject({ status: 200 });
    await writeFile(lockd.at('lockd.toml'), 'slots = "many"\n');
    lockd.signal('SIGHUP');
    await lockd.line('the configuration cannot be used, the former one stays');
    expect(lockd.output).toContain('lockd.toml');
    expect(await lockd.ask('pre-reboot', 'b', { token: second.token })).toMatchObject({ status: 423 });
    expect((await run('lockd', 'check', lockd.at('lockd.toml'))).code).toBe(78);
  });

  it('SIGHUP as soon as a port answers ends no server that begins', async () => {
    await lockd.configure(WORKERS);
    lockd.launch();
    await lockd.answers();
    lockd.signal('SIGHUP');
    await lockd.line('configuration read again');
    expect(await lockd.ask('pre-reboot', 'a')).toMatchObject({ status: 200 });
  });

  it('SIGTERM answers what is under way, and ends with 0', async () => {
    await serve(WORKERS.replace('slots = 1', 'slots = 1000'));
    const answers = Array.from({ length: 40 }, (_, index) => lockd.ask('pre-reboot', `node-${index}`));
    await lockd.line('slot granted');
    const beginMono = performance.now();
    lockd.signal('SIGTERM');
    const settled = await Promise.allSettled(answers);
    expect(await lockd.ended()).toBe(0);
    expect(performance.now() - beginMono).toBeLessThan(10_000);
    const answered = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(answered.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);
    const granted = answered.filter(({ status }) => status === 200).length;
    await lockd.start();
    // A node whose connection was cut asks again; none that heard no holds a slot.
    const { stdout } = await locks('list');
    const [, held = ''] = /^workers: (\d+) of/.exec(stdout) ?? [];
    expect(Number(held)).toBeGreaterThanOrEqual(granted);
    expect(Number(held)).toBeLessThanOrEqual(
      granted + settled.filter(({ status }) => status === 'rejected').length,
    );
  });

  it('SIGTERM ends within its bound although a client says half a request, or nothing, at either port', async () => {
    const authority = await TestAuthority.create('lockd');
    onTestFinished(() => authority[Symbol.asyncDispose]());
    const server = await authority.issue('IP:127.0.0.1');
    const files = [await lockd.secret('cert.pem', server.cert), await lockd.secret('key.pem', server.key)];
    await serve(WORKERS, `tls.cert_file = "${files[0]!}"\ntls.key_file = "${files[1]!}"`);
    await openConnection(lockd.port, '');
    await openConnection(lockd.metricsPort, 'GET /metrics HTTP/1.1\r\nhost: a\r\n');
    // A whole exchange at each port: the server has seen what came before.
    expect(await lockd.metric('zincati_lockd_slots')).toBe('zincati_lockd_slots{group="workers"} 1');
    expect(await lockd.ask('pre-reboot', 'a', { ca: authority.cert })).toMatchObject({ status: 200 });
    const beginMono = performance.now();
    lockd.signal('SIGTERM');
    expect(await lockd.ended()).toBe(0);
    expect(performance.now() - beginMono).toBeLessThan(15_000);
  });

  it('a start that fails ends the process, although another port was open already', async () => {
    await serve();
    await using second = await LockdOnHost.create();
    await second.configure(WORKERS);
    const config = `listen = "127.0.0.1:${lockd.port}"\nmetrics.listen = "127.0.0.1:${second.metricsPort}"\nadmin.socket = "${lockd.at('admin.sock')}"\nsqlite.file = "${second.at('locks.db')}"\n${WORKERS}`;
    await writeFile(second.at('lockd.toml'), config);
    second.launch();
    expect(await second.ended()).toBe(1);
    // The first one keeps its socket.
    expect((await locks('list')).code).toBe(0);
  });
});

describe('people', () => {
  it('list, pause, resume, release and read the history, with exit codes', async () => {
    await serve();
    expect(await locks('history', 'workers', '--lines', '1')).toMatchObject({ code: 0 });
    await lockd.ask('pre-reboot', 'a');
    expect((await locks('list', 'workers')).stdout).toMatch(
      /^workers: 1 of 1 slots lent\n {2}a {2}since \S+Z, /,
    );
    expect(await locks('list', 'no-such')).toMatchObject({ code: 2 });
    expect(await locks('pause', 'no-such')).toMatchObject({ code: 1 });
    expect(await locks('pause', 'workers', '--reason', 'disks')).toMatchObject({
      code: 0,
      stdout: 'paused\n',
    });
    expect(await locks('pause', 'workers', '--reason', 'still disks')).toMatchObject({ code: 0 });
    expect((await locks('list')).stdout).toContain('still disks');
    expect(await locks('release', 'workers', 'a', '--reason', 'gone')).toMatchObject({
      code: 0,
      stdout: 'freed\n',
    });
    expect(await locks('release', 'workers', 'a')).toMatchObject({ code: 3 });
    expect(await lockd.ask('pre-reboot', 'b')).toMatchObject({ status: 423, kind: 'reboots_paused' });
    expect(await lockd.metric('zincati_lockd_paused')).toBe('zincati_lockd_paused{group="workers"} 1');
    expect(await locks('resume', 'workers', '--json')).toMatchObject({
      code: 0,
      stdout: '{\n  "changed": true\n}\n',
    });
    expect(await locks('resume', 'workers')).toMatchObject({ code: 3 });
    expect(await lockd.ask('pre-reboot', 'b')).toMatchObject({ status: 200 });
    const { stdout } = await locks('history', 'workers', '--json');
    const { entries } = JSON.parse(stdout) as { entries: { kind: string; id: string; text: string }[] };
    expect(entries.map(({ kind, id, text }) => `${kind} ${id} ${text}`.trim())).toEqual([
      'taken b',
      'resumed',
      'released a gone',
      'paused  still disks',
      'paused  disks',
      'taken a',
      'slots  none -> 1',
    ]);
    const listed = JSON.parse((await locks('list', '--json')).stdout) as unknown;
    expect(listed).toMatchObject({ groups: [{ name: 'workers', slots: 1, holders: [{ id: 'b' }] }] });
  });

  it('where no server runs, the commands say so and end with 1', async () => {
    const { code, stderr } = await locks('list');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^cannot ask lockd at .*admin\.sock: /)]);
  });

  it('from elsewhere, they need the token of an administrator', async () => {
    const [admin, node] = [await newToken(), await newToken()];
    await serve(guarded('workers', node.hash), `admin.token_hashes = ["${admin.hash}"]`);
    const from = async (token: string): Promise<number> => {
      const file = await lockd.secret('token', `${token}\n`);
      const url = `http://127.0.0.1:${lockd.port}`;
      return (await run('locks', 'list', '--url', url, '--token-file', file)).code;
    };
    expect(await from(admin.token)).toBe(0);
    expect(await from(node.token)).toBe(1);
    expect(await lockd.ask('pre-reboot', 'a', { token: admin.token })).toMatchObject({ status: 403 });
  });

  it('a hold that is too long is an alarm, and stays a hold; a restart keeps it', async () => {
    await serve(`${WORKERS}max_hold_secs = 1\n`);
    await lockd.ask('pre-reboot', 'a');
    const over = 'zincati_lockd_slots_over_max_hold';
    const deadlineMono = performance.now() + LIMIT_MS;
    while ((await lockd.metric(over)) !== `${over}{group="workers"} 1`) {
      expect(performance.now()).toBeLessThan(deadlineMono);
    }
    lockd.signal('SIGTERM');
    expect(await lockd.ended()).toBe(0);
    await lockd.start();
    await lockd.line('slot held too long: group workers node a since');
    expect((await locks('list')).stdout).toContain('TOO LONG');
    expect(await lockd.ask('pre-reboot', 'b')).toMatchObject({ status: 423 });
  });
});

it('our own agent takes and gives back a slot, and says why it gets none', async () => {
  const mine = await newToken();
  await serve(guarded('workers', mine.hash));
  await using host = await HostTree.create();
  await host.write('/etc/zincati/token', `${mine.token}\n`);
  await chmod(host.at('/etc/zincati/token'), 0o600);
  await host.write(
    '/etc/zincati/config.d/50.toml',
    'identity.platform = "qemu"\nidentity.group = "workers"\nidentity.node_uuid = "12345678123412341234123456789abc"\n' +
      `cincinnati.base_url = "https://updates.example.com"\nupdates.fleet_lock.base_url = "http://127.0.0.1:${lockd.port}"\n` +
      'updates.fleet_lock.bearer_file = "/etc/zincati/token"\n',
  );
  const zincati = (...args: string[]): Promise<Ended> =>
    new Promise((resolve) => {
      execFile(
        process.execPath,
        [AGENT, ...args, '--root', host.root],
        { timeout: LIMIT_MS },
        (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });
  expect(await zincati('lock', '--app', 'backup')).toMatchObject({ code: 0 });
  expect((await locks('list')).stdout).toContain('workers: 1 of 1 slots lent\n');
  const refused = await zincati('lock', '--app', 'other');
  expect(refused.code).not.toBe(0);
  expect(refused.stdout + refused.stderr).toContain('all_slots_full');
  expect(await zincati('unlock', '--app', 'backup')).toMatchObject({ code: 0 });
  // Who was refused still waits.
  expect((await locks('list')).stdout).toMatch(
    /^workers: 0 of 1 slots lent\n {2}1 wait, the first for \d+ s: [0-9a-f]{32}\n$/,
  );
});
