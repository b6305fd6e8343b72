/** The lender `fleet_lock` against real lock servers, over HTTP and HTTPS, kind and unkind ones. */
import { chmod, rm } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import type { IncomingHttpHeaders } from 'node:http';
import { inspect } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import type { LockFault } from '../../sandbox/lock-fault.ts';
import { startLockServer, type LockServer, type LockServerOptions } from '../../sandbox/lock-server.ts';
import type { SlotAnswer } from '../../src/agent/ports.ts';
import { FleetLockError } from '../../src/errors.ts';
import { TestAuthority, type Issued } from '../support/certificates.ts';
import { HostTree } from '../support/host-tree.ts';
import { NODE_ID, lockClient, type LockClient } from '../support/lock-client.ts';
import { Loopback, freePort } from '../support/loopback.ts';
import { waitedMs } from '../support/waited.ts';

const NEVER = new AbortController().signal;
const TOKEN = 'tok-6f1ed002ab5595859014ebf0951522d9';

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

function client(baseUrl: string, changes: Parameters<typeof lockClient>[1] = {}): LockClient {
  const made = lockClient(baseUrl, { root: host.root, ...changes });
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made;
}

function take({ lender }: LockClient, signal = NEVER) {
  return lender.acquire({ at: Date.now(), stream: undefined }, signal);
}

function giveBack({ lender }: LockClient) {
  return lender.release({ at: Date.now(), stream: undefined }, NEVER);
}

async function failure(promise: Promise<unknown>): Promise<FleetLockError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FleetLockError)) {
    throw new Error(`expected a FleetLockError, got ${inspect(error)}`);
  }
  return error;
}

async function secretFile(path: string, text: string): Promise<string> {
  await host.write(path, text);
  await chmod(host.at(path), 0o640);
  return path;
}

/** What went wrong in a request that may have taken a slot all the same. */
async function unsure(
  promise: Promise<SlotAnswer>,
): Promise<{ readonly kind: string; readonly message: string }> {
  const answer = await promise;
  if (answer.kind !== 'may-be-held' || answer.errorKind === undefined) {
    throw new Error(`expected that a slot may be held, got ${inspect(answer)}`);
  }
  return { kind: answer.errorKind, message: answer.reason };
}

