/** Slots for other programs of a node: the real program against real lock servers. */
import { chmod } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { startLockServer, type LockServer, type LockServerOptions } from '../../sandbox/lock-server.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { schemaOf } from '../../src/cli/json-schemas.ts';
import { programId } from '../../src/identity/program-id.ts';
import { TestAuthority } from '../support/certificates.ts';
import { HostTree } from '../support/host-tree.ts';
import { lockClient } from '../support/lock-client.ts';
import { freePort } from '../support/loopback.ts';
import type { Outcome } from '../support/operator.ts';
import { schemaFaults } from '../support/schema-walk.ts';
import { type RunningProgram, runProgram, startProgram } from '../support/source-program.ts';

const NODE = '12345678123412341234123456789abc';
const APP_ID = programId(NODE, 'backup');
const TOKEN = 'tok-6f1ed002ab5595859014ebf0951522d9';
const NEVER = new AbortController().signal;
/** Programs that a test runs: this Node, with a script. */
const script = (text: string): string[] => ['--', process.execPath, '-e', text];

let host: HostTree;
beforeEach(async () => {
  host = await HostTree.create();
});
afterEach(() => host[Symbol.asyncDispose]());

async function serve(options: Partial<LockServerOptions> = {}): Promise<LockServer> {
  const server = await startLockServer({ groups: { workers: 1 }, clock: Date, ...options });
  onTestFinished(() => server.stop());
  return server;
}

async function configure(baseUrl: string | undefined, more = ''): Promise<void> {
  const address = baseUrl === undefined ? '' : `updates.fleet_lock.base_url = "${baseUrl}"\n`;
  await host.write(
    '/etc/zincati/config.d/50.toml',
    `identity.platform = "qemu"\nidentity.group = "workers"\nidentity.node_uuid = "${NODE}"\n` +
      `cincinnati.base_url = "https://updates.example.com"\n${address}${more}`,
  );
}

const zincati = (...args: string[]): Promise<Outcome> => runProgram({ root: host.root }, ...args);
const start = (...args: string[]): RunningProgram => startProgram({ root: host.root }, ...args);
const unlockLine = (): string => `sudo zincati unlock --app backup --root ${host.root}`;

/** Takes the only slot for another node. */
async function takeForOther(server: LockServer): Promise<void> {
  await using other = lockClient(server.baseUrl, { nodeUuid: 'f'.repeat(32) });
  expect(await other.lender.acquire({ at: Date.now(), stream: undefined }, NEVER)).toEqual({
    kind: 'granted',
  });
}

