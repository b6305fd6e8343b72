/**
 * Permissions by a real polkit. The agent is an unprivileged user who asks about others, as on a host: root would be
 * answered in any case.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { nameHasOwner } from '../../src/dbus/calls.ts';
import { SERVICE_NAME } from '../../src/service/experimental.ts';
import { AGENT_INTERFACE, AGENT_PATH } from '../../src/service/names.ts';
import { HostBus } from '../support/host-bus.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
/** Stands in for user zincati, which a machine with tests need not have. */
const AGENT = { name: 'nobody', uid: 65_534 };
const PERSON = 1;
const POLKIT = 'org.freedesktop.PolicyKit1';
/** In a mount namespace of its own, since polkit has no option for the place of its actions. */
const START_POLKIT =
  'mount --bind "$0" /usr/share/polkit-1/actions && exec /usr/lib/polkit-1/polkitd --no-debug';

const policy = readFileSync(join(ROOT, 'systemd/org.coreos.zincati.policy'), 'utf8');
const owned = policy.replaceAll('unix-user:zincati', `unix-user:${AGENT.name}`);

let host: HostBus;
let children: ChildProcess[];

beforeEach(async () => {
  children = [];
  host = await HostBus.start({ daemon: 'dbus-daemon', systemd: 'none', activatable: {} });
  chmodSync(host.root, 0o755);
  chmodSync(join(host.root, 'bus.sock'), 0o666);
});
afterEach(async () => {
  for (const child of children) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await host[Symbol.asyncDispose]();
});

async function startPolkit(actions: string): Promise<void> {
  const folder = join(host.root, 'actions');
  mkdirSync(folder, { mode: 0o755 });
  writeFileSync(join(folder, 'org.coreos.zincati.policy'), actions, { mode: 0o644 });
  const link = await host.bus.link(new AbortController().signal);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  link.onSignal({ interface: 'org.freedesktop.DBus', member: 'NameOwnerChanged' }, ({ body }) => {
    if (body[0] === POLKIT && body[2] !== '') {
      resolve(undefined);
    }
  });
  await link.addMatch(`type='signal',member='NameOwnerChanged',arg0='${POLKIT}'`);
  children.push(
    spawn('unshare', ['--mount', 'sh', '-c', START_POLKIT, folder], {
      stdio: 'ignore',
      env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: host.address },
    }),
  );
  await promise;
  expect(await nameHasOwner(link, POLKIT)).toBe(true);
}

/** The lines that it prints. */
async function startAgent(): Promise<AsyncIterator<string>> {
  const child = spawn(process.execPath, [join(ROOT, 'test/support/serve-agent.ts'), host.address], {
    uid: AGENT.uid,
    gid: AGENT.uid,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect(await lines.next()).toEqual({ done: false, value: 'ready' });
  return lines;
}

async function call(uid: number, method: string, ...args: readonly string[]): Promise<string> {
  const where = ['--address', host.address, '--dest', SERVICE_NAME, '--object-path', AGENT_PATH];
  const all = ['call', ...where, '--method', `${AGENT_INTERFACE}.${method}`, ...args];
  return (await run('gdbus', all, { uid, gid: uid })).stdout;
}

// Several users take root.
describe.runIf(process.getuid?.() === 0)('an agent that is not root', () => {
  it('lets everybody check, and others act as polkit says', async () => {
    await startPolkit(owned);
    const lines = await startAgent();
    expect(await call(PERSON, 'Check', '{}')).toContain('/org/coreos/zincati/job/1');
    expect(await lines.next()).toMatchObject({ value: `asked check ${PERSON}` });
    await expect(call(PERSON, 'Discard', '{}')).rejects.toThrow(
      /InteractiveAuthorizationRequired: a password is needed .*`sudo zincati discard`/,
    );
    // Nobody is there to ask for a password.
    await expect(call(PERSON, 'Discard', "{'interactive': <true>}")).rejects.toThrow(
      'AccessDenied: not allowed',
    );
    await call(0, 'Discard', '{}');
    expect(await lines.next()).toMatchObject({ value: 'asked discard 0' });
  });

  it('is answered about nobody unless it owns the actions', async () => {
    await startPolkit(policy.replaceAll(/ *<annotate .*\n/g, ''));
    await startAgent();
    await expect(call(PERSON, 'Check', '{}')).rejects.toThrow('AccessDenied: only root may');
  });

  it('lets root alone act where polkit does not know the actions', async () => {
    await startPolkit('<?xml version="1.0"?><policyconfig/>');
    const lines = await startAgent();
    await expect(call(PERSON, 'Check', '{}')).rejects.toThrow(
      'AccessDenied: only root may, since polkit does not know org.coreos.zincati.check; run `sudo zincati check`',
    );
    await call(0, 'Check', '{}');
    expect(await lines.next()).toMatchObject({ value: 'asked check 0' });
  });
});