describe('a slot', () => {
  it('is taken, kept by asking again, denied to others with the reason, and given back', async () => {
    const server = await serve();
    const first = client(server.baseUrl);
    const second = client(server.baseUrl, { nodeUuid: 'f'.repeat(32) });
    expect(await take(first)).toMatchObject({ kind: 'granted' });
    expect(await take(first)).toMatchObject({ kind: 'granted' });
    expect(await server.holders('workers')).toEqual([NODE_ID]);
    expect(await take(second)).toEqual({
      kind: 'refused',
      label: 'fleet_lock',
      reason:
        'lock server says: failed_lock_semaphore_full: semaphore currently full, all slots are locked already',
    });
    await giveBack(second);
    expect(await server.holders('workers')).toEqual([NODE_ID]);
    await giveBack(first);
    expect(await take(second)).toMatchObject({ kind: 'granted' });
  });

  it('of an unknown group is an error that names the group', async () => {
    const server = await serve();
    expect((await failure(take(client(server.baseUrl, { group: 'nope' })))).message).toBe(
      'cannot take a reboot slot: the lock server must answer with a status from 200 to 299, got 400; it says: unknown_group: there is no group "nope"',
    );
  });

  it('comes from below a path, with templates', async () => {
    const server = await serve();
    expect(await take(client(`${server.baseUrl}/\${stream}/locks/`))).toMatchObject({ kind: 'granted' });
  });

  it('B34: is lent by a server that insists on the content type and the protocol header', async () => {
    const server = await serve({ strict: true });
    expect(await take(client(server.baseUrl))).toMatchObject({ kind: 'granted' });
    await giveBack(client(server.baseUrl));
    // The server does insist.
    const body = JSON.stringify({ client_params: { id: NODE_ID, group: 'workers' } });
    const bare = await fetch(`${server.baseUrl}/v1/pre-reboot`, {
      method: 'POST',
      body,
      headers: { 'fleet-lock-protocol': 'true' },
    });
    expect(bare.status).toBe(415);
    const headless = await fetch(`${server.baseUrl}/v1/pre-reboot`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(headless.status).toBe(400);
  });
});

describe('a server in trouble', () => {
  it.each<[string, LockFault, string, string]>([
    [
      'without a store',
      {
        kind: 'status',
        status: 503,
        remaining: 1,
        body: '{"kind":"failed_sem_init","value":"etcd is away"}',
      },
      'fleet_lock_unavailable',
      'failed_sem_init',
    ],
    [
      'behind a broken proxy',
      { kind: 'status', status: 502, remaining: 1, body: '<html>Bad Gateway</html>' },
      'fleet_lock_unavailable',
      'generic_http_502',
    ],
    [
      'that talks nonsense',
      { kind: 'garbage', remaining: 1 },
      'fleet_lock_unreachable',
      'client_failed_request',
    ],
    ['that cuts the line', { kind: 'lost', remaining: 1 }, 'fleet_lock_unreachable', 'client_failed_request'],
  ])('%s is an error, and forgotten once it is well', async (_, fault, kind, label) => {
    const server = await serve();
    server.addFault(fault);
    const asking = client(server.baseUrl);
    expect(await unsure(take(asking))).toMatchObject({ kind });
    expect(await take(asking)).toMatchObject({ kind: 'granted' });
    expect(asking.heard).toEqual([
      'requested pre-reboot',
      `failed pre-reboot ${label}`,
      'requested pre-reboot',
    ]);
  });

  it('that is not there', async () => {
    const error = await failure(take(client(`http://127.0.0.1:${await freePort()}`)));
    expect(error.kind).toBe('fleet_lock_unreachable');
    expect(error.message).toMatch(/^cannot take a reboot slot: cannot POST http:\S+: connection refused/);
  });

  it('B14: that never answers costs no more than timeout_secs, and nothing is left of it', async () => {
    const server = await serve();
    server.addFault({ kind: 'hang', remaining: 2 });
    const asking = client(server.baseUrl, { settings: { timeoutMs: 300 } });
    const triedMs = await waitedMs(async () => {
      expect((await unsure(take(asking))).message).toContain('the answer must be complete within 0.3 s');
      expect((await failure(giveBack(asking))).kind).toBe('fleet_lock_unreachable');
    });
    expect(triedMs).toBeLessThan(5000);
    expect(await take(client(server.baseUrl))).toMatchObject({ kind: 'granted' });
  });

  it('is left at once when the agent ends', async () => {
    const server = await serve();
    server.addFault({ kind: 'hang', remaining: 1 });
    const life = new AbortController();
    const asking = take(client(server.baseUrl), life.signal);
    life.abort();
    await expect(asking).rejects.toMatchObject({ kind: 'cancelled' });
  });

  it('says when to come again, and is not asked before', async () => {
    const server = await serve();
    const asking = client(server.baseUrl);
    server.addFault({ kind: 'status', status: 503, retryAfterSecs: 40, remaining: 1 });
    expect(await take(asking)).toMatchObject({ kind: 'may-be-held', askAgainMs: 40_000 });
    server.addFault({ kind: 'status', status: 409, retryAfterSecs: 40, remaining: 1 });
    const askedAt = Date.now();
    const answer = await take(asking);
    const untilAt = answer.kind === 'refused' ? (answer.untilAt ?? 0) : 0;
    expect(untilAt).toBeGreaterThanOrEqual(askedAt + 40_000);
    await take(asking);
    expect(server.requests).toHaveLength(2);
  });
});

describe('a redirect', () => {
  async function recorder(): Promise<{
    readonly url: string;
    readonly seen: { method: string; path: string; headers: IncomingHttpHeaders; body: string }[];
  }> {
    const loopback = new Loopback();
    onTestFinished(() => loopback.stop());
    const seen: { method: string; path: string; headers: IncomingHttpHeaders; body: string }[] = [];
    const { url } = await loopback.http((request, reply) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
        reply.end();
      });
    });
    return { url, seen };
  }

  it.each([307, 308])('with %i stays a POST with its body, and leaves the token behind', async (status) => {
    const server = await serve();
    const { url, seen } = await recorder();
    server.addFault({ kind: 'redirect', status, location: `${url}/elsewhere`, remaining: 1 });
    const bearerFile = await secretFile('/etc/token', TOKEN);
    expect(await take(client(server.baseUrl, { settings: { bearerFile } }))).toMatchObject({
      kind: 'granted',
    });
    expect(seen).toHaveLength(1);
    const [{ method, path, headers, body }] = seen as [(typeof seen)[number]];
    expect([method, path]).toEqual(['POST', '/elsewhere']);
    expect(JSON.parse(body)).toEqual({ client_params: { id: NODE_ID, group: 'workers' } });
    expect(headers).toMatchObject({ 'fleet-lock-protocol': 'true' });
    expect(headers['content-type']).toBeUndefined();
    expect(headers.authorization).toBeUndefined();
  });

  it.each([301, 302, 303])('with %i would make it a GET, and is refused', async (status) => {
    const server = await serve();
    const { url, seen } = await recorder();
    server.addFault({ kind: 'redirect', status, location: url, remaining: 1 });
    const error = await failure(take(client(server.baseUrl)));
    expect([error.kind, error.label]).toEqual(['fleet_lock_refused', 'client_failed_request']);
    expect(error.message).toContain(`a POST must be redirected with status 307 or 308, got ${status}`);
    expect(seen).toEqual([]);
  });

  it('to the same server takes the token along', async () => {
    const server = await serve({ bearer: TOKEN });
    server.addFault({ kind: 'redirect', status: 307, location: '/x/v1/pre-reboot', remaining: 1 });
    const bearerFile = await secretFile('/etc/token', TOKEN);
    expect(await take(client(server.baseUrl, { settings: { bearerFile } }))).toMatchObject({
      kind: 'granted',
    });
  });
});