describe('lock and unlock', () => {
  it('use a table that holds no reboot, and nobody is told that it has no effect', async () => {
    const server = await serve();
    await configure(server.baseUrl);
    const { code, stdout } = await zincati('config', 'check');
    expect([code, stdout]).toEqual([EXIT.ok, expect.not.stringContaining('no effect')]);
    expect(stdout).toMatch(
      /updates\.fleet_lock holds no reboot, .*; zincati lock, unlock and run-locked use it/,
    );
    expect((await zincati('lock', '--app', 'backup')).code).toBe(EXIT.ok);
    expect(await server.holders('workers')).toEqual([APP_ID]);
    expect((await zincati('unlock', '--app', 'backup')).code).toBe(EXIT.ok);
    // Where the strategy asks it as well, there is nothing to warn of.
    await configure(server.baseUrl, 'updates.strategy = "fleet_lock"\n');
    expect((await zincati('config', 'check')).stdout).not.toContain('updates.fleet_lock');
  });

  it('take and give back a slot that is not that of the node', async () => {
    const server = await serve({ groups: { workers: 2 } });
    await configure(server.baseUrl);
    await using node = lockClient(server.baseUrl, { nodeUuid: NODE });
    await node.lender.acquire({ at: Date.now(), stream: undefined }, NEVER);
    expect(await zincati('lock', '--app', 'backup')).toEqual({
      code: EXIT.ok,
      stdout: `backup holds a slot of group workers; \`${unlockLine()}\` gives it back\n`,
      stderr: '',
    });
    expect([...(await server.holders('workers'))].sort()).toEqual([NODE, APP_ID].sort());
    expect((await zincati('lock', '--app', 'backup')).code).toBe(EXIT.ok);
    const { code, stdout } = await zincati('unlock', '--app', 'backup', '--json');
    const document: unknown = JSON.parse(stdout);
    expect(schemaFaults(document, schemaOf('Slot'))).toEqual([]);
    expect(document).toMatchObject({
      kind: 'Slot',
      app: 'backup',
      id: APP_ID,
      group: 'workers',
      held: false,
    });
    expect(code).toBe(EXIT.ok);
    expect(await server.holders('workers')).toEqual([NODE]);
    expect((await zincati('unlock', '--app', 'backup')).code).toBe(EXIT.ok);
  });

  it('a refusal has the words of the server, and a code of its own', async () => {
    const server = await serve();
    await takeForOther(server);
    await configure(server.baseUrl);
    const { code, stdout, stderr } = await zincati('lock', '--app', 'backup', '--json');
    expect(code).toBe(EXIT.blocked);
    expect(stderr).toMatch(/^lock server says: failed_lock_semaphore_full: semaphore currently full/);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'Error', exitCode: 4, gates: [] });
    expect((await zincati('lock', '--app', 'backup', '--wait', '1s')).code).toBe(EXIT.gaveUp);
  });

  it('a slot that is lent without an answer is told, with the command that gives it back', async () => {
    const server = await serve();
    await configure(server.baseUrl);
    server.addFault({ kind: 'lost', remaining: 1, api: 'pre-reboot' });
    const { code, stderr } = await zincati('lock', '--app', 'backup');
    expect(code).toBe(EXIT.failure);
    expect(stderr).toMatch(/^a slot may be held: /);
    expect(stderr).toContain(`\n${unlockLine()}\n`);
    expect(await server.holders('workers')).toEqual([APP_ID]);
    expect((await zincati('unlock', '--app', 'backup')).code).toBe(EXIT.ok);
    expect(await server.holders('workers')).toEqual([]);
  });

  it('what an interrupted request may have left is told', async () => {
    const { promise: asked, resolve } = Promise.withResolvers<unknown>();
    const server = await serve({ drainMs: 60_000, onDrain: resolve });
    await configure(server.baseUrl);
    const running = start('lock', '--app', 'backup');
    await asked;
    running.child.kill('SIGTERM');
    const { code, stderr } = await running.outcome;
    expect(code).toBe(143);
    expect(stderr).toBe(`interrupted, and a slot may be held\n${unlockLine()}\n`);
  });

  it('prove the node with certificate and token, as the agent does', async () => {
    const authority = await TestAuthority.create('locks');
    onTestFinished(() => authority[Symbol.asyncDispose]());
    const server = await authority.issue('IP:127.0.0.1');
    const client = await authority.issue('DNS:node-1');
    const locks = await serve({
      bearer: TOKEN,
      tls: { key: server.key, cert: server.cert, clientCa: authority.cert },
    });
    for (const [name, text] of Object.entries({
      'ca.pem': authority.cert,
      'node.pem': client.cert,
      'node.key': client.key,
      token: TOKEN,
    })) {
      await host.write(`/etc/zincati/${name}`, text);
      await chmod(host.at(`/etc/zincati/${name}`), 0o640);
    }
    const lines = [
      'ca_file = "/etc/zincati/ca.pem"',
      'client_cert_file = "/etc/zincati/node.pem"',
      'client_key_file = "/etc/zincati/node.key"',
      'bearer_file = "/etc/zincati/token"',
    ].map((line) => `updates.fleet_lock.${line}\n`);
    await configure(locks.baseUrl, lines.join(''));
    expect((await zincati('lock', '--app', 'backup')).code).toBe(EXIT.ok);
    expect(await locks.holders('workers')).toEqual([APP_ID]);
    await chmod(host.at('/etc/zincati/token'), 0o644);
    const { code, stderr } = await zincati('unlock', '--app', 'backup');
    expect(code).toBe(EXIT.config);
    expect(stderr).toContain('chmod 0640');
    expect(stderr).not.toContain(TOKEN);
  });

  it('trust the authorities of the system, as the agent does', async () => {
    const authority = await TestAuthority.create('locks');
    onTestFinished(() => authority[Symbol.asyncDispose]());
    const locks = await serve({ tls: await authority.issue('IP:127.0.0.1') });
    await configure(locks.baseUrl);
    await host.write('/authorities.pem', authority.cert);
    const untrusted = await zincati('lock', '--app', 'backup');
    expect(untrusted.code).toBe(EXIT.failure);
    const system = { root: host.root, env: { SSL_CERT_FILE: host.at('/authorities.pem') } };
    expect(await runProgram(system, 'lock', '--app', 'backup')).toMatchObject({ code: EXIT.ok, stderr: '' });
  });

  it('need a lock server, and a configuration that can be used', async () => {
    await configure(undefined);
    for (const words of [['lock'], ['unlock'], ['run-locked', '--', 'true']]) {
      const [name = '', ...rest] = words;
      expect(await zincati(name, '--app', 'backup', ...rest)).toEqual({
        code: EXIT.config,
        stdout: '',
        stderr:
          'no lock server is configured\nset updates.fleet_lock.base_url in a file below /etc/zincati/config.d\n',
      });
    }
    await configure('https://127.0.0.1:1', 'updates.fleet_lock.client_cert_file = "/etc/zincati/node.pem"\n');
    expect(await zincati('lock', '--app', 'backup')).toMatchObject({
      code: EXIT.config,
      stderr: expect.stringMatching(/^a certificate and its key must be set together\n/) as string,
    });
    await configure('http://127.0.0.1:1', 'updates.enabled = 1\n');
    const { code, stderr } = await zincati('lock', '--app', 'backup');
    expect(code).toBe(EXIT.config);
    expect(stderr).toMatch(/updates\.enabled must be [\s\S]*`zincati config check` says more/);
  });

  it('a name that cannot be one is a mistake', async () => {
    const { code, stderr } = await zincati('lock', '--app', '../x');
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain('an id must have 1 to 100 letters');
  });
});

describe('run-locked', () => {
  it('runs the program while the slot is held, and ends as it does', async () => {
    const server = await serve();
    await configure(server.baseUrl);
    const running = start(
      'run-locked',
      '--app',
      'backup',
      ...script('console.log("begun"); process.exit(23)'),
    );
    const { code, stdout, stderr } = await running.outcome;
    expect([code, stdout, stderr]).toEqual([23, 'begun\n', '']);
    expect(server.requests.map(({ api, id }) => [api, id])).toEqual([
      ['pre-reboot', APP_ID],
      ['steady-state', APP_ID],
    ]);
    expect(await server.holders('workers')).toEqual([]);
  });

  it('no shell looks at the words, and options after -- are those of the program', async () => {
    const server = await serve();
    await configure(server.baseUrl);
    const words = ['$HOME', '`id`', '--json', '-n', '*'];
    const { stdout } = await zincati(
      ...['run-locked', '--app', 'backup'],
      ...script('console.log(JSON.stringify(process.argv.slice(1)))'),
      ...['--', ...words],
    );
    expect(JSON.parse(stdout)).toEqual(words);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('passes %s on, and gives the slot back', async (signal, expected) => {
    const server = await serve();
    await configure(server.baseUrl);
    const running = start(
      ...['run-locked', '--app', 'backup'],
      ...script('setInterval(() => undefined, 1000); console.log("begun")'),
    );
    await running.printed('begun');
    expect(await server.holders('workers')).toEqual([APP_ID]);
    running.child.kill(signal);
    expect((await running.outcome).code).toBe(expected);
    expect(await server.holders('workers')).toEqual([]);
  });

  it('lets the program decide what a signal means', async () => {
    const server = await serve();
    await configure(server.baseUrl);
    const running = start(
      ...['run-locked', '--app', 'backup'],
      ...script(
        'process.on("SIGTERM", () => { console.log("asked"); process.exit(0); }); setInterval(() => 0, 1000); console.log("begun")',
      ),
    );
    await running.printed('begun');
    running.child.kill('SIGTERM');
    expect(await running.outcome).toEqual({ code: 0, stdout: 'begun\nasked\n', stderr: '' });
    expect(await server.holders('workers')).toEqual([]);
  });

  it('runs nothing without a slot', async () => {
    const server = await serve();
    await takeForOther(server);
    await configure(server.baseUrl);
    const { code, stdout } = await zincati(
      'run-locked',
      '--app',
      'backup',
      ...script('console.log("begun")'),
    );
    expect([code, stdout]).toEqual([EXIT.blocked, '']);
    expect(server.requests.at(-1)?.api).toBe('pre-reboot');
  });

  it('waits for a slot, and ends at once when it is interrupted meanwhile', async () => {
    const server = await serve();
    await takeForOther(server);
    await configure(server.baseUrl);
    const running = start('run-locked', '--app', 'backup', '--wait', '1h', ...script('console.log("begun")'));
    await running.said('waiting: lock server says: failed_lock_semaphore_full');
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.outcome;
    expect([code, stdout]).toEqual([130, '']);
    expect(stderr).toMatch(/interrupted; no slot was taken\n$/);
  });

  it('gives back what may be held, and runs nothing', async () => {
    const server = await serve();
    await configure(server.baseUrl);
    server.addFault({ kind: 'lost', remaining: 1, api: 'pre-reboot' });
    const { code, stdout } = await zincati(
      'run-locked',
      '--app',
      'backup',
      ...script('console.log("begun")'),
    );
    expect([code, stdout]).toEqual([EXIT.failure, '']);
    expect(await server.holders('workers')).toEqual([]);
  });

  it('tries again to give it back, and says what to do when that is in vain', async () => {
    const server = await serve({ bearer: TOKEN });
    await host.write('/etc/zincati/token', TOKEN);
    await chmod(host.at('/etc/zincati/token'), 0o640);
    await configure(server.baseUrl, 'updates.fleet_lock.bearer_file = "/etc/zincati/token"\n');
    server.addFault({ kind: 'status', status: 503, remaining: 1, api: 'steady-state' });
    const { code, stderr } = await zincati('run-locked', '--app', 'backup', ...script('process.exit(9)'));
    expect(code).toBe(9);
    expect(stderr).toMatch(/^trying again: cannot give back the reboot slot: [^\n]*503[^\n]*\n$/);
    expect(await server.holders('workers')).toEqual([]);
    const spoil = `require("fs").writeFileSync(${JSON.stringify(host.at('/etc/zincati/token'))}, "wrong")`;
    const failed = await zincati('run-locked', '--app', 'backup', ...script(spoil));
    expect(failed.code).toBe(EXIT.failure);
    expect(failed.stderr).toMatch(/got 401/);
    expect(failed.stderr.trimEnd().split('\n').at(-1)).toBe(unlockLine());
  });

  it('a program that is not there ends as in a shell, and the slot goes back', async () => {
    const server = await serve();
    await configure(server.baseUrl);
    const missing = await zincati('run-locked', '--app', 'backup', '--', '/nowhere/program');
    expect(missing.code).toBe(127);
    expect(missing.stderr).toMatch(/^cannot run it: .*ENOENT/);
    await host.write('/file', 'no program');
    expect((await zincati('run-locked', '--app', 'backup', '--', host.at('/file'))).code).toBe(126);
    expect(await server.holders('workers')).toEqual([]);
  });

  it('a second one for the same program waits, and does not share the slot', async () => {
    const server = await serve();
    await configure(server.baseUrl);
    const first = start(
      ...['run-locked', '--app', 'backup'],
      ...script('setInterval(() => undefined, 1000); console.log("begun")'),
    );
    await first.printed('begun');
    const second = await zincati('run-locked', '--app', 'backup', ...script('console.log("begun")'));
    expect([second.code, second.stdout]).toEqual([EXIT.blocked, '']);
    expect(second.stderr).toBe('another `zincati run-locked --app backup` runs on this host\n');
    const third = start('run-locked', '--app', 'backup', '--wait', '1h', ...script('console.log("begun")'));
    first.child.kill('SIGTERM');
    await first.outcome;
    expect(await third.outcome).toEqual({ code: 0, stdout: 'begun\n', stderr: '' });
    expect(await server.holders('workers')).toEqual([]);
  });
});

it('a server that is not there lends nothing, and that is told', async () => {
  await configure(`http://127.0.0.1:${await freePort()}`);
  const { code, stderr } = await zincati('lock', '--app', 'backup');
  expect(code).toBe(EXIT.failure);
  expect(stderr).toMatch(/^cannot take a reboot slot: .*connection refused[^\n]*\n$/);
});