describe('a token', () => {
  it('is asked for, given, and read again when the file changes', async () => {
    const server = await serve({ bearer: TOKEN });
    expect(await failure(take(client(server.baseUrl)))).toMatchObject({
      kind: 'fleet_lock_unauthorized',
      label: 'unauthorized',
    });
    const bearerFile = await secretFile('/etc/token', 'not-yet\n');
    const asking = client(server.baseUrl, { settings: { bearerFile } });
    expect((await failure(take(asking))).kind).toBe('fleet_lock_unauthorized');
    await host.write(bearerFile, `  ${TOKEN}\r\n`);
    expect(await take(asking)).toMatchObject({ kind: 'granted' });
    await giveBack(asking);
  });

  it('may lie behind symbolic links, absolute ones included', async () => {
    const server = await serve({ bearer: TOKEN });
    await secretFile('/run/secrets/..data/token', TOKEN);
    await host.link('/run/secrets/token', '..data/token');
    await host.link('/etc/token', '/run/secrets/token');
    const asking = client(server.baseUrl, { settings: { bearerFile: '/etc/token' } });
    expect(await take(asking)).toMatchObject({ kind: 'granted' });
  });

  it.each<[string, string | undefined, number, string]>([
    [
      'readable by others',
      TOKEN,
      0o644,
      'not be readable by others nor writable by its group, got mode 0644',
    ],
    [
      'executable by others',
      TOKEN,
      0o601,
      'not be readable by others nor writable by its group, got mode 0601',
    ],
    [
      'writable by the group',
      TOKEN,
      0o660,
      'not be readable by others nor writable by its group, got mode 0660',
    ],
    ['of two lines', `${TOKEN}\nsecond`, 0o600, 'have one line, got several'],
    ['with a blank', `${TOKEN} more`, 0o600, 'hold visible ASCII characters only'],
    ['with a control character', `${TOKEN}\x01x`, 0o600, 'hold visible ASCII characters only'],
    ['that is empty', ' \n', 0o600, 'hold a token, got an empty file'],
    ['that is too long', 'x'.repeat(4097), 0o600, 'be at most 4096 bytes long'],
    ['that is not there', undefined, 0, 'exist'],
  ])('in a file %s is not sent; the error names the file', async (_, text, mode, expected) => {
    const server = await serve();
    if (text !== undefined) {
      await host.write('/etc/token', text);
      await chmod(host.at('/etc/token'), mode);
    }
    const error = await failure(take(client(server.baseUrl, { settings: { bearerFile: '/etc/token' } })));
    expect([error.kind, error.label]).toEqual(['fleet_lock_credentials', 'client_failed_build']);
    expect(error.message).toContain(`updates.fleet_lock.bearer_file: /etc/token must ${expected}`);
    expect(error.message).toMatch(/^cannot take a reboot slot: /);
    expect(inspect(error, { depth: 9 })).not.toContain('tok-6f');
    expect(server.requests).toEqual([]);
  });

  it('is not read from a FIFO or a directory, and neither blocks', async () => {
    execFileSync('mkfifo', ['-m', '600', host.at('/fifo')]);
    await host.directory('/etc/token.d');
    for (const bearerFile of ['/fifo', '/etc/token.d']) {
      const asking = client('http://127.0.0.1:1', { settings: { bearerFile } });
      expect((await failure(take(asking))).message).toContain(
        `${bearerFile} must be a regular file, got something else`,
      );
    }
  });

  it('never comes back in a reason, an error, its causes or a metric', async () => {
    const bearerFile = await secretFile('/etc/token', TOKEN);
    const faults: LockFault[] = [
      { kind: 'echo', remaining: 1 },
      {
        kind: 'status',
        status: 409,
        remaining: 1,
        body: JSON.stringify({ kind: TOKEN, value: `I know ${TOKEN}` }),
      },
      { kind: 'status', status: 400, remaining: 1, body: JSON.stringify({ kind: TOKEN, value: TOKEN }) },
      { kind: 'redirect', status: 302, location: `http://127.0.0.1:1/${TOKEN}`, remaining: 1 },
      { kind: 'redirect', status: 307, location: `ftp://h/${TOKEN}`, remaining: 1 },
      { kind: 'redirect', status: 307, location: `http://127.0.0.1:1/${TOKEN}`, remaining: 1 },
      { kind: 'garbage', remaining: 1 },
      { kind: 'lost', remaining: 1 },
      { kind: 'hang', remaining: 1 },
    ];
    const server = await serve({ bearer: 'another' });
    const asking = client(server.baseUrl, { settings: { bearerFile, timeoutMs: 300 } });
    const said: string[] = [];
    for (const fault of [...faults, undefined]) {
      if (fault !== undefined) {
        server.addFault(fault);
      }
      const outcome: unknown = await take(asking).catch((error: unknown) => error);
      said.push(inspect(outcome, { depth: 20, showHidden: true, maxStringLength: null }));
    }
    expect(said.length).toBe(faults.length + 1);
    expect(said.join('\n')).toContain('***');
    expect([...said, ...asking.heard].join('\n')).not.toMatch(/6f1ed002ab55/);
  });
});

describe('TLS', () => {
  let ours: TestAuthority;
  let theirs: TestAuthority;
  let server: Issued;
  let node: Issued;
  let foreign: Issued;

  beforeAll(async () => {
    ours = await TestAuthority.create('ours');
    theirs = await TestAuthority.create('theirs');
    [server, node, foreign] = [
      await ours.issue('IP:127.0.0.1'),
      await ours.issue('DNS:node'),
      await theirs.issue('DNS:node'),
    ];
    return async () => {
      await ours[Symbol.asyncDispose]();
      await theirs[Symbol.asyncDispose]();
    };
  });

  const PATHS = { caFile: '/etc/ca.pem', clientCertFile: '/etc/node.pem', clientKeyFile: '/etc/node.key' };

  async function install(ca: string, issued: Issued): Promise<void> {
    await host.write(PATHS.caFile, ca);
    await host.write(PATHS.clientCertFile, issued.cert);
    await secretFile(PATHS.clientKeyFile, issued.key);
  }

  function secured(clientCa?: string): Promise<LockServer> {
    return serve({ tls: { ...server, ...(clientCa !== undefined && { clientCa }) } });
  }

  it('with an authority that nobody knows is refused', async () => {
    const { baseUrl, requests } = await secured();
    const error = await failure(take(client(baseUrl)));
    expect([error.kind, error.label]).toEqual(['fleet_lock_unreachable', 'client_failed_request']);
    expect(error.message).toContain('certificate was issued by an unknown authority');
    await host.write(PATHS.caFile, theirs.cert);
    expect((await failure(take(client(baseUrl, { settings: { caFile: PATHS.caFile } })))).message).toContain(
      'certificate was issued by an unknown authority',
    );
    expect(requests).toEqual([]);
  });

  it('with ca_file trusts that authority', async () => {
    const { baseUrl } = await secured();
    await host.write(PATHS.caFile, ours.cert);
    expect(await take(client(baseUrl, { settings: { caFile: PATHS.caFile } }))).toMatchObject({
      kind: 'granted',
    });
  });

  it('is checked against the name of the server', async () => {
    const elsewhere = await ours.issue('DNS:lock.example.com');
    const { baseUrl } = await serve({ tls: elsewhere });
    await host.write(PATHS.caFile, ours.cert);
    expect((await failure(take(client(baseUrl, { settings: { caFile: PATHS.caFile } })))).message).toContain(
      'the certificate is for another host',
    );
  });

  it('proves who the node is, to a server that insists on it', async () => {
    const { baseUrl, requests } = await secured(ours.cert);
    await install(ours.cert, node);
    expect(await take(client(baseUrl, { settings: PATHS }))).toMatchObject({ kind: 'granted' });
    await host.write(PATHS.caFile, ours.cert);
    const bare = await unsure(take(client(baseUrl, { settings: { caFile: PATHS.caFile } })));
    expect(bare.kind).toBe('fleet_lock_unreachable');
    await install(ours.cert, foreign);
    expect((await unsure(take(client(baseUrl, { settings: PATHS })))).kind).toBe('fleet_lock_unreachable');
    expect(requests).toHaveLength(1);
  });

  it('is between the node and the server, also through a proxy', async () => {
    const { baseUrl } = await secured(ours.cert);
    await install(ours.cert, node);
    const loopback = new Loopback();
    onTestFinished(() => loopback.stop());
    const seen: string[] = [];
    const proxy = await loopback.proxy(seen);
    const asking = client(baseUrl, { settings: PATHS, env: { https_proxy: proxy.url } });
    expect(await take(asking)).toMatchObject({ kind: 'granted' });
    expect(seen).toEqual([`CONNECT ${new URL(baseUrl).host}`]);
  });

  it('takes new certificates without a restart, and lets go of connections made with the old ones', async () => {
    const { baseUrl } = await secured(ours.cert);
    await install(ours.cert, foreign);
    const asking = client(baseUrl, { settings: PATHS });
    expect((await unsure(take(asking))).kind).toBe('fleet_lock_unreachable');
    await install(ours.cert, node);
    expect(await take(asking)).toMatchObject({ kind: 'granted' });
    await install(theirs.cert, node);
    expect((await failure(take(asking))).message).toContain('unknown authority');
    await install(`${theirs.cert}\n${ours.cert}`, node);
    await giveBack(asking);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['a missing file', () => rm(host.at('/etc/ca.pem')), 'ca_file: /etc/ca.pem must exist'],
    [
      'no certificate',
      () => host.write('/etc/ca.pem', 'hello'),
      'ca_file: /etc/ca.pem must hold a PEM certificate, got none',
    ],
    [
      'a broken certificate',
      () => host.write('/etc/ca.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
      'ca_file: /etc/ca.pem must hold PEM certificates, got a broken one (number 1)',
    ],
    [
      'a key of somebody else',
      () => secretFile('/etc/node.key', foreign.key),
      'client_key_file: /etc/node.key must hold an unencrypted PEM key that belongs to /etc/node.pem',
    ],
    [
      'a key that everybody can read',
      () => chmod(host.at('/etc/node.key'), 0o644),
      'client_key_file: /etc/node.key must not be readable by others',
    ],
  ])('with %s says so, and sends nothing', async (_, spoil, expected) => {
    const { baseUrl, requests } = await secured();
    await install(ours.cert, node);
    await spoil();
    const error = await failure(take(client(baseUrl, { settings: PATHS })));
    expect([error.kind, error.label]).toEqual(['fleet_lock_credentials', 'client_failed_build']);
    expect(error.message).toContain(`updates.fleet_lock.${expected}`);
    expect(inspect(error, { depth: 20 })).not.toContain('PRIVATE KEY');
    expect(requests).toEqual([]);
  });
});
